// Tests only: two venues that trade BTC/USDT, one taking its fees from what is received, one in quote;
// and a world around an engine that speaks for both, with verbs to tell a story. The world keeps what
// the venues own (every fill it makes, delivered or not) and answers questions about balances by it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine.hpp"
#include "domain/codec.hpp"
#include "domain/instrument.hpp"

namespace ats {
inline void PrintTo(const Decimal& value, std::ostream* out) { *out << value.to_string(); }
}  // namespace ats

namespace ats::core::testing {

// binance: fee 0.1 % in the asset received, 8 decimals. kraken: fee 0.2 % in quote.
struct TwoVenues {
  Universe universe;
  VenueId binance, kraken;
  AssetId btc, usdt, bnb;
  InstrumentId at_binance, at_kraken;
  PairId pair;

  TwoVenues() {
    BookRules rules;
    rules.max_age = seconds(10);
    binance = universe.add_venue("binance", rules);
    kraken = universe.add_venue("kraken", rules);
    btc = universe.add_asset("BTC");
    usdt = universe.add_asset("USDT");
    bnb = universe.add_asset("BNB");
    at_binance = add(binance, "BTCUSDT", Rate::bps(10), FeeAsset::Received);
    at_kraken = add(kraken, "BTC/USDT", Rate::bps(20), FeeAsset::Quote);
    pair = universe.instrument(at_binance).pair;
  }

  const Instrument& instrument(InstrumentId id) const { return universe.instrument(id); }
  Price price(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_price(text).value();
  }
  Quantity quantity(InstrumentId id, std::string_view text) const {
    return instrument(id).parse_quantity(text).value();
  }
  Level level(InstrumentId id, std::string_view p, std::string_view q) const {
    return {price(id, p), quantity(id, q)};
  }

 private:
  InstrumentId add(VenueId venue, std::string_view symbol, Rate taker, FeeAsset charged_in) {
    Instrument i;
    i.venue = venue;
    i.base = btc;
    i.quote = usdt;
    i.symbol = symbol;
    i.price_scale = 2;
    i.qty_scale = 8;
    i.tick = 1;
    i.lot = 1000;  // 0.00001
    i.min_quantity = {10000};
    i.min_notional = Decimal::from_int(5);
    i.fees = {taker, taker, charged_in, 8};
    return universe.add_instrument(i);
  }
};

inline Decimal d(std::string_view text) { return Decimal::of(text); }

struct World : TwoVenues {
  Engine engine;
  CoreConfig config;
  Instant now{seconds(1000).ns};
  WallTime wall = wall_from_ms(1'700'000'000'000);  // 22:13 UTC
  std::uint32_t incarnation = 0;
  std::vector<std::vector<std::byte>> journal;  // every event, as the journal holds it
  Actions all;                                  // every action
  std::vector<OrderRequest> placed;             // since clear()
  std::vector<Amend> amended;
  std::vector<OrderId> asked;  // QueryOrder since clear()
  std::vector<OrderId> cancelled;
  std::vector<Alert> alerts;
  std::vector<ExecutionResolved> resolved;
  std::vector<OpportunityFound> opportunities;
  std::vector<Booked> booked;
  int stopped = 0;
  bool answers_balances = true;
  std::map<std::pair<VenueId, AssetId>, Decimal> owned;  // the venues' truth
  std::uint64_t fills_made = 0;

  World() {
    owned[{binance, usdt}] = d("50000");
    owned[{binance, btc}] = d("1");
    owned[{kraken, usdt}] = d("50000");
    owned[{kraken, btc}] = d("1");
  }

  void clear() {
    placed.clear();
    amended.clear();
    asked.clear();
    cancelled.clear();
    alerts.clear();
    resolved.clear();
    opportunities.clear();
    booked.clear();
  }

  // One event in, all that follows from it (the venues answer questions about balances at once).
  void send(const Event& event) {
    encode_event(event, now, journal.emplace_back());
    Actions out;
    engine.on(event, now, out);
    std::vector<VenueId> balances_of;
    for (const Action& action : out) {
      all.push_back(action);
      if (const auto* a = std::get_if<Place>(&action)) placed.push_back(*a->order);
      if (const auto* a = std::get_if<Amend>(&action)) amended.push_back(*a);
      if (const auto* a = std::get_if<QueryOrder>(&action)) asked.push_back(a->order);
      if (const auto* a = std::get_if<Cancel>(&action)) cancelled.push_back(a->order);
      if (const auto* a = std::get_if<Alert>(&action)) alerts.push_back(*a);
      if (const auto* a = std::get_if<ExecutionResolved>(&action)) resolved.push_back(*a);
      if (const auto* a = std::get_if<OpportunityFound>(&action)) opportunities.push_back(*a);
      if (const auto* a = std::get_if<Booked>(&action)) booked.push_back(*a);
      if (const auto* a = std::get_if<QueryBalances>(&action)) balances_of.push_back(a->venue);
      if (std::holds_alternative<Stopped>(action)) ++stopped;
    }
    if (!answers_balances) return;
    for (const VenueId venue : balances_of) tell_balances(venue);
  }

  void tell_balances(VenueId venue) {
    for (const auto& [where, total] : owned) {
      if (where.first == venue) send(BalanceReported{venue, where.second, total, {}, times()});
    }
    send(BalancesComplete{venue, times(), now});
  }
  Times times() const { return {wall, now}; }

  // --- lives ---
  void start() {
    send(Started{++incarnation, wall, &universe, &config});
    send(Timer{wall});
  }
  void connect() {
    for (const VenueId venue : {binance, kraken}) {
      send(ConnectionUp{venue, Channel::MarketData});
      send(ConnectionUp{venue, Channel::Trading});
    }
  }
  // Connected, reconciled, books Valid without an edge, nothing pending.
  void up() {
    start();
    connect();
    no_edge();
    wait(milliseconds(500));
    clear();
  }

  // --- time: a timer every 100 ms, the markets alive ---
  void wait(Duration how_long) {
    for (const Instant end = now + how_long; now < end;) {
      now = now + milliseconds(100);
      wall = wall + milliseconds(100);
      for (const VenueId venue : {binance, kraken}) send(Heartbeat{venue, times()});
      send(Timer{wall});
    }
  }

  // --- markets ---
  void book(InstrumentId id, std::string_view bid, std::string_view ask,
            std::string_view quantity = "1") {
    const Level bids[] = {level(id, bid, quantity)};
    const Level asks[] = {level(id, ask, quantity)};
    send(BookSnapshot{id, times(), 1, std::nullopt, bids, asks});
  }
  void no_edge() {
    book(at_binance, "59995", "60000");
    book(at_kraken, "59995", "60005");
  }
  // Kraken pays 100 bps more than Binance asks, for 0.1 BTC: 30 bps of it are fees.
  void edge() {
    book(at_binance, "59995", "60000", "0.1");
    book(at_kraken, "60600", "60605", "0.1");
  }

  // --- venues ---
  void ack(const OrderRequest& order) {
    send(OrderAcked{order.id, VenueOrderId("v" + std::to_string(order.id.value)), times()});
  }
  // Happens at the venue; delivered when the test says so.
  Fill make_fill(const OrderRequest& order, std::string_view quantity,
                 std::string_view at_price = "") {
    const Instrument& on = instrument(order.instrument);
    Fill f;
    f.order = order.id;
    f.instrument = order.instrument;
    f.id = FillId("f" + std::to_string(++fills_made));
    f.side = order.side;
    f.price = at_price.empty() ? order.price : price(order.instrument, at_price);
    f.quantity = this->quantity(order.instrument, quantity);
    const auto fee = on.taker_fee(f.side, f.price, f.quantity);
    f.fee = fee.amount;
    f.fee_asset = fee.asset;
    const Decimal base = on.quantity_decimal(f.quantity);
    const Decimal quote = on.notional(f.price, f.quantity);
    owned[{on.venue, on.base}] += f.side == Side::Buy ? base : -base;
    owned[{on.venue, on.quote}] += f.side == Side::Buy ? -quote : quote;
    owned[{on.venue, f.fee_asset}] -= f.fee;
    return f;
  }
  void deliver(const Fill& f) { send(OrderFilled{f, times()}); }
  void fill(const OrderRequest& order, std::string_view quantity, std::string_view at = "") {
    deliver(make_fill(order, quantity, at));
  }
  // By value: it may be one of `placed`, which grows meanwhile.
  void fill_all(OrderRequest order) {
    ack(order);
    const std::string whole = format_scaled(order.quantity.units, 8);
    fill(order, whole);
    ended(order, OrderState::Filled, whole);
  }
  void ended(const OrderRequest& order, OrderState state, std::string_view filled) {
    send(OrderEnded{order.id, state, quantity(order.instrument, filled), times()});
  }
  void reject(const OrderRequest& order, RejectReason why = RejectReason::VenueBusy) {
    send(OrderRejected{order.id, why, "no", times()});
  }
  void found(const OrderRequest& order, OrderState state, std::string_view filled) {
    send(OrderFound{order.id, VenueOrderId("v" + std::to_string(order.id.value)), state,
                    quantity(order.instrument, filled), times()});
  }
  // Where it stands as well, to a question of now.
  void found_at(const OrderRequest& order, OrderState state, std::string_view filled,
                const OrderTerms& terms, std::optional<Instant> at = {}) {
    const Instant asked_at = at.value_or(now);
    send(OrderFound{order.id, VenueOrderId("v" + std::to_string(order.id.value)), state,
                    quantity(order.instrument, filled), times(), order.instrument, terms,
                    asked_at});
  }
  void amend_done(const Amend& amend) {
    send(OrderAmended{amend.order->id, terms_of(*amend.order), amend.venue_order_id, times()});
  }
  void amend_refused(const Amend& amend, RejectReason why = RejectReason::InvalidOrder) {
    send(AmendRejected{amend.order->id, why, "no", times()});
  }
  void not_found(const OrderRequest& order) { send(OrderNotFound{order.id, times()}); }
  void unknown(const OrderRequest& order) {
    send(OrderUnknown{order.id, UnknownReason::TimedOut, times()});
  }
  void command(const Command& c) { send(CommandReceived{c}); }

  // --- what the engine shows ---
  CoreStatus status() const {
    CoreStatus s;
    engine.status(s);
    return s;
  }
  Decimal ledger(VenueId venue, AssetId asset) const {
    for (const BalanceStatus& b : status().balances) {
      if (b.venue == venue && b.asset == asset) return b.total;
    }
    return {};
  }
  bool ledger_is_what_the_venues_own() const {
    for (const auto& [where, total] : owned) {
      if (ledger(where.first, where.second) != total) return false;
    }
    return true;
  }
  Decimal inventory() const {
    const CoreStatus s = status();
    return s.inventory.empty() ? Decimal() : s.inventory[0].base;
  }
  bool halted(const Scope& scope) const {
    const CoreStatus s = status();
    return std::find(s.halts.begin(), s.halts.end(), scope) != s.halts.end();
  }
  int told(AlertCode code) const {
    return static_cast<int>(std::count_if(alerts.begin(), alerts.end(),
                                          [&](const Alert& a) { return a.code == code; }));
  }

  static HaltCommand halt(Scope scope = {}) { return {scope, "ada", "looks odd"}; }
  static ResumeCommand resume(Scope scope = {}) { return {scope, "ada", "looked at it"}; }

  // --- the journal ---
  // A new engine that is fed the journal: what a restarted process does first.
  void fold_into(Engine& other) const {
    DecodedEvent decoded;
    Actions ignored;
    for (const auto& record : journal) {
      ASSERT_TRUE(decode_event(record, decoded).ok());
      rebind(decoded);
      other.on(decoded.event, decoded.now, ignored);
      ignored.clear();
    }
  }
  // Rules of venues are code, not journal.
  void rebind(DecodedEvent& decoded) const {
    if (!std::holds_alternative<Started>(decoded.event)) return;
    for (const VenueId v : {binance, kraken}) {
      decoded.universe.venue(v) = universe.venue(v);
    }
  }
  std::vector<std::byte> actions_of_replay() const {
    Engine other;
    DecodedEvent decoded;
    std::vector<std::byte> bytes;
    Actions out;
    for (const auto& record : journal) {
      EXPECT_TRUE(decode_event(record, decoded).ok());
      rebind(decoded);
      out.clear();
      other.on(decoded.event, decoded.now, out);
      for (const Action& action : out) encode_action(action, bytes);
    }
    return bytes;
  }
  std::vector<std::byte> actions_done() const {
    std::vector<std::byte> bytes;
    for (const Action& action : all) encode_action(action, bytes);
    return bytes;
  }
};

}  // namespace ats::core::testing
