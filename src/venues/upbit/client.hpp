// Our side of Upbit: market data from the public stream, what becomes of our orders from the private one,
// orders and questions over REST.
//
//  - Neither stream acknowledges a subscription. The keep-alive is asked for right behind it, and answered in
//    its turn: the trading channel is ready when the private stream has answered, and nothing is placed before.
//  - Every order sent ends in exactly one of: acknowledged, OrderRejected, OrderUnknown, OrderNotSent. What
//    the venue did with it then comes over the private stream, or as the answer to a question.
//  - The private stream has no sequence: a message that cannot be read, and a connection that was lost, make
//    every live order Unknown.
//  - The nonce of a token is made from the key, the wall clock and a count.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "venues/client.hpp"
#include "venues/order_table.hpp"
#include "venues/upbit/account.hpp"
#include "venues/upbit/auth.hpp"
#include "venues/upbit/decoder.hpp"
#include "venues/upbit/errors.hpp"
#include "venues/upbit/rate.hpp"

namespace ats::venues::upbit {

class UpbitClient final : public Client {
 public:
  explicit UpbitClient(const ClientSetup& setup);

  std::vector<HttpHeader> handshake_headers(Channel channel, const Now& now) override;
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
  OrderRoute route() const override { return OrderRoute::Rest; }
  SendOutcome cancel(const Cancel& cancel, const Now& now, Outbox& outbox) override;
  SendOutcome query_order(const QueryOrder& query, const Now& now, Outbox& outbox) override;
  SendOutcome query_open_orders(const Now& now, Outbox& outbox) override;
  SendOutcome query_balances(const Now& now, Outbox& outbox) override;
  SendOutcome request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) override;
  SendOutcome resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) override;

  bool ready(Channel channel) const override {
    return channel == Channel::MarketData ? market_.open : trading_.open && trading_.answered;
  }
  const ClientCounters& counters() const override { return counters_; }

 private:
  struct Stream {
    bool open = false;
    bool answered = false;  // the keep-alive was, and with it what was asked before
    Instant asked;          // for what it brings, the last time
    Instant pinged;
  };

  enum class Question : std::uint8_t {
    Place,
    Cancel,
    Order,       // of one the core wants to know of
    OpenOrders,  // a page of them
    OpenOrder,   // of one that was among them and has fills
    Balances,
    Book,
  };
  struct RestCall {
    RestTag tag = 0;
    Question question = Question::Place;
    OrderId order;
    InstrumentId instrument;
    int page = 1;
    std::uint32_t ours = 0;  // OpenOrders: on the pages before
    Instant asked;
  };

  // client_stream.cpp
  void subscribe_market(const Now& now, Outbox& outbox);
  FrameOutcome on_trading(std::string_view frame, const Now& now, EventSink& sink, Outbox& outbox);
  FrameOutcome take_my_order(json::object& object, const Now& now, EventSink& sink);
  FrameOutcome take_my_asset(json::object& object, const Now& now, EventSink& sink);
  bool take_fill(TrackedOrder& order, const MyOrder& told, const Now& now, EventSink& sink);
  bool take_foreign(const MyOrder& told, const Now& now, EventSink& sink);
  bool read_fill(const TrackedOrder& order, const MyOrder& told, Fill& fill) const;
  void set_terms(ForeignOrder& order, InstrumentId instrument, Side side,
                 const std::optional<Decimal>& limit, const std::optional<Decimal>& volume,
                 Decimal executed) const;
  TrackedOrder* order_of(const MyOrder& told);
  void tell_live_unknown(const Now& now, EventSink& sink);

  // client_rest.cpp
  void send(RestCall call, std::string_view method, std::string_view path,
            const Parameters& parameters, const Now& now, Outbox& outbox);
  bool ask_open_orders(int page, std::uint32_t ours, const Now& now, Outbox& outbox);
  void count(const HttpResponse& response, Instant now);
  void refused(const RestCall& call, int status, std::string_view body, const Now& now,
               EventSink& sink);
  void failed(const RestCall& call, TransportError error, const Now& now, EventSink& sink);
  bool answered(const RestCall& call, std::string_view body, const Now& now, EventSink& sink,
                Outbox& outbox);
  bool on_placed(const RestCall& call, json::object& root, const Now& now, EventSink& sink);
  bool on_open_orders(const RestCall& call, json::array& orders, const Now& now, EventSink& sink,
                      Outbox& outbox);
  bool on_balances(const RestCall& call, json::array& rows, const Now& now, EventSink& sink);
  bool tell_order(const RestOrder& order, OrderId id, const Now& now, EventSink& sink);
  bool tell_fills(const RestOrder& order, const TrackedOrder& tracked, const Now& now,
                  EventSink& sink);

  bool blocked(const Now& now) const { return now.instant < blocked_until_; }
  Times times(WallTime venue, const Now& now) const { return {venue, now.instant}; }
  // Volume of an order on the instrument, in its units; nothing when off its grid.
  static std::optional<Quantity> quantity_of(Decimal volume, const Instrument& instrument);

  const ClientSetup setup_;
  const Universe& universe_;
  Decoder decoder_;
  Symbols symbols_;
  Json json_;
  std::optional<Auth> auth_;
  OrderTable orders_;
  std::vector<RestCall> calls_;
  RateGroup order_rate_{order_limit};
  RateGroup default_rate_{default_limit};
  RateGroup orderbook_rate_{orderbook_limit};
  Instant blocked_until_;  // a ban
  Duration ban_{};         // its length, doubled while it is renewed
  Stream market_;
  Stream trading_;
  bool subscribe_again_ = false;            // the market's, when its time comes
  std::optional<Instant> open_orders_due_;  // ask again: the last question failed
  std::vector<OrderId> open_with_fills_;    // of the last answer, still to be asked for
  std::uint64_t tickets_ = 0;
  RestTag next_tag_ = 0;
  ClientCounters counters_;
};

std::unique_ptr<Client> make_client(const ClientSetup& setup);

}  // namespace ats::venues::upbit
