#include "services/sim_venue.hpp"

#include <nlohmann/json.hpp>

#include "io/clock.hpp"

namespace ats::services {

using nlohmann::json;
using sim::FaultKind;
using venues::NewOrder;
using venues::OrderRef;
using venues::PlaceFault;
using venues::ServerFault;

namespace {

constexpr Duration tick_every = milliseconds(100);

std::string path_in(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t path = url.find('/', host);
  return path == std::string::npos ? "/" : url.substr(path);
}

}  // namespace

// Passes everything on to the exchange; an order whose answer is to be lost is carried out or not, and
// the answer swallowed.
class SimVenueServer::Door final : public venues::ExchangeApi {
 public:
  explicit Door(SimVenueServer& owner) : owner_(owner) {}

  Result<venues::VenueOrder, PlaceFault> place(const NewOrder& order) override {
    if (owner_.strike(FaultKind::TimeoutThenReject)) {
      owner_.swallow_answer_ = true;
      return fail(PlaceFault::Injected);
    }
    const bool unheard = owner_.strike(FaultKind::TimeoutThenAccept);
    owner_.placing_unheard_ = unheard;
    auto placed = exchange().place(order);
    owner_.placing_unheard_ = false;
    if (unheard) {
      owner_.swallow_answer_ = true;
      if (placed) owner_.unheard_.insert(placed->id);
    }
    return placed;
  }

  // The same of other terms for an order: it is heard of as before, but for this.
  Result<venues::VenueOrder, venues::AmendFault> amend(sim::AccountId account,
                                                       const OrderRef& order,
                                                       const OrderTerms& terms) override {
    if (owner_.strike(FaultKind::TimeoutThenReject)) {
      owner_.swallow_answer_ = true;
      return fail(venues::AmendFault{});
    }
    const bool unheard = owner_.strike(FaultKind::TimeoutThenAccept);
    owner_.placing_unheard_ = unheard;
    auto amended = exchange().amend(account, order, terms);
    owner_.placing_unheard_ = false;
    if (unheard) owner_.swallow_answer_ = true;
    return amended;
  }

  const Universe& universe() const override { return exchange().universe(); }
  VenueId venue() const override { return exchange().venue(); }
  WallTime wall() const override { return exchange().wall(); }
  std::span<const InstrumentId> instruments() const override { return exchange().instruments(); }
  sim::AccountId find_key(std::string_view key, std::string& secret) const override {
    return exchange().find_key(key, secret);
  }
  venues::KeyGrants grants(sim::AccountId account) const override {
    return exchange().grants(account);
  }
  Result<venues::VenueOrder, venues::CancelFault> cancel(sim::AccountId account,
                                                         const OrderRef& order) override {
    return exchange().cancel(account, order);
  }
  const venues::VenueOrder* find_order(sim::AccountId account,
                                       const OrderRef& order) const override {
    return exchange().find_order(account, order);
  }
  std::vector<venues::VenueOrder> open_orders(sim::AccountId account) const override {
    return exchange().open_orders(account);
  }
  std::vector<venues::VenueOrder> closed_orders(sim::AccountId account,
                                                std::size_t limit) const override {
    return exchange().closed_orders(account, limit);
  }
  std::vector<venues::VenueFill> fills(sim::AccountId account, std::uint64_t order,
                                       std::size_t limit) const override {
    return exchange().fills(account, order, limit);
  }
  std::vector<venues::VenueBalance> balances(sim::AccountId account) const override {
    return exchange().balances(account);
  }
  venues::BookImage book(InstrumentId instrument, std::size_t depth) const override {
    return exchange().book(instrument, depth);
  }
  std::vector<venues::PublicTrade> trades(InstrumentId instrument,
                                          std::size_t limit) const override {
    return exchange().trades(instrument, limit);
  }

 private:
  sim::Exchange& exchange() const { return owner_.exchange_; }
  SimVenueServer& owner_;
};

SimVenueServer::SimVenueServer(io::Reactor& reactor, const Universe& universe, VenueId venue,
                               Rng rng)
    : reactor_(reactor),
      exchange_(universe, venue, *this),
      door_(std::make_unique<Door>(*this)),
      rng_(rng) {
  const venues::Protocol* protocol = venues::find_protocol(universe.venue(venue).name.view());
  ATS_ASSERT(protocol != nullptr && protocol->make_server != nullptr);
  server_ = protocol->make_server(*door_);
  market_path_ = path_in(protocol->urls.market);
  market_alone_ = market_path_ != path_in(protocol->urls.trading);
}

SimVenueServer::~SimVenueServer() {
  *alive_ = false;
  reactor_.cancel(tick_timer_);
}

std::optional<io::ListenError> SimVenueServer::listen(std::uint16_t port) {
  io::HttpServerOptions options;
  options.port = port;
  options.websocket.ping_every =
      seconds(20);  // as Binance does; the others answer pings all the same
  auto http = io::HttpServer::listen(reactor_, *this, options);
  if (!http) return http.error();
  http_ = std::move(*http);
  tick_timer_ = reactor_.after(tick_every, [this] { tick(); });
  return std::nullopt;
}

void SimVenueServer::open_account(std::string key, std::string secret) {
  account_ = exchange_.open_account(std::move(key), std::move(secret));
}

void SimVenueServer::set_grants(bool withdraw, WallTime expires) {
  exchange_.set_grants(account_, withdraw, expires);
}

void SimVenueServer::deposit(AssetId asset, Decimal amount) {
  exchange_.deposit(account_, asset, amount);
}

void SimVenueServer::set_time(Instant now, WallTime wall) { exchange_.set_time(now, wall); }

std::string SimVenueServer::name() const {
  return std::string(exchange_.universe().venue(exchange_.venue()).name.view());
}

void SimVenueServer::inject(const sim::FaultOrder& order) {
  exchange_.set_time(io::OsClock::now(), io::OsClock::wall());
  exchange_.faults().inject(order, exchange_.now());
  refresh_faults();
  if (strike(FaultKind::Disconnect)) http_->reset_all();
  if (order.kind == FaultKind::StreamDown) {
    const std::set<io::SessionId> all = market_;
    for (const io::SessionId session : all) http_->reset(session);
  }
}

bool SimVenueServer::is_market(std::string_view target) const {
  return target.substr(0, target.find('?')) == market_path_;
}

// What the protocol side itself must show.
void SimVenueServer::refresh_faults() {
  server_->set_fault(ServerFault::Maintenance, active(FaultKind::Maintenance));
  if (!market_alone_) return;
  for (const io::SessionId session : market_) http_->mute(session, active(FaultKind::Mute));
}

Duration SimVenueServer::answer_delay() {
  return strike(FaultKind::Slow) ? exchange_.faults().by(FaultKind::Slow, exchange_.now())
                                 : Duration{};
}

void SimVenueServer::on_request(const HttpRequest& request, io::Responder responder) {
  exchange_.set_time(io::OsClock::now(), io::OsClock::wall());
  swallow_answer_ = false;
  if (const auto refusal = refused(!server_->is_order(request))) {
    // Of an order nobody knows whether it was carried out.
    if (*refusal == venues::Refusal::ServerError && rng_.one_in(2)) server_->on_http(request);
    responder.respond(server_->refuse(*refusal));
    return deliver();
  }
  const HttpResponse response = server_->on_http(request);
  const bool swallowed = std::exchange(swallow_answer_, false);
  const Duration wait = answer_delay();
  if (!swallowed && wait.ns == 0) {
    responder.respond(response);
  } else if (!swallowed) {
    reactor_.after(wait, [responder, response] { responder.respond(response); });
  }
  deliver();
}

std::optional<venues::Refusal> SimVenueServer::refused(bool question) {
  if (strike(FaultKind::Ban)) return venues::Refusal::Ban;
  if (strike(FaultKind::RateLimit)) return venues::Refusal::RateLimit;
  // A question that fails costs a repetition; orders are what it is for.
  if (!question && strike(FaultKind::ServerError)) return venues::Refusal::ServerError;
  return std::nullopt;
}

std::optional<HttpResponse> SimVenueServer::on_upgrade(const HttpRequest& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  exchange_.set_time(io::OsClock::now(), io::OsClock::wall());
  if (is_market(path) && strike(FaultKind::StreamDown))
    return HttpResponse{502, {}, "the stream is down"};
  if (server_->accepts(path)) return server_->refuse_upgrade(request);
  return HttpResponse{404, {}, "no WebSocket at this path"};
}

void SimVenueServer::on_open(io::SessionId session, std::string_view target) {
  telling_ = Telling::Answers;
  if (is_market(target)) market_.insert(session);
  refresh_faults();
  server_->on_open(session, target, *this);
}

void SimVenueServer::on_message(io::SessionId session, io::Opcode kind, std::string_view payload,
                                Instant) {
  if (kind != io::Opcode::Text) return;
  exchange_.set_time(io::OsClock::now(), io::OsClock::wall());
  swallow_answer_ = false;
  telling_ = Telling::Answers;
  // Asked for first: a fault counts only where it shows.
  if (auto answer = server_->refuse_order(venues::Refusal::ServerError, payload)) {
    if (const auto refusal = refused(false)) {
      answer = server_->refuse_order(*refusal, payload);
      swallow_answer_ = true;
      if (*refusal == venues::Refusal::ServerError && rng_.one_in(2))
        server_->on_text(session, payload, *this);
      swallow_answer_ = false;
      http_->send_text(session, *answer);
      return deliver();
    }
  }
  server_->on_text(session, payload, *this);
  swallow_answer_ = false;
  deliver();
}

void SimVenueServer::on_close(io::SessionId session, const io::WsClosed&) {
  market_.erase(session);
  server_->on_close(session);
}

void SimVenueServer::on_order(const venues::OrderUpdate& update) {
  if (placing_unheard_ || unheard_.contains(update.order.id)) return;
  news_.emplace_back(update);
}

void SimVenueServer::deliver() {
  while (!news_.empty()) {
    const News next = std::move(news_.front());
    news_.pop_front();
    tell(next);
  }
}

void SimVenueServer::tell(const News& news) {
  if (const auto* change = std::get_if<venues::BookChange>(&news)) {
    if (strike(FaultKind::BadChecksum)) server_->set_fault(ServerFault::BadChecksum, true);
    telling_ = Telling::Book;
    server_->on_book(*change, *this);
  } else if (const auto* trade = std::get_if<venues::PublicTrade>(&news)) {
    telling_ = Telling::Stream;
    if (!active(FaultKind::Mute)) server_->on_trade(*trade, *this);
  } else if (const auto* update = std::get_if<venues::OrderUpdate>(&news)) {
    telling_ = Telling::Stream;
    server_->on_order(*update, *this);
  } else {
    const auto& balance = std::get<BalanceNews>(news);
    telling_ = Telling::Stream;
    server_->on_balance(balance.account, balance.balance, *this);
  }
  telling_ = Telling::Answers;
}

void SimVenueServer::tick() {
  exchange_.set_time(io::OsClock::now(), io::OsClock::wall());
  refresh_faults();
  telling_ = Telling::Book;  // batches of book changes, heartbeats
  server_->on_tick(*this);
  telling_ = Telling::Answers;
  deliver();
  tick_timer_ = reactor_.after(tick_every, [this] { tick(); });
}

void SimVenueServer::send(venues::SessionId session, io::Opcode kind, std::string_view frame) {
  const auto put = [this, session, kind](std::string_view bytes) {
    if (kind == io::Opcode::Binary) {
      http_->send_binary(session, bytes);
    } else {
      http_->send_text(session, bytes);
    }
  };
  if (telling_ == Telling::Book) {
    if (active(FaultKind::Mute)) return;
    if (server_->is_book_delta(frame)) {
      if (strike(FaultKind::Gap)) return;
      if (strike(FaultKind::MalformedFrame)) {
        return put(frame.substr(0, frame.size() - 1 - rng_.below(frame.size() / 2)));
      }
    }
    return put(frame);
  }
  if (telling_ == Telling::Stream) return put(frame);
  if (swallow_answer_) return;
  if (const Duration wait = answer_delay(); wait.ns > 0) {
    reactor_.after(wait, [alive = alive_, put, text = std::string(frame)] {
      if (*alive) put(text);
    });
    return;
  }
  put(frame);
}

void SimVenueServer::close(venues::SessionId session, int code, std::string_view reason) {
  http_->close(session, static_cast<std::uint16_t>(code), reason);
}

json SimVenueServer::state() const {
  const Universe& u = exchange_.universe();
  const auto order_json = [&](const venues::VenueOrder& o) {
    const Instrument& i = u.instrument(o.instrument);
    return json{{"id", o.id},
                {"client_order_id", o.client_order_id},
                {"symbol", i.symbol.view()},
                {"side", ats::name(o.side)},
                {"price", format_scaled(o.price.units, i.price_scale)},
                {"quantity", format_scaled(o.quantity.units, i.qty_scale)},
                {"executed", format_scaled(o.executed.units, i.qty_scale)},
                {"live", o.live()}};
  };
  json account{{"balances", json::object()},
               {"open_orders", json::array()},
               {"orders", json::array()},
               {"fills", json::array()}};
  for (const venues::VenueBalance& b : exchange_.balances(account_)) {
    account["balances"][std::string(u.asset(b.asset).name.view())] = {
        {"total", b.total.to_string()}, {"held", b.held.to_string()}};
  }
  for (const auto& o : exchange_.open_orders(account_))
    account["open_orders"].push_back(order_json(o));
  for (const auto& o : exchange_.closed_orders(account_, 100'000))
    account["orders"].push_back(order_json(o));
  for (const auto& f : exchange_.fills(account_, 0, 100'000)) {
    const Instrument& i = u.instrument(f.instrument);
    account["fills"].push_back({{"trade_id", f.trade_id},
                                {"order_id", f.order_id},
                                {"client_order_id", f.client_order_id},
                                {"symbol", i.symbol.view()},
                                {"side", ats::name(f.side)},
                                {"price", format_scaled(f.price.units, i.price_scale)},
                                {"quantity", format_scaled(f.quantity.units, i.qty_scale)},
                                {"fee", f.fee.to_string()},
                                {"fee_asset", u.asset(f.fee_asset).name.view()}});
  }
  json faults = json::object();
  for (std::size_t n = 0; n < sim::fault_kind_count; ++n) {
    const auto kind = static_cast<sim::FaultKind>(n);
    faults[sim::name(kind)] = {{"injected", exchange_.faults().injected(kind)},
                               {"shown", exchange_.faults().struck(kind)}};
  }
  return {{"accounts", json::array({account})},
          {"faults", std::move(faults)},
          {"conserved", exchange_.conserved()}};
}

}  // namespace ats::services
