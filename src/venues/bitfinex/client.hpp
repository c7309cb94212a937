// Our side of Bitfinex: market data from the public stream, orders over channel 0 of the authenticated one or by
// REST, whichever answers sooner, their fates over channel 0, questions over REST.
//
// The trading channel is ready when the venue has taken our authentication; until then nothing is placed,
// whichever way; cancels leave by REST without it.
// Every order sent ends in exactly one of: answered, OrderUnknown. A hole in the numbers of either kind makes
// every live order Unknown and connects anew. The connection is opened with the dead-man switch: when it
// drops the venue cancels every order of the account, ours or not.
// Fills are taken from `tu`, which names the fee, and never from `te`, which tells the same earlier.
// Questions about orders are asked one bundle at a time: what comes in meanwhile goes together in the next.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "venues/bitfinex/account.hpp"
#include "venues/bitfinex/auth.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/errors.hpp"
#include "venues/bitfinex/order_table.hpp"
#include "venues/bitfinex/rate.hpp"
#include "venues/bitfinex/requests.hpp"
#include "venues/client.hpp"
#include "venues/foreign_ids.hpp"
#include "venues/order_routes.hpp"

namespace ats::venues::bitfinex {

class BitfinexClient final : public Client {
 public:
  explicit BitfinexClient(const ClientSetup& setup);

  void on_open(Channel channel, const Now& now, EventSink& sink, Outbox& outbox) override;
  void on_close(Channel channel, const Now& now, EventSink& sink) override;
  FrameOutcome on_text(Channel channel, std::string_view frame, const Now& now, EventSink& sink,
                       Outbox& outbox) override;
  void on_response(RestTag tag, const HttpResponse& response, const Now& now, EventSink& sink,
                   Outbox& outbox) override;
  void on_rest_failed(RestTag tag, TransportError error, const Now& now, EventSink& sink,
                      Outbox& outbox) override;
  void on_timer(const Now& now, EventSink& sink, Outbox& outbox) override;

  SendOutcome place(const OrderRequest& order, const Now& now, Outbox& outbox) override;
  OrderRoute route() const override { return route_; }
  SendOutcome cancel(const Cancel& cancel, const Now& now, Outbox& outbox) override;
  SendOutcome amend(const Amend& amend, const Now& now, Outbox& outbox) override;
  SendOutcome query_order(const QueryOrder& query, const Now& now, Outbox& outbox) override;
  SendOutcome query_open_orders(const Now& now, Outbox& outbox) override;
  SendOutcome query_balances(const Now& now, Outbox& outbox) override;
  SendOutcome request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) override;
  SendOutcome resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) override;

  bool ready(Channel channel) const override {
    return channel == Channel::MarketData ? market_open_ : authenticated_;
  }
  const ClientCounters& counters() const override { return counters_; }

 private:
  // --- what is under way on channel 0 ---
  struct Request {
    OrderId order;
    InstrumentId instrument;
    bool cancel = false;
    std::uint64_t client_id = 0;
    VenueOrderId venue_id;  // of a cancel that names it
    Instant sent;
    bool overdue = false;   // was told as Unknown; kept so that a late answer is understood
    OrderTerms amend = {};  // told: an amendment, asked for
    bool place() const { return !cancel && !amend.told(); }
  };

  // --- what is under way over REST ---
  enum class Question : std::uint8_t {
    Wallets,
    Open,     // r/orders
    History,  // r/orders/hist: those that are not open
    Trades,   // r/order/…/trades of one that was found
    // Not questions, but answered like them; they share the stream's budget.
    Place,
    Cancel,
    Amend,
  };
  static constexpr std::size_t questions = 7;
  struct Inquiry {  // the core wants to know where an order stands
    OrderId id;
    InstrumentId instrument;
    VenueOrderId venue_id;
  };
  struct FoundOrder {
    OrderId id;
    InstrumentId instrument;
    VenueOrderId venue_id;
    OrderState state = OrderState::Acked;
    Quantity filled;
    OrderTerms terms;
    Instant asked;
    bool fills_told = false;
  };
  struct RestCall {
    RestTag tag = 0;
    Question question = Question::Wallets;
    bool all_open = false;   // part of the answer to QueryOpenOrders
    bool deep = false;       // History: as far back as one answer goes
    bool exhausted = false;  // History: there are no more than were told
    bool again = false;      // was sent a second time, with a higher nonce
    std::string path;
    std::string body;
    std::vector<Inquiry> about;     // not found yet
    std::vector<FoundOrder> found;  // told when their fills have been
    Instant asked;
    Request request;  // Place, Cancel, Amend
    bool of_order() const { return question >= Question::Place; }
  };

  // client_stream.cpp
  FrameOutcome on_market(std::string_view frame, const Now& now, EventSink& sink, Outbox& outbox);
  FrameOutcome on_trading(std::string_view frame, const Now& now, EventSink& sink, Outbox& outbox);
  FrameOutcome on_trading_event(const Now& now, EventSink& sink, Outbox& outbox);
  FrameOutcome on_account(std::string_view code, std::string_view data, const Now& now,
                          EventSink& sink);
  bool count(const Row& row, bool heartbeat);
  FrameOutcome on_authentication(json::object& root, const Now& now, EventSink& sink);
  FrameOutcome on_notification(const Now& now, EventSink& sink);
  FrameOutcome on_order(std::string_view code, const Row& row, const Now& now, EventSink& sink);
  FrameOutcome on_fill(const Now& now, EventSink& sink);
  FrameOutcome on_wallet(const Row& row, const Now& now, EventSink& sink);
  void look_at_terms(TrackedOrder& order, const OrderEntry& entry, Quantity amount, const Now& now,
                     EventSink& sink);
  void on_told(const Request& request, const Notification& told, const Now& now, EventSink& sink);
  TrackedOrder* order_of(const OrderEntry& entry);
  void acknowledge(TrackedOrder& order, std::string_view venue_id, WallTime time, const Now& now,
                   EventSink& sink);
  void tell_live_unknown(const Now& now, EventSink& sink);
  void lose_track(std::string_view why, const Now& now, EventSink& sink, Outbox& outbox);
  void authenticate(const Now& now, Outbox& outbox);
  void subscribe_market(Outbox& outbox);
  void subscribe_trades(Outbox& outbox);
  void subscribe_book(InstrumentId instrument, Outbox& outbox);
  Decimal held(AssetId asset);

  // client_rest.cpp
  bool ask(RestCall call, const Now& now, Outbox& outbox);
  SendOutcome give(const Request& request, std::string_view body, const Now& now, Outbox& outbox);
  void start_inquiry(const Now& now, Outbox& outbox);
  void go_on(RestCall call, const Now& now, EventSink& sink, Outbox& outbox);
  void failed(const RestCall& call, const Now& now, EventSink& sink);
  void refused(RestCall call, std::int64_t code, std::string_view text, const Now& now,
               EventSink& sink, Outbox& outbox);
  bool answered(RestCall& call, const Now& now, EventSink& sink, Outbox& outbox);
  bool on_wallets(const RestCall& call, const Now& now, EventSink& sink);
  bool on_orders(RestCall& call, EventSink& sink);
  bool on_trades(RestCall& call, const Now& now, EventSink& sink);
  bool take_order(RestCall& call, const OrderEntry& entry, EventSink& sink);
  void tell_foreign(const OrderEntry& entry, bool open, EventSink& sink) const;

  Times times(WallTime venue, const Now& now) const { return {venue, now.instant}; }
  void count_rate(const Budget& budget);

  const ClientSetup setup_;
  const Universe& universe_;
  const std::uint16_t length_;  // of the books subscribed to
  Decoder decoder_;
  Symbols symbols_;
  Json json_;
  Row frame_row_, rows_, row_;
  Requests requests_;
  std::optional<Auth> auth_;
  OrderTable orders_;
  ForeignIds foreign_;
  std::vector<Request> pending_;
  std::vector<RestCall> calls_;
  std::vector<Inquiry> inquiries_;  // wait for the one under way, and for budget
  Budget order_budget_ = order_budget();
  struct Endpoint {
    Budget budget = rest_budget();
    Instant shut_until;
  };
  std::array<Endpoint, questions> endpoints_;
  OrderRoutes routes_{setup_.order_route};
  OrderRoute route_ = OrderRoute::Stream;  // of the last order
  RestTag next_tag_ = 0;
  std::uint64_t next_ping_ = 0;
  bool market_open_ = false;
  bool trading_open_ = false;
  bool authenticated_ = false;
  std::optional<Instant> auth_sent_;  // and not answered yet
  std::optional<Instant> auth_due_;   // try again
  std::optional<Instant> open_orders_due_;
  std::uint64_t public_sequence_ = 0;   // of the trading connection; 0: take what comes
  std::uint64_t account_sequence_ = 0;  // of channel 0
  Instant pinged_;
  ClientCounters counters_;
};

std::unique_ptr<Client> make_client(const ClientSetup& setup);

}  // namespace ats::venues::bitfinex
