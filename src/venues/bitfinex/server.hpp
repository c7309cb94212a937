// Bitfinex seen from its clients: REST /v2 and WebSocket /ws/2 (public and authenticated at one path) over an
// ExchangeApi. Any standard client of the venue can use it.
//
//  - Signed calls are checked in the venue's order: key, signature, nonce, rate, parameters.
//  - Books are told entry by entry, what goes before what comes, so that no side is ever longer than the
//    length subscribed to; with flag 131072 each change is followed by the checksum after it.
//  - With flag 65536 every data frame of a connection is numbered, over all channels; news of the account
//    have a second number of their own.
//  - An order's answer ("n") says no more than that it was submitted. A fill is told twice: `te` at once, and
//    `tu` with its fee after the news of the order, which may have ended by then.
//  - Prices are cut to five significant digits and amounts to eight decimals, not refused.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "venues/json.hpp"
#include "venues/server.hpp"

namespace ats::venues::bitfinex {

class BitfinexServer final : public Server {
 public:
  explicit BitfinexServer(ExchangeApi& exchange) : exchange_(exchange) {}

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
  // An error in the venue's words; code 0: it names none.
  struct Fault {
    std::int64_t code = 0;
    std::string text;
  };
  struct OrderWords {  // the texts of a request
    std::string type, symbol, amount, price;
    std::uint64_t client_id = 0;
    std::uint64_t group = 0;
    std::uint64_t flags = 0;
  };

  // --- server.cpp ---
  static HttpResponse answer(std::string body);
  static HttpResponse error(const Fault& fault);
  bool within_rate(std::string_view endpoint, std::size_t per_minute);
  // The account that signed; invalid: `fault` says what is wrong.
  AccountId signer_of(const HttpRequest& request, Fault& fault);
  // Key, signature and nonce of either kind of connection.
  AccountId check_signature(std::string_view key, std::string_view nonce, std::string_view message,
                            std::string_view signature, Fault& fault);

  // --- server_public.cpp ---
  HttpResponse public_call(std::string_view path, std::string_view query);
  std::string conf_value(std::string_view key) const;
  std::string ticker_fields(const Instrument& on) const;
  HttpResponse tickers(std::string_view query) const;
  HttpResponse book_answer(std::string_view symbol, std::string_view precision,
                           std::string_view query) const;
  HttpResponse trades_answer(std::string_view symbol, std::string_view query) const;

  // --- server_private.cpp ---
  HttpResponse private_call(const HttpRequest& request, std::string_view path);
  std::string wallets(AccountId account) const;
  HttpResponse submit(AccountId account, std::string_view body);
  HttpResponse cancel_one(AccountId account, std::string_view body);
  HttpResponse update(AccountId account, std::string_view body);
  HttpResponse cancel_many(AccountId account, std::string_view body);
  HttpResponse orders_answer(AccountId account, std::string_view symbol, bool closed,
                             std::string_view body);
  HttpResponse fills_answer(AccountId account, std::string_view symbol, std::uint64_t order,
                            std::string_view body);
  std::string summary() const;
  std::string permissions(AccountId account) const;

  // --- orders, however they come (server_orders.cpp) ---
  static bool read_words(json::object& object, OrderWords& words);
  std::optional<Fault> read_order(const OrderWords& words, NewOrder& order) const;
  Result<VenueOrder, Fault> place(AccountId account, const OrderWords& words);
  // By the venue's id, or by client id and day.
  struct OrderName {
    std::uint64_t id = 0;
    std::uint64_t client_id = 0;
    std::string day;
    bool all = false;
  };
  static bool read_name(json::object& object, OrderName& name);
  const VenueOrder* find_live(AccountId account, const OrderName& name);
  std::optional<VenueOrder> cancel(AccountId account, const OrderName& name);
  struct AmendWords {  // what is not named stays as it is
    std::uint64_t id = 0;
    std::uint64_t flags = 0;
    std::string amount;  // signed: of what is left
    std::string delta;   // signed: more of it, or less
    std::string price;
  };
  static bool read_amend(json::object& object, AmendWords& words);
  Result<VenueOrder, Fault> amend(AccountId account, const AmendWords& words);
  std::string order_row(const VenueOrder& order) const;
  std::string fill_row(const VenueFill& fill, bool with_fee) const;
  std::string status_of(const VenueOrder& order) const;

  // --- sessions (server_stream.cpp) ---
  enum class Kind : std::uint8_t { Book, Trades, Ticker };
  struct Topic {
    Kind kind = Kind::Book;
    InstrumentId instrument;
    int precision = 0;  // 0..4: P0..P4; 5: R0
    std::uint16_t length = 25;
    auto operator<=>(const Topic&) const = default;
  };
  struct Session {
    std::map<std::uint64_t, Topic> channels;
    std::uint64_t flags = 0;
    std::uint64_t sequence = 0;
    std::uint64_t account_sequence = 0;
    AccountId account;
    bool dead_man = false;
    WallTime beaten;  // when the last heartbeats went
  };
  static void send_event(SessionId id, std::string_view event, ServerOutbox& out);
  // `data`: a frame without its closing bracket.
  void send_data(SessionId id, Session& session, std::string_view data, ServerOutbox& out);
  void send_account(SessionId id, Session& session, std::string_view code, std::string_view data,
                    ServerOutbox& out);
  void send_notification(SessionId id, Session& session, std::string_view type,
                         std::string_view data, const std::optional<Fault>& fault,
                         std::string_view text, ServerOutbox& out);
  std::string hello() const;
  void subscribe(SessionId id, Session& session, json::object& request, ServerOutbox& out);
  void unsubscribe(SessionId id, Session& session, json::object& request, ServerOutbox& out);
  void authenticate(SessionId id, Session& session, json::object& request, ServerOutbox& out);
  void on_request(SessionId id, Session& session, std::string_view frame, ServerOutbox& out);
  void place_request(SessionId id, Session& session, json::object& body, ServerOutbox& out);
  void amend_request(SessionId id, Session& session, json::object& body, ServerOutbox& out);
  void cancel_request(SessionId id, Session& session, json::object& body, ServerOutbox& out);

  // --- what is told (server_feeds.cpp) ---
  struct View {  // what subscribers of a book have been told of it
    std::vector<Level> bids, asks;
  };
  View look(const Topic& topic) const;
  std::string entry(const Topic& topic, const Level& level, bool ask, bool gone) const;
  std::uint32_t checksum(const Topic& topic, const View& view) const;
  void send_snapshot(SessionId id, Session& session, std::uint64_t channel, const Topic& topic,
                     ServerOutbox& out);
  void forget_views();
  void tell_ghosts(ServerOutbox& out);
  void tell_account(AccountId account, std::string_view code, std::string_view data,
                    ServerOutbox& out);

  // --- common ---
  WallTime now() const { return exchange_.wall(); }
  std::int64_t now_ms() const { return now().ns_utc / 1'000'000; }
  const Instrument& instrument(InstrumentId id) const {
    return exchange_.universe().instrument(id);
  }
  std::string_view asset(AssetId id) const { return exchange_.universe().asset(id).name.view(); }
  InstrumentId find_symbol(std::string_view symbol) const;

  struct Usage {
    WallTime since;
    std::size_t calls = 0;
    WallTime shut_until;
  };

  ExchangeApi& exchange_;
  Json json_;
  std::map<SessionId, Session> sessions_;
  std::map<Topic, View> views_;
  std::map<std::string, std::uint64_t, std::less<>> nonces_;  // the highest seen, by key
  std::map<std::string, Usage, std::less<>> usage_;           // by endpoint
  std::map<Topic, std::uint64_t> channel_ids_;
  std::deque<VenueOrder>
      ghosts_;  // post-only orders that would have taken: submitted, and over at once
  std::vector<VenueOrder> untold_ghosts_;  // whose end the account has not heard of
  std::uint64_t serial_ = 0;               // of client ids and orders made up
  bool bad_checksum_ = false;              // the next checksum is wrong
  bool maintenance_ = false;
  bool maintenance_told_ = false;  // what the sessions believe
};

std::unique_ptr<Server> make_server(ExchangeApi& exchange);

}  // namespace ats::venues::bitfinex
