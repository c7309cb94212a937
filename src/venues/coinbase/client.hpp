// Our side of Coinbase Advanced Trade: books and prints from the market stream, orders over REST, their fates
// from the user channel of the trading stream.
//
// - The trading channel is ready when the venue's clock was asked and the user channel stands; until then
//   nothing is placed. Each request and each private subscription carries a token of its own, so that
//   none has to be renewed.
// - The user channel tells cumulative counts, no fills: whenever a count has grown, the order's fills are
//   asked for until they add up to it. The same fill is told once from there, and again when the core asks.
// - An order whose answer did not come is Unknown. It is looked for by the venue's id or, where that is not
//   known, by ours in the list of orders since it was placed; sending it again would find it too, and is
//   never done.
// - A hole in the count of the trading stream's messages makes every live order Unknown, and the connection
//   is opened anew. The market stream's holes are the decoder's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "venues/client.hpp"
#include "venues/coinbase/account.hpp"
#include "venues/coinbase/auth.hpp"
#include "venues/coinbase/decoder.hpp"
#include "venues/coinbase/errors.hpp"
#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/order_table.hpp"
#include "venues/coinbase/rate.hpp"
#include "venues/coinbase/requests.hpp"

namespace ats::venues::coinbase {

class CoinbaseClient final : public Client {
 public:
  explicit CoinbaseClient(const ClientSetup& setup);

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
    return channel == Channel::MarketData ? market_open_ : trading_open_ && user_stands_;
  }
  const ClientCounters& counters() const override { return counters_; }

 private:
  enum class Question : std::uint8_t {
    Time,
    Place,
    Cancel,
    Order,  // one, by the venue's id
    Find,   // one, by ours, in the list of orders
    Fills,  // of one order
    OpenOrders,
    Balances,
    Fees,
  };
  struct RestCall {
    RestTag tag = 0;
    Question question = Question::Time;
    OrderId order;
    InstrumentId instrument;
    VenueOrderId venue_id;
    bool then_cancel = false;  // Find: to take it back
    bool asked = false;        // Fills: the core asked, and `found` is told behind them
    bool foreign = false;      // Fills: of an order that is not ours
    OrderFound found;
    std::string query;  // of lists, without cursor
    int pages = 0;
    std::uint32_t ours = 0;  // OpenOrders: listed so far
    WallTime sent;
    Instant first_sent;              // the first page was
    std::vector<FillRow> fills;      // of the pages before
    std::vector<WalletRow> wallets;  // likewise
  };

  // --- market stream (client_stream.cpp) ---
  void subscribe_market(const Now& now, Outbox& outbox);
  void send_waiting(const Now& now, Outbox& outbox);
  FrameOutcome on_market(std::string_view frame, const Now& now, EventSink& sink);

  // --- trading stream (client_stream.cpp) ---
  void subscribe_user(const Now& now, Outbox& outbox);
  FrameOutcome on_trading(std::string_view frame, const Now& now, EventSink& sink, Outbox& outbox);
  bool on_user(json::object& root, const Now& now, EventSink& sink, Outbox& outbox);
  void take_order(const OrderRow& row, const Now& now, EventSink& sink, Outbox& outbox);
  void user_stands(const Now& now, EventSink& sink);

  // --- orders that are not ours (client_foreign.cpp) ---
  enum class Heard : std::uint8_t { Update, Snapshot, List };
  void take_foreign(const OrderRow& row, Heard heard, const Now& now, EventSink& sink,
                    Outbox& outbox);
  TrackedOrder* find_foreign(const VenueOrderId& id);
  void ask_foreign_fills(const Now& now, Outbox& outbox);
  bool tell_foreign_fills(const RestCall& call, const Now& now, EventSink& sink);
  void foreign_fills_failed(const RestCall& call, const Now& now);

  void tell_live_unknown(const Now& now, EventSink& sink);
  void lose_track(std::string_view why, const Now& now, EventSink& sink, Outbox& outbox);

  // --- REST (client_rest.cpp) ---
  bool ask(RestCall call, std::string_view method, std::string_view path, std::string body,
           std::int64_t reserve, const Now& now, Outbox& outbox);
  bool ask_page(RestCall call, std::string_view cursor, const Now& now, Outbox& outbox);
  void ask_time(const Now& now, Outbox& outbox);
  void ask_fees(const Now& now, Outbox& outbox);
  void ask_fills(TrackedOrder& order, const Now& now, Outbox& outbox);
  bool ask_fills_of(RestCall call, const Now& now, Outbox& outbox);
  bool find(RestCall call, const Now& now, Outbox& outbox);
  std::optional<RestCall> take_call(RestTag tag);

  void refused(const RestCall& call, const HttpResponse& response, const Now& now, EventSink& sink,
               Outbox& outbox);
  bool answered(RestCall& call, std::string_view body, const Now& now, EventSink& sink,
                Outbox& outbox);
  // No answer, or none that can be read: nothing is concluded from it.
  void failed(const RestCall& call, UnknownReason why, const Now& now, EventSink& sink);

  bool on_time(const RestCall& call, json::object& root, const Now& now);
  bool on_placed(const RestCall& call, json::object& root, const Now& now, EventSink& sink);
  bool on_cancelled(const RestCall& call, json::object& root, const Now& now, EventSink& sink);
  bool on_found(RestCall& call, const OrderRow& row, const Now& now, EventSink& sink,
                Outbox& outbox);
  bool on_list(RestCall& call, json::object& root, const Now& now, EventSink& sink, Outbox& outbox);
  bool on_fills(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                Outbox& outbox);
  std::optional<std::vector<Fill>> fills_of(const RestCall& call) const;
  bool tell_fills(const RestCall& call, const Now& now, EventSink& sink);
  TrackedOrder& tracked(OrderId id, InstrumentId instrument);
  bool on_balances(RestCall& call, json::object& root, const Now& now, EventSink& sink,
                   Outbox& outbox);
  bool on_fees(json::object& root, const Now& now, EventSink& sink);

  InstrumentId instrument_of(std::string_view product) const;
  Times times(WallTime venue, const Now& now) const { return {venue, now.instant}; }
  void count_rate(const Now& now);

  const ClientSetup setup_;
  const Universe& universe_;
  Decoder decoder_;
  Json json_;
  std::optional<Auth> auth_;
  OrderTable orders_;
  std::vector<TrackedOrder> foreign_;  // not ours; oldest first
  std::vector<RestCall> calls_;
  RestTag next_tag_ = 0;
  TokenBucket private_ = private_bucket();
  TokenBucket public_ = public_bucket();
  Instant blocked_until_;

  bool market_open_ = false;
  TokenBucket market_messages_ = stream_bucket();
  std::vector<std::string> waiting_;       // frames that the bucket holds back, in order
  std::vector<InstrumentId> again_;        // books to subscribe to anew
  std::vector<InstrumentId> unconfirmed_;  // of the level2 subscriptions not yet acknowledged

  bool trading_open_ = false;
  bool user_asked_ = false;
  bool user_stands_ = false;
  Instant user_asked_at_;
  std::optional<std::uint64_t> next_sequence_;  // of the trading stream
  std::optional<Instant> open_orders_due_;      // ask again: the last question failed
  std::optional<Instant> fees_due_;
  bool clock_asked_ = false;
  Instant clock_due_;  // after a failure, not before
  Rate maker_fee_ = first_tier_maker;
  Rate taker_fee_ = first_tier_taker;
  ClientCounters counters_;
};

std::unique_ptr<Client> make_client(const ClientSetup& setup);

}  // namespace ats::venues::coinbase
