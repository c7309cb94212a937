// Upbit seen from its clients: REST /v1 and the WebSockets /websocket/v1 and /websocket/v1/private over an
// ExchangeApi. Any standard client of the venue can use it.
//
//  - A token is checked in this order: there is one, its key is known, its signature right, its nonce new, its
//    hash that of the parameters in the order they came. HS256 and HS512.
//  - A new order is answered as waiting whatever becomes of it at once; a cancel is answered as the order stood.
//  - Every answer tells what is left of its group's second.
//  - Streams are not acknowledged; a new request replaces the one before; the first message of a code is a
//    SNAPSHOT, every book message the whole book; data goes out in binary frames.
//  - An identifier is used up by the first request that names it, whatever becomes of that.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "venues/json.hpp"
#include "venues/server.hpp"
#include "venues/upbit/used_up.hpp"

namespace ats::venues::upbit {

class UpbitServer final : public Server {
 public:
  explicit UpbitServer(ExchangeApi& exchange) : exchange_(exchange) {}

  bool accepts(std::string_view path) const override;
  std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request) override;
  void on_open(SessionId session, std::string_view target, ServerOutbox& out) override;
  void on_text(SessionId session, std::string_view frame, ServerOutbox& out) override;
  void on_close(SessionId session) override;
  HttpResponse on_http(const HttpRequest& request) override;
  bool is_order(const HttpRequest& request) const override;

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
  // --- requests ---
  class Fields {
   public:
    bool read_query(std::string_view text);
    bool read_body(Json& json, std::string_view text);
    // Empty when it was not sent.
    std::string_view get(std::string_view name) const;
    // Of `name[]` once or more, or of `name` with commas.
    std::vector<std::string_view> list(std::string_view name) const;
    bool empty() const { return all_.empty(); }
    std::string hashed() const;

   private:
    std::vector<std::pair<std::string, std::string>> all_;
  };
  enum class Group : std::uint8_t {
    Market,
    Orderbook,
    Ticker,
    Trade,
    Default,
    Order,
    OrderTest,
    CancelAll,
  };
  static constexpr std::size_t group_count = 8;
  using Call = HttpResponse (UpbitServer::*)(AccountId account, const Fields& fields);
  struct Route {
    std::string_view method, path;
    Call run;
    Group group;
    bool is_private;
  };
  static const Route* find_route(std::string_view method, std::string_view path);
  // Nothing when the token is right, else the venue's name for what is wrong with it.
  std::optional<std::string_view> authenticate(const HttpRequest& request, std::string_view hashed,
                                               AccountId& account);
  // What is left of this second for the caller (an account, or invalid: the address); -1: it was too much.
  std::int64_t count(Group group, AccountId caller);

  // --- server_public.cpp ---
  HttpResponse market_all(AccountId account, const Fields& fields);
  HttpResponse book_instruments(AccountId account, const Fields& fields);
  HttpResponse books(AccountId account, const Fields& fields);
  HttpResponse tickers(AccountId account, const Fields& fields);
  HttpResponse all_tickers(AccountId account, const Fields& fields);
  HttpResponse trade_ticks(AccountId account, const Fields& fields);
  std::string book_units(const Instrument& on, const BookImage& book, bool simple) const;
  std::string book_totals(const Instrument& on, const BookImage& book, bool simple) const;
  std::string ticker_fields(InstrumentId id, bool simple) const;
  // Codes that are all known, or an answer that one is not.
  Result<std::vector<InstrumentId>, HttpResponse> wanted(const Fields& fields) const;

  // --- server_private.cpp ---
  HttpResponse accounts(AccountId account, const Fields& fields);
  HttpResponse chance(AccountId account, const Fields& fields);
  HttpResponse new_order(AccountId account, const Fields& fields);
  HttpResponse test_order(AccountId account, const Fields& fields);
  HttpResponse one_order(AccountId account, const Fields& fields);
  HttpResponse cancel_order(AccountId account, const Fields& fields);
  HttpResponse open_orders(AccountId account, const Fields& fields);
  HttpResponse closed_orders(AccountId account, const Fields& fields);
  HttpResponse orders_by_id(AccountId account, const Fields& fields);
  HttpResponse cancel_by_id(AccountId account, const Fields& fields);
  HttpResponse cancel_open(AccountId account, const Fields& fields);
  HttpResponse api_keys(AccountId account, const Fields& fields);
  HttpResponse cancel_withdrawal(AccountId account, const Fields& fields);

  // What a user said of an order that the exchange does not keep.
  struct Note {
    std::string ord_type = "limit";
    std::string time_in_force;  // empty: none
    Decimal amount;             // of the quote asset, where one was named instead of a volume
    Decimal reserved_fee;
  };
  // The first rule the request breaks, as status and name; nothing: order and note are complete.
  struct Wrong {
    int status = 400;
    std::string_view name;
  };
  std::optional<Wrong> read_order(AccountId account, const Fields& fields, NewOrder& order,
                                  Note& note);
  std::optional<Wrong> read_kind(const Fields& fields, const Instrument& on, NewOrder& order,
                                 Note& note) const;
  std::optional<Wrong> check_total(const Instrument& on, const NewOrder& order) const;
  Wrong wrong_by(PlaceFault fault, Side side) const;
  const VenueOrder* find_order(AccountId account, const Fields& fields) const;
  const Note& note_of(std::uint64_t id) const;
  std::string_view state_word(const VenueOrder& order) const;
  std::string order_json(const VenueOrder& order, bool with_trades) const;
  // What of the order is locked now, and of that the fee.
  struct Locked {
    Decimal all, fee;
  };
  Locked locked_by(const VenueOrder& order) const;
  std::string cancelled_list(AccountId account, std::span<const OrderRef> refs);

  // --- sessions (server_stream.cpp) ---
  struct Subscription {
    InstrumentId instrument;
    std::uint16_t depth = 30;
    bool realtime = true;
  };
  struct Session {
    AccountId account;  // valid: the private stream
    bool simple = false;
    bool list = false;
    std::vector<Subscription> books, trades, tickers;
    bool orders = false;
    bool assets = false;
    std::vector<InstrumentId> order_codes;  // empty: all
    std::string told;                       // what stands, as LIST_SUBSCRIPTIONS tells it
    WallTime last_traffic;
    WallTime last_up;
    bool keep_alive = false;
    std::deque<WallTime> heard;  // of the last minute
  };
  struct Wish {  // one type object of a request
    std::string type;
    std::vector<std::string> codes;
    bool has_codes = false;
    bool only_snapshot = false;
    bool only_realtime = false;
    bool grouped = false;
  };
  struct StreamRequest {
    bool ticket = false;
    std::string ticket_text;
    bool list_subscriptions = false;
    std::string format;
    std::vector<Wish> wishes;
  };
  static bool read_request(Json& json, std::string_view frame, StreamRequest& request);
  // The venue's name for what is wrong; empty: nothing is.
  std::string_view take_request(SessionId id, Session& session, const StreamRequest& request,
                                ServerOutbox& out);
  std::string_view take_wish(Session& session, const Wish& wish, std::vector<Subscription>& fresh);
  void send(SessionId id, Session& session, std::string_view frame, ServerOutbox& out);
  void send_object(SessionId id, Session& session, std::string_view object, ServerOutbox& out);
  void fail_session(SessionId id, Session& session, std::string_view name, ServerOutbox& out);
  std::string book_frame(const Subscription& book, bool simple, bool snapshot) const;
  std::string trade_frame(const PublicTrade& trade, bool simple, bool snapshot) const;
  std::string ticker_frame(InstrumentId id, bool simple, bool snapshot) const;
  std::string my_order_frame(const VenueOrder& order, std::string_view state, const VenueFill* fill,
                             bool simple) const;
  void tell_order(const VenueOrder& order, std::string_view state, const VenueFill* fill,
                  ServerOutbox& out);

  // --- common ---
  WallTime now() const { return exchange_.wall(); }
  std::int64_t now_ms() const { return now().ns_utc / 1'000'000; }
  const Instrument& instrument(InstrumentId id) const {
    return exchange_.universe().instrument(id);
  }
  std::string_view asset(AssetId id) const { return exchange_.universe().asset(id).name.view(); }
  InstrumentId find_code(std::string_view code) const;

  struct Counter {
    std::int64_t second = -1;
    std::int64_t count = 0;
  };
  struct Caller {
    std::array<Counter, group_count> counters;
    std::int64_t excess = 0;  // requests refused since the last second without one
    WallTime banned_until;
  };
  struct AccountState {
    UsedUp nonces;
    UsedUp identifiers;
  };

  ExchangeApi& exchange_;
  Json json_;
  std::map<SessionId, Session> sessions_;
  std::map<AccountId, Caller> callers_;
  std::map<AccountId, AccountState> accounts_;
  std::map<std::uint64_t, Note> notes_;  // by order id, of the latest
  AccountId upgrading_;                  // whose private stream is about to open
  std::uint64_t serial_ = 0;
  bool maintenance_ = false;
};

std::unique_ptr<Server> make_server(ExchangeApi& exchange);

}  // namespace ats::venues::upbit
