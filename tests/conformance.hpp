// One venue's folder put through its paces without a socket: the venue's own client talks to the venue's own
// server, behind which stands a simulated exchange, and the core's books listen. The test owns the wires and
// the clock: it can lose, delay, spoil and refuse messages.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.hpp"
#include "core/books/book_set.hpp"
#include "sim/exchange.hpp"
#include "venues/client.hpp"
#include "venues/server.hpp"

namespace ats::conformance {

// The venues that are simulated, by name: what the suites are instantiated with.
std::vector<std::string> venues_to_test();
std::vector<std::string> venues_with_checksums();
std::vector<std::string> venues_with_amends();

class Desk final : private EventSink,
                   private venues::Outbox,
                   private venues::ServerOutbox,
                   private sim::ExchangeListener {
 public:
  // `secret`: instead of the account's own.
  explicit Desk(const std::string& venue, const std::string& secret = {});
  ~Desk();

  // Opens both channels; false when one is not ready after ten seconds of exchange time.
  bool open();
  void open(Channel channel);
  void close(Channel channel);
  // Time goes on for both sides, in steps of 50 ms, and whatever has been said is delivered.
  void pass(Duration time);
  // Delivers until nobody has anything to say.
  void pump();

  venues::Client& client() { return *client_; }
  venues::Outbox& outbox() { return *this; }
  venues::Now now() const;
  const venues::Protocol& protocol() const { return *protocol_; }
  const BookRules& rules() const { return protocol_->rules; }
  sim::Exchange& exchange() { return *exchange_; }
  sim::AccountId account() const { return account_; }
  venues::Server& server() { return *server_; }

  // The two instruments, as the exchange lists them and as the client read them.
  const Instrument& listed(std::size_t n) const;
  const Instrument& ours(std::size_t n) const;
  std::size_t count() const { return listed_.size(); }
  const Universe& our_universe() const { return universe_; }

  // --- the exchange's books ---
  // Fresh books of twenty levels a side around the reference price.
  void make_books();
  // Some levels of one book change, as in life.
  void stir(std::size_t n, Rng& rng);
  // Ours, as deep as the rules keep it, against the exchange's; empty when they are the same.
  std::string difference(std::size_t n) const;
  BookState book_state(std::size_t n) const;
  bool book_valid(std::size_t n) const;  // to price from, now
  BookStatus book_status(std::size_t n) const;

  // --- orders ---
  // An order of about `worth` units of the quote asset at `price`, with the next OrderId.
  OrderRequest order(std::size_t n, Side side, Price price, int worth, TimeInForce tif);
  // That order, which stands, at other terms, as risk would have approved them.
  Amend amend(const OrderRequest& order, const OrderTerms& terms, const VenueOrderId& id) const;
  // A price of the client's `steps` ticks away from the best of that side of the exchange's book.
  Price price_at(std::size_t n, Side side, int steps) const;
  // What reached the exchange from our account; the newest, null when there is none.
  std::size_t orders_at_exchange() const;
  const venues::VenueOrder* newest_order() const;
  std::vector<venues::VenueFill> newest_fills() const;

  // --- what the client told ---
  std::vector<Event> events;
  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const Event& event : events) {
      if (const E* e = std::get_if<E>(&event)) found.push_back(*e);
    }
    return found;
  }
  template <class E>
  std::vector<E> of(OrderId id) const {
    std::vector<E> found;
    for (const E& e : all<E>()) {
      if (order_of(e) == id) found.push_back(e);
    }
    return found;
  }
  std::vector<std::string> reconnects;  // why the client wanted one

  // --- what happens on the wires ---
  // Market frames from the server pass through it; nothing: the frame is lost.
  std::function<std::optional<std::string>(std::string)> on_market_frame;
  // Whatever passes, as the one who gets it sees it.
  std::function<void(Channel, std::string_view)> overhear_to_client;
  std::function<void(Channel, std::string_view)> overhear_to_server;
  std::function<void(const HttpRequest&)> overhear_request;
  // Answers to REST requests pass through it.
  std::function<HttpResponse(HttpResponse)> on_answer;
  // Says what the other side never said, and delivers what comes of it. The bytes are the frame's own: one read
  // past its end is a fault that sanitizers find.
  venues::FrameOutcome tell_client(Channel channel, std::string_view frame);
  void tell_server(Channel channel, std::string_view frame);
  bool is_open(Channel channel) const { return lines_[static_cast<std::size_t>(channel)].open; }
  // Answers instead of the server: to an order over WebSocket or any REST request.
  std::optional<venues::Refusal> refusing;
  // What the client sends for an order is carried out or not, and its answers are lost.
  bool deaf = false;
  // The market connection stands and brings nothing any more, not even pongs.
  bool market_dead = false;
  std::uint64_t market_frames = 0;
  std::uint64_t rest_requests = 0;

 private:
  template <class E>
  static OrderId order_of(const E& e) {
    if constexpr (requires { e.fill; }) {
      return e.fill.order;
    } else {
      return e.order;
    }
  }

  void on(const Event& event) override;
  void send_text(Channel channel, std::string_view frame) override;
  void send_rest(venues::RestTag tag, const HttpRequest& request, Duration timeout) override;
  void reconnect(Channel channel, std::string_view why) override;
  void send_text(venues::SessionId session, std::string_view frame) override;
  void send_binary(venues::SessionId session, std::string_view frame) override;
  void close(venues::SessionId session, int code, std::string_view reason) override;
  void on_book(const venues::BookChange& change) override;
  void on_trade(const venues::PublicTrade& trade) override;
  void on_order(const venues::OrderUpdate& update) override;
  void on_balance(sim::AccountId account, const venues::VenueBalance& balance) override;

  void read_metadata();
  void tell_news();
  void tell_ready();
  // Where pongs are the venue's heartbeats: as often as pings are sent.
  void tell_pong();
  void carry_out();
  void lose(Channel channel);
  bool deliver_one();
  std::string path_of(Channel channel) const;
  venues::SessionId session_of(Channel channel) const;

  const venues::Protocol* protocol_;
  Universe exchange_universe_;
  Universe universe_;
  VenueId venue_;
  std::vector<InstrumentId> listed_;
  std::vector<InstrumentId> ours_;
  Instant instant_{seconds(1'000'000).ns};
  WallTime wall_ = wall_from_ms(1'790'000'000'000);
  std::unique_ptr<sim::Exchange> exchange_;
  sim::AccountId account_;
  std::unique_ptr<venues::Server> server_;
  std::unique_ptr<venues::Client> client_;
  std::optional<core::BookSet> books_;
  Actions actions_;

  struct Line {
    bool open = false;
    bool up = false;
    std::uint64_t session = 0;
    std::optional<Instant> again_at;  // lost: when it is opened anew
  };
  Line lines_[2];
  Instant pinged_{};
  std::uint64_t sessions_ = 0;
  std::deque<std::pair<Channel, std::string>> to_server_;
  std::deque<std::pair<venues::SessionId, std::string>> to_client_;
  std::deque<std::pair<venues::RestTag, HttpRequest>> rest_;
  std::deque<std::function<void()>> news_;
  std::vector<Channel> lost_;
  std::uint32_t orders_ = 0;
};

}  // namespace ats::conformance
