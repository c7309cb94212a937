// The trading side of Binance spot, seen from us: market streams, orders over the WebSocket API or by REST,
// whichever answers sooner, the account's own stream on the WebSocket API's connection, queries and snapshots
// over REST.
//
//  - Market channel: SUBSCRIBE to each symbol's 100 ms diffs and trades; a refused or unanswered subscription is
//    a reconnect, never a silent book.
//  - Trading channel: the venue's clock is asked first, then the account stream is subscribed; orders leave only
//    after that, whichever way, so no fill can pass unheard; cancels leave by REST without it. The answer to an order and the account stream tell the same fills:
//    both are passed on, under the same FillId.
//  - What cannot be read on the trading channel may have been a fill: the connection is opened anew, which makes
//    the core ask about everything.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "venues/binance/decoder.hpp"
#include "venues/binance/dom.hpp"
#include "venues/binance/errors.hpp"
#include "venues/binance/metadata.hpp"
#include "venues/binance/rate_budget.hpp"
#include "venues/binance/requests.hpp"
#include "venues/client.hpp"
#include "venues/order_routes.hpp"

namespace ats::venues::binance {

class SpotClient final : public Client {
 public:
  explicit SpotClient(const ClientSetup& setup);

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
  SendOutcome query_order(const QueryOrder& query, const Now& now, Outbox& outbox) override;
  SendOutcome query_open_orders(const Now& now, Outbox& outbox) override;
  SendOutcome query_balances(const Now& now, Outbox& outbox) override;
  SendOutcome request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) override;
  SendOutcome resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) override;

  bool ready(Channel channel) const override {
    return channel == Channel::MarketData ? market_open_ : account_open_;
  }
  const ClientCounters& counters() const override { return counters_; }

 private:
  // --- requests on the trading channel, by their id ---
  enum class Asked : std::uint8_t { Nothing, Place, Cancel, SubscribeAccount };
  struct InFlight {
    std::uint64_t id = 0;
    Asked what = Asked::Nothing;
    bool overdue = false;  // already told as Unknown; a late answer still counts
    OrderId order;
    InstrumentId instrument;
    Instant sent;
  };
  static constexpr std::size_t in_flight_max = 256;
  // Whether one more may be unanswered. An overdue one is forgotten for it: it was told as Unknown.
  bool has_room() const;
  std::uint64_t new_request(Asked what, OrderId order, InstrumentId instrument, const Now& now);
  InFlight* find_request(std::uint64_t id);

  // --- REST calls ---
  enum class Call : std::uint8_t {
    Time,
    Depth,
    Order,
    OrderFills,
    OpenOrders,
    Account,
    Place,
    Cancel
  };
  struct RestCall {
    RestTag tag = 0;
    Call call = Call::Time;
    OrderId order;
    InstrumentId instrument;
    WallTime sent;
    Instant asked;
    OrderFound found;  // OrderFills: what is told once the fills are
  };
  SendOutcome send(RestCall call, const HttpRequest& request, RateBudget::Use use,
                   std::uint64_t weight, const Now& now, Outbox& outbox);
  SendOutcome ask_fills(const RestCall& of, const OrderFound& found, const Now& now,
                        Outbox& outbox);
  void fail(const RestCall& call, const Now& now, EventSink& sink);
  void on_error(const RestCall& call, const HttpResponse& response, const Now& now, EventSink& sink,
                Outbox& outbox);
  bool on_time(const RestCall& call, const dom::object& fields, const Now& now);
  bool on_body(const RestCall& call, std::string_view body, const Now& now, EventSink& sink,
               Outbox& outbox);
  bool on_order(const RestCall& call, const dom::object& fields, const Now& now, EventSink& sink,
                Outbox& outbox);
  bool on_fills(const RestCall& call, const dom::array& rows, const Now& now, EventSink& sink);
  bool on_open_orders(const dom::array& rows, const Now& now, EventSink& sink, Outbox& outbox);
  bool on_account(const RestCall& call, const dom::object& fields, const Now& now, EventSink& sink);
  void on_fees(const dom::object& account, EventSink& sink);
  void note_headers(const HttpResponse& response, const Now& now);

  // --- market channel ---
  void subscribe_more(const Now& now, Outbox& outbox);
  std::string streams_of(std::size_t first, std::size_t count) const;

  // --- trading channel ---
  FrameOutcome on_trading_text(std::string_view frame, const Now& now, EventSink& sink,
                               Outbox& outbox);
  FrameOutcome on_answer(const dom::object& answer, const Now& now, EventSink& sink,
                         Outbox& outbox);
  bool on_placed(const InFlight& request, const dom::object& result, const Now& now,
                 EventSink& sink);
  bool on_cancelled(const InFlight& request, const dom::object& result, const Now& now,
                    EventSink& sink);
  void on_refused(const InFlight& request, const dom::object& answer, int status, const Now& now,
                  EventSink& sink, Outbox& outbox);
  void refuse(const InFlight& request, const ErrorMeaning& meaning, std::string_view message,
              const Now& now, EventSink& sink);
  FrameOutcome on_account_event(const dom::object& event, const Now& now, EventSink& sink,
                                Outbox& outbox);
  FrameOutcome on_execution(const dom::object& event, const Now& now, EventSink& sink);
  FrameOutcome on_position(const dom::object& event, const Now& now, EventSink& sink);
  void note_limits(const dom::object& answer, const Now& now);
  void subscribe_account(const Now& now, Outbox& outbox);
  void ask_time(const Now& now, Outbox& outbox);

  // --- both ---
  const Instrument* instrument_of(std::string_view symbol) const;
  const Instrument* instrument_of(InstrumentId id) const;  // null when it is not of this venue
  // Price, quantity and fee of a fill, under the names they have in this message.
  struct FillKeys {
    std::string_view price, quantity, fee, fee_asset, id;
  };
  bool read_fill(const dom::object& from, const FillKeys& keys, const Instrument& instrument,
                 Fill& fill) const;
  // Likewise, of an order.
  struct TermsKeys {
    std::string_view price, quantity, filled;
  };
  static void tell_foreign(ForeignOrder order, const dom::object& from, const TermsKeys& keys,
                           const Instrument* instrument, Side side, EventSink& sink);
  std::int64_t venue_ms(const Now& now) const {
    return now.wall.ns_utc / 1'000'000 + clock_offset_ms_;
  }
  WallTime venue_time(const Now& now) const { return wall_from_ms(venue_ms(now)); }
  void note_budget();

  const ClientSetup setup_;
  const Universe& universe_;
  const bool may_trade_;
  Decoder decoder_;
  Symbols symbols_;
  dom::Document document_;
  Requests requests_;
  RateBudget budget_;
  ClientCounters counters_;

  bool market_open_ = false;
  std::size_t subscribed_ = 0;  // instruments asked for on this connection
  std::uint64_t subscription_id_ = 0;
  Instant last_subscription_;
  std::uint64_t unanswered_subscriptions_ = 0;

  bool trading_open_ = false;
  bool account_open_ = false;          // the account stream stands: orders may leave
  bool subscribing_ = false;           // asked for it, no answer yet
  bool subscription_refused_ = false;  // once on this connection; the second time it is given up
  std::int64_t clock_offset_ms_ = 0;
  bool clock_asked_ = false;
  Instant clock_known_;  // when the offset was last learnt
  Instant clock_tried_;
  std::uint64_t next_id_ = 1;
  std::array<InFlight, in_flight_max> in_flight_;

  Rate maker_fee_ = standard_fees().maker;  // as last told
  Rate taker_fee_ = standard_fees().taker;
  OrderRoutes routes_{setup_.order_route};
  OrderRoute route_ = OrderRoute::Stream;  // of the last order
  RestTag next_tag_ = 1;
  std::vector<RestCall> calls_;
};

}  // namespace ats::venues::binance
