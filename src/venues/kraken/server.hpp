// Kraken seen from its clients: REST /0 and WebSocket v2 (public and private at one path) over an
// ExchangeApi. Any standard client of the venue can use it.
//
//  - Private REST calls are checked in the venue's order: key, signature, nonce, rate, parameters. Errors
//    come with status 200.
//  - Book updates hold what changed within the subscribed depth, levels that came back into it included;
//    levels pushed out of it are not mentioned. Every message carries the checksum of the ten best levels
//    after it.
//  - Private subscriptions number their messages from 1.
//  - The streams may tell of an order before its answer does, as the venue's may.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "venues/json.hpp"
#include "venues/kraken/rate.hpp"
#include "venues/server.hpp"

namespace ats::venues::kraken {

class KrakenServer final : public Server {
 public:
  explicit KrakenServer(ExchangeApi& exchange) : exchange_(exchange) {}

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
  // Fields of a query or a body, decoded; the first of a name counts.
  class Fields {
   public:
    void add(std::string name, std::string value) {
      all_.emplace_back(std::move(name), std::move(value));
    }
    // Empty when it was not sent.
    std::string_view get(std::string_view name) const;
    bool read_form(std::string_view text);
    bool read_json(Json& json, std::string_view text);
    bool read_object(json::object& object);
    // A name that is not in the list; empty when all are.
    std::string_view first_beyond(std::span<const std::string_view> names) const;

   private:
    std::vector<std::pair<std::string, std::string>> all_;
  };
  // JSON of the result, or an error of the venue's.
  struct Reply {
    std::string result;
    std::string error;
    std::string body() const;
  };
  static Reply result(std::string json) { return {std::move(json), {}}; }
  static Reply error(std::string_view text) { return {{}, std::string(text)}; }

  using PublicCall = Reply (KrakenServer::*)(const Fields& fields);
  using PrivateCall = Reply (KrakenServer::*)(AccountId account, const Fields& fields);
  struct PrivateMethod {
    PrivateCall run;
    std::int64_t cost;  // in thousandths of the REST counter
  };
  static PublicCall find_public(std::string_view name);
  static const PrivateMethod* find_private(std::string_view name);
  Reply run_private(const HttpRequest& request, std::string_view name);

  // --- server_public.cpp ---
  Reply time(const Fields& fields);
  Reply system_status(const Fields& fields);
  Reply assets(const Fields& fields);
  Reply asset_pairs(const Fields& fields);
  Reply ticker(const Fields& fields);
  Reply depth(const Fields& fields);
  Reply trades(const Fields& fields);

  // --- server_private.cpp ---
  Reply balance(AccountId account, const Fields& fields);
  Reply balance_ex(AccountId account, const Fields& fields);
  Reply open_orders(AccountId account, const Fields& fields);
  Reply closed_orders(AccountId account, const Fields& fields);
  Reply query_orders(AccountId account, const Fields& fields);
  Reply query_trades(AccountId account, const Fields& fields);
  Reply trades_history(AccountId account, const Fields& fields);
  Reply trade_volume(AccountId account, const Fields& fields);
  Reply add_order(AccountId account, const Fields& fields);
  Reply cancel_order(AccountId account, const Fields& fields);
  Reply amend_order(AccountId account, const Fields& fields);
  Reply cancel_all(AccountId account, const Fields& fields);
  Reply token(AccountId account, const Fields& fields);
  Reply key_info(AccountId account, const Fields& fields);

  std::string order_json(const VenueOrder& order, bool with_trades) const;
  std::string fill_json(const VenueFill& fill) const;

  // --- orders, however they come ---
  struct OrderWords {  // the texts of a request
    std::string_view type, side, quantity, price, time_in_force, client_id, quote_amount;
    bool post_only = false;
  };
  // The first rule the request breaks, in the venue's words; empty: `order` is complete.
  std::string_view read_order(const OrderWords& words, NewOrder& order);
  // An error in the venue's words, or the order placed.
  Result<VenueOrder, std::string> place(const NewOrder& order);
  Result<VenueOrder, std::string> cancel(AccountId account, const OrderRef& ref);
  // What is not named stays as it is.
  struct AmendWords {
    std::string_view quantity, price;
    bool post_only = false;
  };
  Result<VenueOrder, std::string> amend(AccountId account, const OrderRef& ref,
                                        const AmendWords& words);
  std::vector<VenueOrder> cancel_all_of(AccountId account);

  // --- sessions (server_stream.cpp) ---
  struct BookSubscription {
    InstrumentId instrument;
    std::uint16_t depth = 0;
    auto operator<=>(const BookSubscription&) const = default;
  };
  struct AccountFeed {  // a private subscription
    AccountId account;
    std::uint64_t sequence = 0;
  };
  struct Session {
    std::vector<BookSubscription> books;
    std::vector<InstrumentId> trades;
    std::optional<AccountFeed> executions;
    std::optional<AccountFeed> balances;
    WallTime last_sent;
    WallTime last_heard;
    bool subscribed() const { return !books.empty() || !trades.empty() || executions || balances; }
  };
  struct StreamRequest {
    std::string method;
    std::string req_id;  // digits; empty: none
    Fields params;
    WallTime received;
  };

  void send(SessionId id, Session& session, std::string_view frame, ServerOutbox& out);
  void answer(SessionId id, Session& session, const StreamRequest& request,
              const std::string& result, ServerOutbox& out);
  void refuse(SessionId id, Session& session, const StreamRequest& request, std::string_view error,
              std::string_view symbol, ServerOutbox& out);
  void subscribe(SessionId id, Session& session, const StreamRequest& request, bool on,
                 ServerOutbox& out);
  void subscribe_symbol(SessionId id, Session& session, const StreamRequest& request,
                        std::string_view symbol, bool on, ServerOutbox& out);
  void subscribe_account(SessionId id, Session& session, const StreamRequest& request, bool on,
                         ServerOutbox& out);
  void order_request(SessionId id, Session& session, const StreamRequest& request,
                     ServerOutbox& out);
  void cancel_all_later(SessionId id, Session& session, const StreamRequest& request,
                        AccountId account, ServerOutbox& out);
  void add_order_request(SessionId id, Session& session, const StreamRequest& request,
                         AccountId account, ServerOutbox& out);
  void amend_request(SessionId id, Session& session, const StreamRequest& request,
                     AccountId account, ServerOutbox& out);
  void cancel_request(SessionId id, Session& session, const StreamRequest& request,
                      AccountId account, ServerOutbox& out);
  // Invalid: a bad token, or one too old to begin with.
  AccountId account_of(const Session& session, std::string_view token) const;

  // --- what is told (server_feeds.cpp) ---
  struct View {  // what subscribers of one depth have been told of one book
    std::vector<Level> bids, asks;
  };
  std::string status_frame(SessionId id) const;
  std::string book_frame(const BookSubscription& book, std::string_view type,
                         std::span<const Level> bids, std::span<const Level> asks,
                         const View& after);
  void send_snapshot(SessionId id, Session& session, const BookSubscription& book,
                     ServerOutbox& out);
  void send_trades(SessionId id, Session& session, InstrumentId instrument, ServerOutbox& out);
  std::string trade_json(const PublicTrade& trade) const;
  void send_executions_snapshot(SessionId id, Session& session, bool orders, bool fills,
                                ServerOutbox& out);
  void send_balances_snapshot(SessionId id, Session& session, ServerOutbox& out);
  void tell_executions(AccountId account, std::string_view entry, ServerOutbox& out);
  std::string execution_json(const VenueOrder& order, std::string_view type) const;
  std::string execution_fill_json(const VenueOrder& order, const VenueFill& fill) const;
  void forget_views();

  // --- common ---
  WallTime now() const { return exchange_.wall(); }
  Instant instant() const { return {now().ns_utc}; }
  const Instrument& instrument(InstrumentId id) const {
    return exchange_.universe().instrument(id);
  }
  std::string_view asset(AssetId id) const { return exchange_.universe().asset(id).name.view(); }
  InstrumentId find_symbol(std::string_view symbol) const;  // v2 spelling
  InstrumentId find_pair(std::string_view pair) const;      // id, altname or v2 spelling
  std::string pair_id(const Instrument& instrument) const;
  std::string alt_name(const Instrument& instrument) const;

  struct AccountState {
    std::uint64_t nonce = 0;  // the highest seen
    LeakyCounter rest = rest_counter();
    std::map<InstrumentId, LeakyCounter> engine;
    std::map<AssetId, Decimal> totals;  // as last told on the balances channel
    std::optional<WallTime> cancel_at;  // everything of the account, unless told again before
  };
  struct Token {
    AccountId account;
    WallTime issued;
  };

  ExchangeApi& exchange_;
  Json json_;
  std::map<SessionId, Session> sessions_;
  std::map<BookSubscription, View> views_;
  std::map<AccountId, AccountState> accounts_;
  std::map<std::string, Token, std::less<>> tokens_;
  std::uint64_t serial_ = 0;   // of tokens, client ids and ledger entries
  bool bad_checksum_ = false;  // the next book message carries a wrong one
  bool maintenance_ = false;
  bool status_told_ = true;
};

std::unique_ptr<Server> make_server(ExchangeApi& exchange);

}  // namespace ats::venues::kraken
