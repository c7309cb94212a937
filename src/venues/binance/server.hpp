// Binance spot seen from its clients: REST, market streams and WebSocket API over an ExchangeApi. Any standard
// client of the venue can use it.
//
//  - One table of operations serves REST and WebSocket API: the same checks, in the order key (-2015), mandatory
//    parameters (-1102), signature (-1022), time (-1021), symbol (-1121), filters (-1013), balance (-2010).
//  - Diffs are gathered per symbol and sent by on_tick: every call for @100ms, once a second for @depth. Update
//    ids of events are contiguous as long as the exchange's are; where it lost a change, the event shows the gap.
//  - A connection ends after 24 hours, without a word before; a serverShutdown event comes first when the
//    venue goes into maintenance.
//  - The exchange may call on_order and the like from inside place() and cancel(): an account may hear of its
//    fills before it hears the answer, as it may from the venue.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "venues/binance/dom.hpp"
#include "venues/json_write.hpp"
#include "venues/server.hpp"

namespace ats::venues::binance {

class SpotServer final : public Server {
 public:
  explicit SpotServer(ExchangeApi& exchange) : exchange_(exchange) {}

  bool accepts(std::string_view path) const override;
  void on_open(SessionId session, std::string_view target, ServerOutbox& out) override;
  void on_text(SessionId session, std::string_view frame, ServerOutbox& out) override;
  void on_close(SessionId session) override;
  HttpResponse on_http(const HttpRequest& request) override;

  void on_book(const BookChange& change, ServerOutbox& out) override;
  void on_trade(const PublicTrade& trade, ServerOutbox& out) override;
  void on_order(const OrderUpdate& update, ServerOutbox& out) override;
  void on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) override;
  void on_tick(ServerOutbox& out) override;
  bool is_book_delta(std::string_view frame) const override;
  void set_fault(ServerFault fault, bool on) override;
  HttpResponse refuse(Refusal why) const override;
  std::optional<std::string> refuse_order(Refusal why, std::string_view frame) const override;

 private:
  // Named values of a request, decoded; the first of a name counts.
  class Parameters {
   public:
    void add(std::string name, std::string value) {
      all_.emplace_back(std::move(name), std::move(value));
    }
    // Null when it was not sent or is empty.
    const std::string* find(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

   private:
    std::vector<std::pair<std::string, std::string>> all_;
  };
  struct Reply {
    int status = 200;
    std::string body;          // JSON: the result, or {"code":…,"msg":…}
    bool order_count = false;  // tells how many orders the account has sent
  };
  static Reply error(int status, int code, std::string_view message);
  static Reply missing(std::string_view parameter);
  static Reply bad_symbol();

  struct Call {
    const Parameters& parameters;
    AccountId account;  // of signed calls
  };
  struct Operation {
    std::string_view method;  // REST
    std::string_view path;    // REST
    std::string_view name;    // WebSocket API; empty: not there
    bool is_signed = false;
    std::uint64_t weight = 0;
    Reply (SpotServer::*run)(const Call& call) = nullptr;
  };
  static const std::vector<Operation>& operations();
  static std::uint64_t weight_of(const Operation& operation, const Parameters& parameters);

  // --- server_public.cpp ---
  Reply ping(const Call& call);
  Reply time(const Call& call);
  Reply exchange_info(const Call& call);
  Reply depth(const Call& call);
  Reply recent_trades(const Call& call);
  Reply aggregate_trades(const Call& call);
  Reply book_ticker(const Call& call);
  Reply price_ticker(const Call& call);
  Reply day_ticker(const Call& call);

  template <class Row>
  Reply for_symbols(const Call& call, Row row);

  // --- server_account.cpp ---
  Reply place_order(const Call& call);
  Reply test_order(const Call& call);
  Reply cancel_order(const Call& call);
  Reply order_status(const Call& call);
  Reply open_orders(const Call& call);
  Reply cancel_open_orders(const Call& call);
  Reply all_orders(const Call& call);
  Reply account(const Call& call);
  Reply my_trades(const Call& call);
  Reply order_limits(const Call& call);
  Reply commission(const Call& call);
  Reply api_restrictions(const Call& call);
  // Reads an order from its parameters; an empty optional is success.
  std::optional<Reply> read_order(const Call& call, NewOrder& order) const;
  static Reply fault_reply(PlaceFault fault);
  JsonObject order_fields(const VenueOrder& order) const;
  std::string query_json(const VenueOrder& order) const;
  std::string cancel_json(const VenueOrder& order, std::string_view cancel_id);
  std::string fill_list(const VenueOrder& order) const;
  // The order that `orderId` or `origClientOrderId` names, of the symbol named; null with a reply that says why.
  const VenueOrder* find_order(const Call& call, int not_found, Reply& refused) const;

  // --- authentication and limits (server.cpp) ---
  // Checks key, mandatory parameters, signature and time; `payload` is what must have been signed.
  std::optional<Reply> authenticate(const std::string* key, const Parameters& parameters,
                                    std::string_view payload, AccountId& account) const;
  struct Window {
    std::int64_t length_ms = 0;
    std::int64_t index = -1;
    std::uint64_t used = 0;
    std::uint64_t roll(std::int64_t now_ms);  // what is used in the window of this time
  };
  struct OrderCount {
    Window ten_seconds{10'000};
    Window day{86'400'000};
  };
  // When the address has used up its weight: the refusal, and when it may come back.
  std::optional<Reply> refuse_for_weight(std::uint64_t weight, std::int64_t& retry_after_ms);
  bool count_order(AccountId account);  // false: too many
  Reply run(const Operation& operation, const Call& call);

  // --- sessions (server_streams.cpp) ---
  struct Session {
    bool api = false;       // WebSocket API, else market streams
    bool combined = false;  // events wrapped with their stream's name
    std::set<std::string, std::less<>> streams;
    AccountId account;  // whose events it gets
    std::uint64_t subscription = 0;
    std::uint64_t next_subscription = 0;
    Window messages{1'000};
    std::int64_t opened_ms = 0;
  };
  void end_old_sessions(ServerOutbox& out);
  void on_stream_request(SessionId id, Session& session, std::string_view frame, ServerOutbox& out);
  void on_api_request(SessionId id, std::string_view frame, ServerOutbox& out);
  Reply subscribe_account(Session& session, const Parameters& parameters, std::string_view payload);
  std::string limits_json(const AccountId* account);
  template <class Do>
  void for_sessions(Do what);
  // To every session that has the stream.
  void publish(const std::string& stream, std::string_view event, ServerOutbox& out);
  bool anyone_has(std::string_view stream) const;
  void tell_account(AccountId account, std::string_view event, ServerOutbox& out);

  // Changes of a book since the last diff of one speed.
  struct Gathered {
    Sequence first = 0;
    Sequence last = 0;  // 0: nothing
    std::map<std::int64_t, Quantity> bids;
    std::map<std::int64_t, Quantity> asks;
  };
  struct Market {
    Gathered fast;
    Gathered slow;
    Level top_bid;  // as last told
    Level top_ask;
    Sequence top_update = 0;
  };
  void gather(Gathered& into, const BookChange& change, std::string_view suffix, ServerOutbox& out);
  void send_diff(InstrumentId instrument, Gathered& gathered, std::string_view suffix,
                 ServerOutbox& out);
  void send_tops(ServerOutbox& out);

  // --- common ---
  std::int64_t now_ms() const { return exchange_.wall().ns_utc / 1'000'000; }
  const Instrument& instrument(InstrumentId id) const {
    return exchange_.universe().instrument(id);
  }
  // Of this venue; invalid when there is none.
  InstrumentId find(std::string_view symbol) const;
  std::string_view asset_name(AssetId id) const {
    return exchange_.universe().asset(id).name.view();
  }
  std::string made_up_client_id();

  ExchangeApi& exchange_;
  dom::Document document_;
  std::map<SessionId, Session> sessions_;
  std::map<InstrumentId, Market> markets_;
  std::map<AccountId, OrderCount> orders_;
  Window weight_{60'000};
  std::uint64_t refusals_ = 0;  // in this window of weight
  std::int64_t banned_until_ms_ = 0;
  std::uint64_t ticks_ = 0;
  std::uint64_t made_up_ids_ = 0;
  std::uint64_t executions_ = 0;
  bool maintenance_ = false;
  bool say_goodbye_ = false;  // maintenance has begun: tell and close at the next tick
};

}  // namespace ats::venues::binance
