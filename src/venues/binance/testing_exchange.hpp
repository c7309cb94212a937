// For tests and fuzzers only: a client and a server of the venue in one memory, and an exchange that does what a test says.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "venues/binance/client.hpp"
#include "venues/binance/server.hpp"

namespace ats::venues::binance {

constexpr const char* test_key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
constexpr const char* test_secret =
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

// BTC/USDT and ETH/USDT with usual steps.
inline Universe test_universe() {
  Universe universe;
  const VenueId venue = universe.add_venue("binance", {SequenceRule::Spanning, nullptr, 0, true});
  universe.add_asset("BNB");
  const auto add = [&](std::string_view symbol, std::string_view base) {
    Instrument i;
    i.venue = venue;
    i.base = universe.add_asset(base);
    i.quote = universe.add_asset("USDT");
    i.symbol = i.rest_symbol = Text<31>(symbol);
    i.price_scale = 2;
    i.qty_scale = 8;
    i.lot = 1'000;
    i.min_quantity = {1'000};
    i.min_notional = Decimal::of("5");
    i.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Received, 8};
    universe.add_instrument(i);
  };
  add("BTCUSDT", "BTC");
  add("ETHUSDT", "ETH");
  return universe;
}

class TestExchange final : public ExchangeApi {
 public:
  explicit TestExchange(const Universe& universe) : universe_(universe) {}

  // --- what the test decides ---
  WallTime clock = wall_from_ms(1'790'000'000'000);
  std::optional<PlaceFault> refuse;  // the next order
  Quantity fill_now;                 // of the next order, on arrival
  std::function<void(const OrderUpdate&)> on_update;
  std::function<void(const VenueBalance&)> on_balance;
  std::vector<NewOrder> placed;
  std::deque<VenueOrder> orders;
  std::vector<VenueFill> all_fills;
  std::vector<VenueBalance> held;
  BookImage image;
  std::vector<PublicTrade> prints;
  bool hide_fills = false;

  // A resting order is filled by somebody.
  void fill(std::uint64_t order_id, Quantity quantity) {
    VenueOrder& order = orders[order_id - 1];
    fill(order, quantity, Liquidity::Maker);
    if (order.executed == order.quantity) order.state = VenueOrderState::Filled;
  }

  // --- ExchangeApi ---
  const Universe& universe() const override { return universe_; }
  VenueId venue() const override { return VenueId{0}; }
  WallTime wall() const override { return clock; }
  std::span<const InstrumentId> instruments() const override { return instruments_; }
  AccountId find_key(std::string_view key, std::string& secret) const override {
    if (key != test_key) return {};
    secret = test_secret;
    return AccountId{1};
  }
  KeyGrants granted{test_key, false, {}};
  KeyGrants grants(AccountId) const override { return granted; }
  Result<VenueOrder, PlaceFault> place(const NewOrder& order) override {
    placed.push_back(order);
    if (refuse) return fail(*std::exchange(refuse, std::nullopt));
    VenueOrder made;
    made.id = orders.size() + 1;
    made.account = order.account;
    made.instrument = order.instrument;
    made.client_order_id = order.client_order_id;
    made.side = order.side;
    made.kind = order.kind;
    made.time_in_force = order.time_in_force;
    made.price = order.price;
    made.quantity = order.quantity;
    made.created = made.updated = clock;
    orders.push_back(made);
    VenueOrder& kept = orders.back();
    tell(OrderUpdate::Kind::New, kept);
    const Quantity now = std::min(std::exchange(fill_now, {}), kept.quantity);
    if (!now.is_zero()) fill(kept, now, Liquidity::Taker);
    if (kept.executed != kept.quantity && kept.time_in_force != TimeInForce::Gtc) {
      kept.state = VenueOrderState::Expired;
      tell(OrderUpdate::Kind::Expired, kept);
    }
    tell_balance();
    return kept;
  }
  Result<VenueOrder, CancelFault> cancel(AccountId account, const OrderRef& ref) override {
    const VenueOrder* found = find_order(account, ref);
    if (found == nullptr) return fail(CancelFault::UnknownOrder);
    VenueOrder& order = orders[found->id - 1];
    if (!order.live()) return fail(CancelFault::AlreadyOver);
    order.state = VenueOrderState::Cancelled;
    order.updated = clock;
    tell(OrderUpdate::Kind::Cancelled, order);
    return order;
  }
  Result<VenueOrder, AmendFault> amend(AccountId, const OrderRef&, const OrderTerms&) override {
    return fail(AmendFault{});  // not offered by its server
  }
  const VenueOrder* find_order(AccountId account, const OrderRef& ref) const override {
    for (const VenueOrder& order : orders) {
      const bool is_it =
          ref.id != 0 ? order.id == ref.id : order.client_order_id == ref.client_order_id;
      if (order.account == account && is_it) return &order;
    }
    return nullptr;
  }
  std::vector<VenueOrder> open_orders(AccountId) const override {
    std::vector<VenueOrder> open;
    std::ranges::copy_if(orders, std::back_inserter(open), &VenueOrder::live);
    return open;
  }
  std::vector<VenueOrder> closed_orders(AccountId, std::size_t) const override {
    std::vector<VenueOrder> closed;
    for (const VenueOrder& order : orders) {
      if (!order.live()) closed.insert(closed.begin(), order);
    }
    return closed;
  }
  std::vector<VenueFill> fills(AccountId, std::uint64_t order_id, std::size_t) const override {
    std::vector<VenueFill> found;
    if (hide_fills) return found;
    for (const VenueFill& fill : all_fills) {
      if (order_id == 0 || fill.order_id == order_id) found.push_back(fill);
    }
    return found;
  }
  std::vector<VenueBalance> balances(AccountId) const override { return held; }
  BookImage book(InstrumentId, std::size_t) const override { return image; }
  std::vector<PublicTrade> trades(InstrumentId, std::size_t) const override { return prints; }

 private:
  void fill(VenueOrder& order, Quantity quantity, Liquidity liquidity) {
    const Instrument& i = universe_.instrument(order.instrument);
    VenueFill fill;
    fill.trade_id = ++trades_;
    fill.order_id = order.id;
    fill.account = order.account;
    fill.instrument = order.instrument;
    fill.client_order_id = order.client_order_id;
    fill.side = order.side;
    fill.liquidity = liquidity;
    fill.price = order.price;
    fill.quantity = quantity;
    const Instrument::Fee fee = i.taker_fee(order.side, order.price, quantity);
    fill.fee = fee.amount;
    fill.fee_asset = fee.asset;
    fill.time = clock;
    all_fills.push_back(fill);
    order.executed += quantity;
    order.quote_executed += i.notional(order.price, quantity);
    order.state =
        order.executed == order.quantity ? VenueOrderState::Filled : VenueOrderState::PartlyFilled;
    tell(OrderUpdate::Kind::Fill, order, fill);
  }
  void tell(OrderUpdate::Kind kind, const VenueOrder& order,
            std::optional<VenueFill> of = std::nullopt) {
    if (on_update) on_update({kind, order, std::move(of)});
  }
  void tell_balance() {
    if (on_balance && !held.empty()) on_balance(held.front());
  }

  const Universe& universe_;
  std::vector<InstrumentId> instruments_{InstrumentId{0}, InstrumentId{1}};
  std::uint64_t trades_ = 0;
};

// Events as lines of text.
class EventLog final : public EventSink {
 public:
  void on(const Event& event) override { lines.push_back(show(event)); }
  std::vector<std::string> take() { return std::exchange(lines, {}); }
  std::vector<std::string> lines;

 private:
  static std::string show(const Event& event);
};

inline std::string EventLog::show(const Event& event) {
  const auto text = [](auto view) { return std::string(view); };
  if (const auto* e = std::get_if<OrderAcked>(&event)) {
    return "acked " + std::to_string(e->order.value) + " as " + text(e->venue_order_id.view());
  }
  if (const auto* e = std::get_if<OrderRejected>(&event)) {
    return "rejected " + std::to_string(e->order.value) + " " + name(e->reason) + ": " +
           text(e->message.view());
  }
  if (const auto* e = std::get_if<OrderFilled>(&event)) {
    const Fill& f = e->fill;
    return "filled " + std::to_string(f.order.value) + " #" + text(f.id.view()) + " " +
           name(f.side) + (f.liquidity == Liquidity::Maker ? " maker " : " taker ") +
           std::to_string(f.price.units) + ":" + std::to_string(f.quantity.units) + " fee " +
           f.fee.to_string() + " of " + std::to_string(f.fee_asset.value);
  }
  if (const auto* e = std::get_if<OrderEnded>(&event)) {
    return "ended " + std::to_string(e->order.value) + " " + name(e->state) + " " +
           std::to_string(e->filled.units);
  }
  if (const auto* e = std::get_if<OrderFound>(&event)) {
    return "found " + std::to_string(e->order.value) + " as " + text(e->venue_order_id.view()) +
           " " + name(e->state) + " " + std::to_string(e->filled.units);
  }
  if (const auto* e = std::get_if<OrderNotFound>(&event)) {
    return "not found " + std::to_string(e->order.value);
  }
  if (const auto* e = std::get_if<OrderUnknown>(&event)) {
    return "unknown " + std::to_string(e->order.value) + " " + name(e->reason);
  }
  if (const auto* e = std::get_if<CancelRejected>(&event)) {
    return "cancel rejected " + std::to_string(e->order.value) + " " + name(e->reason);
  }
  if (const auto* e = std::get_if<QueryFailed>(&event)) {
    return "query failed " + std::to_string(e->order.value);
  }
  if (const auto* e = std::get_if<OpenOrdersComplete>(&event)) {
    return std::to_string(e->ours) + " of ours open";
  }
  if (const auto* e = std::get_if<BalanceReported>(&event)) {
    return "balance " + std::to_string(e->asset.value) + " " + e->total.to_string() + " held " +
           e->held.to_string();
  }
  if (std::holds_alternative<BalancesComplete>(event)) return "balances complete";
  if (const auto* e = std::get_if<ForeignOrder>(&event)) {
    return "foreign " + text(e->venue_order_id.view()) + (e->open ? "" : " is over");
  }
  if (const auto* e = std::get_if<InstrumentChanged>(&event)) {
    return "instrument " + std::to_string(e->instrument.id.value) + " taker " +
           std::to_string(e->instrument.fees.taker.ppb);
  }
  const auto levels = [](std::span<const Level> of) {
    std::string all;
    for (const Level& l : of) {
      all += ' ' + std::to_string(l.price.units) + ':' + std::to_string(l.quantity.units);
    }
    return all;
  };
  if (const auto* e = std::get_if<BookDelta>(&event)) {
    return "delta " + std::to_string(e->instrument.value) + " " + std::to_string(e->first) + ".." +
           std::to_string(e->last) + levels(e->bids) + " |" + levels(e->asks);
  }
  if (const auto* e = std::get_if<BookSnapshot>(&event)) {
    return "snapshot " + std::to_string(e->instrument.value) + " " + std::to_string(e->last) +
           levels(e->bids) + " |" + levels(e->asks);
  }
  if (const auto* e = std::get_if<BookFault>(&event)) {
    return std::string("fault ") +
           (e->instrument.valid() ? std::to_string(e->instrument.value) : "all") + " " +
           name(e->reason);
  }
  if (const auto* e = std::get_if<Trade>(&event)) {
    return "trade " + std::to_string(e->instrument.value) + " " + name(e->taker_side) + " " +
           std::to_string(e->price.units) + ":" + std::to_string(e->quantity.units) + " #" +
           text(e->id.view());
  }
  if (const auto* e = std::get_if<Quote>(&event)) {
    return "quote " + std::to_string(e->instrument.value) + levels({&e->bid, 1}) +
           levels({&e->ask, 1});
  }
  if (std::holds_alternative<Heartbeat>(event)) return "heartbeat";
  return "event " + std::to_string(event.index());
}

// Client and server, joined by queues that move when the test says so.
class Conversation : public Outbox, public ServerOutbox {
 public:
  static constexpr SessionId market = 1;
  static constexpr SessionId trading = 2;

  explicit Conversation(Credentials credentials = {test_key, test_secret})
      : universe(test_universe()), exchange(universe), server(exchange) {
    ClientSetup setup{VenueId{0},
                      &universe,
                      {InstrumentId{0}, InstrumentId{1}},
                      std::move(credentials),
                      "/stream"};
    client = std::make_unique<SpotClient>(setup);
    exchange.on_update = [this](const OrderUpdate& u) {
      if (!deaf) server.on_order(u, *this);
    };
    exchange.on_balance = [this](const VenueBalance& b) {
      if (!deaf) server.on_balance(AccountId{1}, b, *this);
    };
  }
  virtual ~Conversation() = default;

  // --- the wires ---
  void send_text(Channel channel, std::string_view frame) override {
    to_server.emplace_back(channel == Channel::MarketData ? market : trading, frame);
  }
  void send_rest(RestTag tag, const HttpRequest& request, Duration) override {
    rest.emplace_back(tag, request);
  }
  void reconnect(Channel channel, std::string_view why) override {
    reconnects.push_back(std::string(name(channel)) + ": " + std::string(why));
  }
  void send_text(SessionId session, std::string_view frame) override {
    to_client.emplace_back(session, frame);
  }
  void send_binary(SessionId session, std::string_view) override {
    ATS_ASSERT(!"a binary frame" || session == 0);
  }
  void close(SessionId session, int code, std::string_view) override {
    closed.emplace_back(session, code);
  }

  // Our clock and the exchange's go on together.
  void pass(Duration time) {
    instant = instant + time;
    exchange.clock = exchange.clock + time;
  }
  Now now() const { return {instant, wall_from_ms((exchange.clock.ns_utc / 1'000'000) - skew_ms)}; }

  void open(Channel channel) {
    server.on_open(channel == Channel::MarketData ? market : trading,
                   channel == Channel::MarketData ? "/stream" : "/ws-api/v3", *this);
    client->on_open(channel, now(), log, *this);
    pump();
  }
  // Until nothing moves.
  void pump() {
    while (!to_server.empty() || !rest.empty() || !to_client.empty()) {
      if (!to_server.empty()) {
        const auto [session, frame] = to_server.front();
        to_server.pop_front();
        sent.push_back(frame);
        server.on_text(session, frame, *this);
      } else if (!to_client.empty()) {
        const auto [session, frame] = to_client.front();
        to_client.pop_front();
        heard.push_back(frame);
        client->on_text(session == market ? Channel::MarketData : Channel::Trading, frame, now(),
                        log, *this);
      } else {
        const auto [tag, request] = rest.front();
        rest.pop_front();
        asked.push_back(request.method + " " + request.target.substr(0, request.target.find('?')));
        client->on_response(tag, server.on_http(request), now(), log, *this);
      }
    }
  }
  void tick() {
    server.on_tick(*this);
    pump();
  }
  // A frame or an answer that the test makes up.
  FrameOutcome hear(std::string_view frame) {
    return client->on_text(Channel::Trading, frame, now(), log, *this);
  }
  HttpRequest answer(int status, std::string body, std::vector<HttpHeader> headers = {}) {
    ATS_ASSERT(!rest.empty());
    const auto [tag, request] = rest.front();
    rest.pop_front();
    client->on_response(tag, {status, std::move(headers), std::move(body)}, now(), log, *this);
    return request;
  }

  static OrderRequest order(std::uint64_t id, Side side = Side::Buy,
                            TimeInForce tif = TimeInForce::Ioc) {
    OrderRequest request;
    request.id = {id};
    request.instrument = InstrumentId{0};
    request.side = side;
    request.time_in_force = tif;
    request.price = {6'000'000};      // 60000.00
    request.quantity = {10'000'000};  // 0.1
    return request;
  }
  SendOutcome place(const OrderRequest& request) { return client->place(request, now(), *this); }

  Universe universe;
  TestExchange exchange;
  SpotServer server;
  std::unique_ptr<SpotClient> client;
  EventLog log;
  Instant instant{seconds(1'000).ns};
  std::int64_t skew_ms = 0;  // how far our clock is behind the exchange's
  bool deaf = false;         // the account stream is lost
  std::deque<std::pair<SessionId, std::string>> to_server, to_client;
  std::deque<std::pair<RestTag, HttpRequest>> rest;
  std::vector<std::string> sent, heard, asked, reconnects;
  std::vector<std::pair<SessionId, int>> closed;
};

}  // namespace ats::venues::binance
