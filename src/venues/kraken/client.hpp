// Our side of Kraken: market data from the public stream, orders over the private one or by REST, whichever
// answers sooner, their fates over the private stream, questions over REST.
//
// The trading channel is ready when a token was fetched and the executions subscription stands; until
// then nothing is placed, whichever way; cancels leave by REST without it. Every order sent ends in exactly
// one of: answered, OrderUnknown. A gap in the executions' sequence makes every live order Unknown and
// subscribes anew.
// Questions about orders are asked one bundle at a time: what comes in meanwhile goes together in the
// next, so that ten Unknown orders cost what one does, and a bundle begins only when it can be paid to
// its end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "venues/client.hpp"
#include "venues/foreign_ids.hpp"
#include "venues/kraken/account.hpp"
#include "venues/kraken/auth.hpp"
#include "venues/kraken/decoder.hpp"
#include "venues/kraken/errors.hpp"
#include "venues/kraken/rate.hpp"
#include "venues/kraken/requests.hpp"
#include "venues/order_routes.hpp"
#include "venues/order_table.hpp"

namespace ats::venues::kraken {

class KrakenClient final : public Client {
 public:
  explicit KrakenClient(const ClientSetup& setup);

  void on_open(Channel channel, const Now& now, EventSink& sink, Outbox& outbox) override;
  void on_close(Channel channel, const Now& now, EventSink& sink) override;
  FrameOutcome on_text(Channel channel, std::string_view frame, const Now& now, EventSink& sink,
                       Outbox& outbox) override;
  void on_response(RestTag tag, const HttpResponse& response, const Now& now, EventSink& sink,
                   Outbox& outbox) override;
  void on_rest_failed(RestTag tag, TransportError error, const Now& now, EventSink& sink,
                      Outbox& outbox) override;
  void on_timer(const Now& now, EventSink& sink, Outbox& outbox) override;
  void on_settled(const Now& now, Outbox& outbox) override;

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
    return channel == Channel::MarketData ? market_open_ : trading_open_ && executions_stand_;
  }
  const ClientCounters& counters() const override { return counters_; }

 private:
  // --- what is under way on the streams ---
  enum class Asked : std::uint8_t { Book, Trades, Executions, Balances, Place, Cancel, Amend };
  struct Request {
    std::uint64_t req_id = 0;
    Asked asked = Asked::Place;
    OrderId order;
    InstrumentId instrument;  // Book: invalid when of all
    Instant sent;
    bool overdue = false;   // was told as Unknown; kept so that a late answer is understood
    OrderTerms terms = {};  // Amend: asked for
    bool of_order() const { return asked >= Asked::Place; }
  };

  // --- what is under way over REST ---
  enum class Question : std::uint8_t {
    Token,
    Balances,
    ById,    // QueryOrders, by the venue's ids
    Open,    // OpenOrders
    Closed,  // ClosedOrders: those that are not open
    Trades,  // QueryTrades of what was found
    // Not questions, but answered like them.
    Place,
    Cancel,
    Amend,
  };
  struct Inquiry {  // the core wants to know where an order stands
    OrderId id;
    InstrumentId instrument;
    VenueOrderId venue_id;
    bool alone = false;  // the newest closed orders do not have it: ask for it by name
  };
  struct FoundOrder {
    OrderId id;
    InstrumentId instrument;
    Side side = Side::Buy;
    VenueOrderId venue_id;
    OrderState state = OrderState::Acked;
    Quantity filled;
    OrderTerms terms;
    Instant asked;
  };
  struct RestCall {
    RestTag tag = 0;
    Question question = Question::Token;
    bool all_open = false;  // part of the answer to QueryOpenOrders
    std::string path;
    std::string fields;
    bool again = false;               // was sent a second time, with a higher nonce
    std::vector<Inquiry> about;       // not found yet
    std::vector<FoundOrder> found;    // told when their fills have been
    std::vector<std::string> trades;  // ids still to be asked for
    Instant asked;
    OrderId order;  // Place, Cancel, Amend
    InstrumentId instrument;
    OrderTerms terms;  // Amend: asked for
    bool of_order() const { return question >= Question::Place; }
  };

  // client_stream.cpp
  FrameOutcome on_market(std::string_view frame, const Now& now, EventSink& sink);
  FrameOutcome on_market_answer(const StreamAnswer& answer, const Now& now, EventSink& sink);
  FrameOutcome on_trading(std::string_view frame, const Now& now, EventSink& sink, Outbox& outbox);
  FrameOutcome on_trading_answer(const StreamAnswer& answer, const Now& now, EventSink& sink,
                                 Outbox& outbox);
  void placed(OrderId id, std::string_view venue_id, const Now& now, EventSink& sink);
  void amended(OrderId id, const OrderTerms& terms, WallTime time, const Now& now, EventSink& sink);
  // What a refusal means for the order, its cancel or its amendment; tells the reaction it calls for.
  Reaction refused(Asked asked, OrderId id, InstrumentId instrument, std::string_view error,
                   const Now& now, EventSink& sink);
  void on_subscribed(const Request& request, const StreamAnswer& answer, const Now& now,
                     EventSink& sink, Outbox& outbox);
  FrameOutcome on_account_data(json::object& root, bool executions, const Now& now, EventSink& sink,
                               Outbox& outbox);
  bool take_execution(const ExecutionEntry& entry, bool snapshot, const Now& now, EventSink& sink);
  bool take_fill(TrackedOrder& order, const ExecutionEntry& entry, const Now& now, EventSink& sink);
  bool take_foreign(const ExecutionEntry& entry, bool snapshot, const Now& now, EventSink& sink);
  bool read_fill(const TrackedOrder& order, const ExecutionEntry& entry, Fill& fill) const;
  TrackedOrder* order_of(const ExecutionEntry& entry);
  void take_balance(const BalanceEntry& entry, const Now& now, EventSink& sink);
  Decimal held(AssetId asset);
  void lose_track(const Now& now, EventSink& sink, Outbox& outbox);
  void tell_live_unknown(const Now& now, EventSink& sink);
  void subscribe_books(const Now& now, Outbox& outbox);
  void subscribe_account(const Now& now, Outbox& outbox);

  // client_rest.cpp
  bool ask(RestCall call, std::string_view path, std::string_view fields, std::int64_t cost,
           std::int64_t reserve, const Now& now, Outbox& outbox);
  void ask_token(const Now& now, Outbox& outbox);
  SendOutcome place_by_rest(const OrderRequest& order, const Now& now, Outbox& outbox);
  SendOutcome amend_by_rest(const Amend& amend, const Now& now, Outbox& outbox);
  SendOutcome cancel_by_rest(const Cancel& cancel, const Now& now, Outbox& outbox);
  void start_inquiry(const Now& now, Outbox& outbox);
  void ask_closed(RestCall call, const Now& now, EventSink& sink, Outbox& outbox);
  void ask_trades(RestCall call, const Now& now, EventSink& sink, Outbox& outbox);
  void failed(const RestCall& call, const Now& now, EventSink& sink);
  void refused(RestCall call, std::string_view error, const Now& now, EventSink& sink,
               Outbox& outbox);
  bool answered(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                Outbox& outbox);
  bool on_token(json::object& result, const Now& now, Outbox& outbox);
  bool on_balances(const RestCall& call, json::object& result, const Now& now, EventSink& sink);
  bool on_orders(RestCall& call, json::object& result, const Now& now, EventSink& sink,
                 Outbox& outbox);
  bool on_trades(RestCall& call, json::object& result, const Now& now, EventSink& sink,
                 Outbox& outbox);
  bool take_order(RestCall& call, const RestOrder& order, EventSink& sink);
  void tell_found(const RestCall& call, const Now& now, EventSink& sink);
  InstrumentId instrument_of_pair(std::string_view pair) const;

  Times times(WallTime venue, const Now& now) const { return {venue, now.instant}; }
  void count_rate(std::int64_t level, std::int64_t limit);

  const ClientSetup setup_;
  const Universe& universe_;
  const std::uint16_t depth_;
  Decoder decoder_;
  Symbols symbols_;
  Json json_;
  Requests requests_;
  std::optional<Auth> auth_;
  OrderTable orders_;
  ForeignIds foreign_;
  std::vector<Request> pending_;       // orders, cancels, private subscriptions
  std::vector<Request> market_asked_;  // public subscriptions, the newest
  std::vector<RestCall> calls_;
  std::vector<Inquiry> inquiries_;             // wait for the one under way, and for budget
  std::vector<LeakyCounter> engine_counters_;  // by instrument
  LeakyCounter rest_counter_ = rest_counter();
  Instant rest_blocked_until_;
  OrderRoutes routes_{setup_.order_route};
  OrderRoute route_ = OrderRoute::Stream;  // of the last order
  std::uint64_t next_req_id_ = 0;
  RestTag next_tag_ = 0;
  bool market_open_ = false;
  bool trading_open_ = false;
  bool executions_stand_ = false;
  bool token_asked_ = false;
  Instant token_due_;
  std::optional<Instant> open_orders_due_;  // ask again: the last question failed
  std::uint64_t executions_sequence_ = 0;   // 0: take what comes
  std::uint64_t balances_sequence_ = 0;
  Instant pinged_;
  // The dead man's switch. Kraken advises to tell it again every 15 to 30 s, with a minute to go.
  static constexpr Duration cancel_armed_every = seconds(15);
  static constexpr Duration cancel_after = seconds(60);
  static constexpr Duration cancel_retry = seconds(3);
  std::uint64_t cancel_request_ = 0;
  std::optional<Instant>
      cancel_armed_;  // the venue's dead man's switch; not yet on this connection
  ClientCounters counters_;
};

std::unique_ptr<Client> make_client(const ClientSetup& setup);

}  // namespace ats::venues::kraken
