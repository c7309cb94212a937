// Coinbase Advanced Trade seen from its clients: REST /api/v3/brokerage and WebSocket (market and user
// channels at one path, where the venue has two hosts) over an ExchangeApi. Any standard client of the venue
// can use it.
//
// - Private calls and the user channel need a token (JWT, ES256 or EdDSA by the account's key): algorithm,
//   key, signature, times and the call it names are checked. 401 with plain text otherwise.
// - Refused orders are answered with status 200; a repeated client order id gives back the order it names.
// - Every message of a connection is numbered, whatever its channel. A book is told whole, then by its
//   changes; a quiet connection without heartbeats is closed, and so is one that asks for nothing.
// - The user channel tells cumulative counts. Fills are seen over REST a moment later.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security/es256.hpp"
#include "venues/coinbase/rate.hpp"
#include "venues/json.hpp"
#include "venues/server.hpp"

namespace ats::venues::coinbase {

class CoinbaseServer final : public Server {
 public:
  explicit CoinbaseServer(ExchangeApi& exchange) : exchange_(exchange) {}

  bool accepts(std::string_view path) const override;
  void on_open(SessionId session, std::string_view target, ServerOutbox& out) override;
  void on_text(SessionId session, std::string_view frame, ServerOutbox& out) override;
  void on_close(SessionId session) override;
  HttpResponse on_http(const HttpRequest& request) override;
  bool is_order(const HttpRequest& request) const override { return request.method == "POST"; }

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
  // Values of a query, decoded; a name may stand there more than once.
  class Query {
   public:
    bool read(std::string_view text);
    std::string_view get(std::string_view name) const;  // the first; empty when it was not sent
    // Whether `value` is among those of the name, or the name was not sent.
    bool admits(std::string_view name, std::string_view value) const;
    std::size_t number(std::string_view name, std::size_t otherwise) const;

   private:
    std::vector<std::pair<std::string, std::string>> all_;
  };
  struct Call {
    const HttpRequest& request;
    std::string_view path;  // behind /api/v3/brokerage
    Query query;
    AccountId account;  // of private calls
  };

  // --- server.cpp ---
  HttpResponse public_call(const Call& call);
  HttpResponse private_call(const Call& call);
  // The account a token speaks for; invalid when it is refused. `method` empty: a stream's.
  AccountId account_of(std::string_view token, std::string_view method, std::string_view path);
  security::KeyVerifier* verifier_of(const std::string& key, const std::string& secret);
  HttpResponse limited(HttpResponse response, TokenBucket& bucket) const;

  // --- server_public.cpp ---
  HttpResponse v2_call(std::string_view path) const;
  HttpResponse time() const;
  HttpResponse products(const Query& query) const;
  HttpResponse product(std::string_view id) const;
  HttpResponse product_book(const Query& query) const;
  HttpResponse ticker(std::string_view id, const Query& query) const;
  HttpResponse best_bid_ask(const Query& query) const;
  std::string product_json(const Instrument& instrument) const;
  std::string book_json(const Instrument& instrument, std::size_t depth) const;

  // --- server_private.cpp ---
  HttpResponse accounts(const Call& call) const;
  HttpResponse transaction_summary() const;
  HttpResponse place_order(const Call& call);
  HttpResponse cancel_orders(const Call& call);
  HttpResponse list_orders(const Call& call) const;
  HttpResponse list_fills(const Call& call) const;
  HttpResponse one_order(const Call& call, std::string_view id) const;
  struct Wanted {
    NewOrder order;
    std::string configuration;  // as it was sent
  };
  // The first rule the request breaks; `error` empty: the order is complete.
  void read_terms(json::object& configuration, Wanted& wanted, std::string& error) const;
  std::string order_json(const VenueOrder& order) const;

  // --- sessions (server_stream.cpp) ---
  struct BookFeed {
    InstrumentId instrument;
    Sequence told = 0;  // id of the last change its subscriber has been told of
  };
  struct Session {
    WallTime opened;
    WallTime last_sent;
    WallTime last_heartbeat;
    bool asked = false;  // for anything at all
    bool heartbeats = false;
    std::uint64_t sequence = 0;
    std::uint64_t heartbeat_counter = 0;
    std::vector<BookFeed> books;
    std::vector<InstrumentId> trades;
    std::vector<InstrumentId> tickers;
    AccountId user;  // invalid: none
  };
  void send(SessionId id, Session& session, std::string_view channel, std::string_view events,
            ServerOutbox& out);
  void send_error(SessionId id, Session& session, std::string_view message, ServerOutbox& out);
  void change(SessionId id, Session& session, bool on, std::string_view channel,
              const std::vector<InstrumentId>& products, AccountId account, ServerOutbox& out);
  void acknowledge(SessionId id, Session& session, ServerOutbox& out);
  void send_book(SessionId id, Session& session, BookFeed& feed, ServerOutbox& out);
  void send_trades(SessionId id, Session& session, InstrumentId instrument, ServerOutbox& out);
  void send_ticker(SessionId id, Session& session, InstrumentId instrument, std::string_view type,
                   ServerOutbox& out);
  void send_orders(SessionId id, Session& session, ServerOutbox& out);
  void tell_trades(ServerOutbox& out);
  void tell_user(const VenueOrder& order, std::string_view status, ServerOutbox& out);
  std::string user_order_json(const VenueOrder& order, std::string_view status) const;
  std::string trade_json(const PublicTrade& trade) const;

  // --- common ---
  WallTime now() const { return exchange_.wall(); }
  Instant instant() const { return {now().ns_utc}; }
  const Instrument& instrument(InstrumentId id) const {
    return exchange_.universe().instrument(id);
  }
  std::string_view asset(AssetId id) const { return exchange_.universe().asset(id).name.view(); }
  InstrumentId find_product(std::string_view id) const;  // by its id, or by its book's
  // The name a product's book has in market data: its alias, unless that is listed for itself.
  std::string_view book_of(const Instrument& instrument) const;

  ExchangeApi& exchange_;
  Json json_;
  std::map<SessionId, Session> sessions_;
  std::map<std::string, std::pair<std::string, security::KeyVerifier>> verifiers_;  // by key
  std::map<AccountId, TokenBucket> private_;
  TokenBucket public_{30, 10};
  std::vector<PublicTrade> batch_;  // prints not yet told
  WallTime batch_due_;
  std::map<InstrumentId, PublicTrade> last_trade_;
  bool skip_number_ = false;  // the next book message leaves one out
  bool maintenance_ = false;
};

std::unique_ptr<Server> make_server(ExchangeApi& exchange);

}  // namespace ats::venues::coinbase
