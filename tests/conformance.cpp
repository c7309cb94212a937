#include "conformance.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/risk/risk_gate.hpp"
#include "sim/assets.hpp"

namespace ats::conformance {

namespace {

constexpr Duration step = milliseconds(50);
constexpr int levels_a_side = 20;

std::string path_in(const std::string& url) {
  const std::size_t host = url.find("://");
  if (host == std::string::npos) return "/";
  const std::size_t path = url.find('/', host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

}  // namespace

std::vector<std::string> venues_to_test() {
  std::vector<std::string> names;
  for (const venues::Protocol* protocol : venues::protocols()) {
    if (protocol->make_server != nullptr && protocol->make_client != nullptr)
      names.emplace_back(protocol->name);
  }
  return names;
}

std::vector<std::string> venues_with_checksums() {
  std::vector<std::string> names = venues_to_test();
  std::erase_if(names, [](const std::string& name) {
    return venues::find_protocol(name)->rules.checksum == nullptr;
  });
  return names;
}

std::vector<std::string> venues_with_amends() {
  std::vector<std::string> names = venues_to_test();
  std::erase_if(names, [](const std::string& name) {
    return venues::find_protocol(name)->amends == AmendRule::Nothing;
  });
  return names;
}

Desk::Desk(const std::string& venue, const std::string& secret)
    : protocol_(venues::find_protocol(venue)) {
  ATS_ASSERT(protocol_ != nullptr);
  venue_ = exchange_universe_.add_venue(venue, protocol_->rules, protocol_->amends);
  for (const char* base : {"BTC", "ETH"}) {
    const auto* coin = sim::find_asset_model(base);
    for (const char* quote : {"USDT", "USD", "KRW"}) {
      const auto price = coin->price().divide_floor(sim::find_asset_model(quote)->price());
      auto listing = protocol_->simulated_listing(base, quote, *price);
      if (!listing) continue;
      listing->venue = venue_;
      listing->base = exchange_universe_.add_asset(base);
      listing->quote = exchange_universe_.add_asset(quote);
      listed_.push_back(exchange_universe_.add_instrument(*listing));
      break;
    }
  }
  ATS_ASSERT(listed_.size() == 2);
  exchange_.reset(new sim::Exchange(exchange_universe_, venue_, *this));
  exchange_->set_time(instant_, wall_);
  venues::Credentials credentials = protocol_->simulated_credentials(std::string(64, '7'));
  account_ = exchange_->open_account(credentials.key, std::string(credentials.secret.reveal()));
  for (const InstrumentId id : listed_) {
    const Instrument& i = exchange_universe_.instrument(id);
    for (const AssetId asset : {i.base, i.quote}) {
      const auto* model = sim::find_asset_model(exchange_universe_.asset(asset).name.view());
      if (exchange_->balance(account_, asset).total.is_zero()) {
        exchange_->deposit(account_, asset,
                           *Decimal::from_int(100'000).divide_floor(model->price(), 2));
      }
    }
  }
  server_ = protocol_->make_server(*exchange_);
  make_books();
  news_.clear();
  read_metadata();
  if (!secret.empty()) credentials.secret = secret;
  venues::ClientSetup setup;
  setup.venue = universe_.find_venue(venue);
  setup.universe = &universe_;
  setup.instruments = ours_;
  setup.credentials = credentials;
  setup.market_path = path_in(protocol_->urls.market);
  client_ = protocol_->make_client(setup);
  books_.emplace(universe_);
}

Desk::~Desk() = default;

// The client's universe comes from the venue's own answers.
void Desk::read_metadata() {
  std::vector<venues::WantedPair> pairs;
  for (const InstrumentId id : listed_) {
    const Instrument& i = exchange_universe_.instrument(id);
    pairs.push_back({std::string(exchange_universe_.asset(i.base).name.view()),
                     std::string(exchange_universe_.asset(i.quote).name.view())});
  }
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : protocol_->metadata_requests(pairs)) {
    answers.push_back(server_->on_http(request));
    ATS_ASSERT(answers.back().status == 200);
  }
  const VenueId venue = universe_.add_venue(protocol_->name, protocol_->rules, protocol_->amends);
  const auto read = protocol_->read_metadata(answers, pairs, venue, universe_);
  ATS_ASSERT(read.ok());
  for (const venues::WantedPair& pair : pairs) {
    const PairId id =
        universe_.add_pair(universe_.add_asset(pair.base), universe_.add_asset(pair.quote));
    ours_.push_back(universe_.find_instrument(venue, id));
    ATS_ASSERT(ours_.back().valid());
  }
}

const Instrument& Desk::listed(std::size_t n) const {
  return exchange_universe_.instrument(listed_[n]);
}
const Instrument& Desk::ours(std::size_t n) const { return universe_.instrument(ours_[n]); }

venues::Now Desk::now() const { return {instant_, wall_}; }

std::string Desk::path_of(Channel channel) const {
  return path_in(channel == Channel::MarketData ? protocol_->urls.market : protocol_->urls.trading);
}

venues::SessionId Desk::session_of(Channel channel) const {
  return lines_[static_cast<std::size_t>(channel)].session;
}

void Desk::open(Channel channel) {
  Line& line = lines_[static_cast<std::size_t>(channel)];
  line.open = true;
  line.again_at.reset();
  line.session = ++sessions_;
  const std::string target = path_of(channel);
  EXPECT_TRUE(server_->accepts(target.substr(0, target.find('?')))) << target;
  if (server_->refuse_upgrade({"GET", target, client_->handshake_headers(channel, now()), {}})) {
    line.open = false;
    return;
  }
  server_->on_open(line.session, target, *this);
  client_->on_open(channel, now(), *this, *this);
  pump();
}

void Desk::close(Channel channel) {
  Line& line = lines_[static_cast<std::size_t>(channel)];
  if (!line.open) return;
  line.open = false;
  std::erase_if(to_server_, [&](const auto& sent) { return sent.first == channel; });
  std::erase_if(to_client_, [&](const auto& sent) { return sent.first == line.session; });
  server_->on_close(line.session);
  client_->on_close(channel, now(), *this);
  if (line.up) on(ConnectionDown{universe_.find_venue(protocol_->name), channel});
  line.up = false;
}

bool Desk::open() {
  open(Channel::MarketData);
  open(Channel::Trading);
  const auto ready = [&] {
    return lines_[0].up && lines_[1].up && book_state(0) == BookState::Valid &&
           book_state(1) == BookState::Valid;
  };
  for (int n = 0; n < 200 && !ready(); ++n) pass(step);
  return ready();
}

void Desk::pass(Duration time) {
  for (Duration left = time; left.ns > 0; left = left - step) {
    instant_ = instant_ + step;
    wall_ = wall_ + step;
    exchange_->set_time(instant_, wall_);
    server_->on_tick(*this);
    client_->on_timer(now(), *this, *this);
    tell_pong();
    actions_.clear();
    books_->on_timer(instant_, actions_);
    carry_out();
    for (const Channel channel : std::exchange(lost_, {})) close(channel);
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      Line& line = lines_[static_cast<std::size_t>(channel)];
      if (!line.again_at || instant_ < *line.again_at) continue;
      line.again_at.reset();
      open(channel);
    }
    pump();
  }
}

void Desk::tell_pong() {
  const venues::ChannelPolicy& policy = protocol_->market_policy;
  const Line& line = lines_[static_cast<std::size_t>(Channel::MarketData)];
  if (!policy.pongs_are_heartbeats || instant_ - pinged_ < policy.ping_every) return;
  pinged_ = instant_;
  if (line.up && !market_dead) on(Heartbeat{universe_.find_venue(protocol_->name), {{}, instant_}});
}

// What the books want.
void Desk::carry_out() {
  const Actions wanted = std::exchange(actions_, {});
  for (const Action& action : wanted) {
    if (const auto* ask = std::get_if<RequestSnapshot>(&action)) {
      if (client_->request_snapshot(ask->instrument, now(), *this) != venues::SendOutcome::Sent)
        on(BookFault{ask->instrument, universe_.find_venue(protocol_->name),
                     BookFaultReason::SnapshotFailed});
    } else if (const auto* again = std::get_if<Resubscribe>(&action)) {
      if (client_->resubscribe(again->instrument, now(), *this) != venues::SendOutcome::Sent)
        on(BookFault{again->instrument, universe_.find_venue(protocol_->name),
                     BookFaultReason::SubscriptionLost});
    }
  }
}

void Desk::tell_news() {
  while (!news_.empty()) {
    const auto next = std::move(news_.front());
    news_.pop_front();
    next();
  }
}

void Desk::tell_ready() {
  for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
    Line& line = lines_[static_cast<std::size_t>(channel)];
    if (!line.open || line.up || !client_->ready(channel)) continue;
    line.up = true;
    on(ConnectionUp{universe_.find_venue(protocol_->name), channel});
  }
}

bool Desk::deliver_one() {
  tell_news();
  if (!to_server_.empty()) {
    const auto [channel, frame] = std::move(to_server_.front());
    to_server_.pop_front();
    if (!lines_[static_cast<std::size_t>(channel)].open) return true;
    if (refusing) {
      if (auto answer = server_->refuse_order(*refusing, frame)) {
        to_client_.emplace_back(session_of(channel), *answer);
        return true;
      }
    }
    if (overhear_to_server) overhear_to_server(channel, frame);
    server_->on_text(session_of(channel), frame, *this);
    return true;
  }
  if (!rest_.empty()) {
    const auto [tag, request] = std::move(rest_.front());
    rest_.pop_front();
    ++rest_requests;
    if (refusing) {
      client_->on_response(tag, server_->refuse(*refusing), now(), *this, *this);
      return true;
    }
    if (overhear_request) overhear_request(request);
    HttpResponse response = server_->on_http(request);
    if (on_answer) response = on_answer(std::move(response));
    if (deaf) {
      client_->on_rest_failed(tag, TransportError::TimedOut, now(), *this, *this);
    } else {
      client_->on_response(tag, response, now(), *this, *this);
    }
    return true;
  }
  if (!to_client_.empty()) {
    auto [session, frame] = std::move(to_client_.front());
    to_client_.pop_front();
    for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
      const Line& line = lines_[static_cast<std::size_t>(channel)];
      if (!line.open || line.session != session) continue;
      if (channel == Channel::MarketData) {
        if (market_dead) return true;
        ++market_frames;
        if (on_market_frame) {
          auto changed = on_market_frame(std::move(frame));
          if (!changed) return true;
          frame = std::move(*changed);
        }
      } else if (deaf) {
        return true;
      }
      if (overhear_to_client) overhear_to_client(channel, frame);
      client_->on_text(channel, frame, now(), *this, *this);
    }
    tell_ready();
    return true;
  }
  tell_ready();
  return !news_.empty() || !to_server_.empty() || !rest_.empty() || !to_client_.empty();
}

void Desk::pump() {
  int guard = 0;
  while (deliver_one()) ATS_ASSERT(++guard < 200'000);
}

venues::FrameOutcome Desk::tell_client(Channel channel, std::string_view frame) {
  const std::vector<char> own(frame.begin(), frame.end());
  const auto outcome = client_->on_text(channel, {own.data(), own.size()}, now(), *this, *this);
  pump();
  return outcome;
}

void Desk::tell_server(Channel channel, std::string_view frame) {
  const std::vector<char> own(frame.begin(), frame.end());
  server_->on_text(session_of(channel), {own.data(), own.size()}, *this);
  pump();
}

void Desk::on(const Event& event) {
  // Spans live only while the event is told: what the tests look at later has none.
  actions_.clear();
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    books_->on_snapshot(*snapshot, instant_, actions_);
  } else if (const auto* delta = std::get_if<BookDelta>(&event)) {
    books_->on_delta(*delta, instant_, actions_);
  } else if (const auto* fault = std::get_if<BookFault>(&event)) {
    books_->on_fault(*fault, instant_, actions_);
    events.push_back(event);
  } else if (const auto* up = std::get_if<ConnectionUp>(&event)) {
    if (up->channel == Channel::MarketData)
      books_->on_connection(up->venue, true, instant_, actions_);
    events.push_back(event);
  } else if (const auto* down = std::get_if<ConnectionDown>(&event)) {
    if (down->channel == Channel::MarketData)
      books_->on_connection(down->venue, false, instant_, actions_);
    events.push_back(event);
  } else {
    if (const auto* beat = std::get_if<Heartbeat>(&event))
      books_->on_heartbeat(beat->venue, instant_, instant_, actions_);
    events.push_back(event);
  }
  carry_out();
}

void Desk::send_text(Channel channel, std::string_view frame) {
  to_server_.emplace_back(channel, frame);
}
void Desk::send_rest(venues::RestTag tag, const HttpRequest& request, Duration) {
  rest_.emplace_back(tag, request);
}
void Desk::reconnect(Channel channel, std::string_view why) {
  reconnects.emplace_back(why);
  lose(channel);
}
void Desk::send_text(venues::SessionId session, std::string_view frame) {
  to_client_.emplace_back(session, frame);
}
void Desk::send_binary(venues::SessionId session, std::string_view frame) {
  to_client_.emplace_back(session, frame);
}
void Desk::close(venues::SessionId session, int, std::string_view) {
  for (const Channel channel : {Channel::MarketData, Channel::Trading}) {
    if (session_of(channel) == session) lose(channel);
  }
}

// A new one comes after a pause, as in life.
void Desk::lose(Channel channel) {
  Line& line = lines_[static_cast<std::size_t>(channel)];
  if (!line.open || line.again_at) return;
  lost_.push_back(channel);
  line.again_at = instant_ + milliseconds(500);
}

// News waits until the call that made it is over, as behind sockets.
void Desk::on_book(const venues::BookChange& change) {
  news_.emplace_back([this, change] { server_->on_book(change, *this); });
}
void Desk::on_trade(const venues::PublicTrade& trade) {
  news_.emplace_back([this, trade] { server_->on_trade(trade, *this); });
}
void Desk::on_order(const venues::OrderUpdate& update) {
  news_.emplace_back([this, update] { server_->on_order(update, *this); });
}
void Desk::on_balance(sim::AccountId account, const venues::VenueBalance& balance) {
  news_.emplace_back([this, account, balance] { server_->on_balance(account, balance, *this); });
}

void Desk::make_books() {
  for (const InstrumentId id : listed_) {
    const Instrument& i = exchange_universe_.instrument(id);
    const auto* coin = sim::find_asset_model(exchange_universe_.asset(i.base).name.view());
    const auto* money = sim::find_asset_model(exchange_universe_.asset(i.quote).name.view());
    const Decimal middle = *coin->price().divide_floor(money->price());
    Price bid = i.floor_to_tick({*middle.to_scaled_floor(i.price_scale)});
    Price ask = i.ceil_to_tick({bid.units + 1});
    // Each level is worth about a thousand units of money.
    const auto each = Decimal::from_int(1'000).divide_floor(coin->price());
    const Quantity size{
        std::max(i.lot, i.floor_to_lot({*each->to_scaled_floor(i.qty_scale)}).units)};
    for (int n = 0; n < levels_a_side; ++n) {
      exchange_->house_level(id, Side::Buy, bid, size);
      exchange_->house_level(id, Side::Sell, ask, size);
      bid = i.floor_to_tick({bid.units - 1});
      ask = i.ceil_to_tick({ask.units + 1});
    }
    exchange_->publish(id);
  }
}

void Desk::stir(std::size_t n, Rng& rng) {
  const Instrument& i = listed(n);
  for (int change = 0; change < 1 + static_cast<int>(rng.below(3)); ++change) {
    const Side side = rng.one_in(2) ? Side::Buy : Side::Sell;
    const auto levels = exchange_->queues(i.id).levels(side);
    const sim::MatchBook::QueueLevel& chosen = levels[rng.below(levels.size())];
    const Price price = chosen.price;
    const std::size_t left = levels.size();
    const Price best = exchange_->queues(i.id).best(side).price;
    const Price other = exchange_->queues(i.id).best(opposite(side)).price;
    const Price better =
        side == Side::Buy ? i.ceil_to_tick({best.units + 1}) : i.floor_to_tick({best.units - 1});
    const bool room = side == Side::Buy ? better < other : better > other;
    if (rng.one_in(4) && room) {
      exchange_->house_level(i.id, side, better,
                             {i.lot * static_cast<std::int64_t>(1 + rng.below(5000))});
    } else if (rng.one_in(3) && left > 5) {
      exchange_->house_level(i.id, side, price, {});
    } else if (rng.one_in(2)) {
      const Price near = side == Side::Buy ? i.floor_to_tick({price.units - 1})
                                           : i.ceil_to_tick({price.units + 1});
      exchange_->house_level(i.id, side, near,
                             {i.lot * static_cast<std::int64_t>(1 + rng.below(5000))});
    } else {
      exchange_->house_level(i.id, side, price,
                             {i.lot * static_cast<std::int64_t>(1 + rng.below(5000))});
    }
  }
  exchange_->publish(i.id);
}

BookState Desk::book_state(std::size_t n) const { return books_->view(ours_[n]).state(); }

bool Desk::book_valid(std::size_t n) const { return books_->view(ours_[n]).valid(instant_); }

BookStatus Desk::book_status(std::size_t n) const {
  std::vector<BookStatus> all;
  books_->status(all);
  return all[ours_[n].index()];
}

std::string Desk::difference(std::size_t n) const {
  const Instrument& theirs = listed(n);
  const Instrument& mine = ours(n);
  const std::size_t depth = rules().depth == 0 ? 1'000 : rules().depth;
  const venues::BookImage image = exchange_->book(theirs.id, depth);
  for (const Side side : {Side::Buy, Side::Sell}) {
    const auto& expected = side == Side::Buy ? image.bids : image.asks;
    core::TickBook::Cursor cursor = books_->view(ours_[n]).levels(side);
    Level level;
    std::size_t at = 0;
    for (; cursor.next(level); ++at) {
      if (at == expected.size())
        return fmt::format("{} has {}+ levels, not {}", name(side), at + 1, at);
      const Decimal price = mine.price_decimal(level.price);
      const Decimal quantity = mine.quantity_decimal(level.quantity);
      const Decimal price_there = theirs.price_decimal(expected[at].price);
      const Decimal quantity_there = theirs.quantity_decimal(expected[at].quantity);
      if (price != price_there || quantity != quantity_there) {
        return fmt::format("{} level {}: {} x {}, not {} x {}", name(side), at, price.to_string(),
                           quantity.to_string(), price_there.to_string(),
                           quantity_there.to_string());
      }
    }
    if (at != expected.size())
      return fmt::format("{} has {} levels, not {}", name(side), at, expected.size());
  }
  return {};
}

Price Desk::price_at(std::size_t n, Side side, int steps) const {
  const Instrument& theirs = listed(n);
  const Instrument& mine = ours(n);
  const Decimal best = theirs.price_decimal(exchange_->queues(theirs.id).best(side).price);
  Price price{*best.to_scaled(mine.price_scale)};
  for (int k = 0; k < std::abs(steps); ++k) {
    price =
        steps > 0 ? mine.ceil_to_tick({price.units + 1}) : mine.floor_to_tick({price.units - 1});
  }
  return price;
}

OrderRequest Desk::order(std::size_t n, Side side, Price price, int worth, TimeInForce tif) {
  const Instrument& i = ours(n);
  const auto* money = sim::find_asset_model(universe_.asset(i.quote).name.view());
  const Decimal amount = *Decimal::from_int(worth).divide_floor(money->price());
  const Decimal base = *amount.divide_floor(i.price_decimal(price));
  OrderRequest request;
  request.id = make_order_id(1, ++orders_);
  request.instrument = i.id;
  request.side = side;
  request.time_in_force = tif;
  request.price = price;
  request.quantity = i.floor_to_lot({*base.to_scaled_floor(i.qty_scale)});
  EXPECT_EQ(check_order(i, request.price, request.quantity), std::nullopt);
  return request;
}

Amend Desk::amend(const OrderRequest& order, const OrderTerms& terms,
                  const VenueOrderId& id) const {
  OrderRequest wanted = order;
  wanted.price = terms.price;
  wanted.quantity = terms.quantity;
  CoreConfig careless;
  careless.mutant = Mutant::PlaceWithoutApproval;
  core::RiskGate gate;
  gate.restart(universe_, careless, instant_);
  return {*gate.approve(wanted, {}), terms_of(order), id};
}

const venues::VenueOrder* Desk::newest_order() const {
  const venues::VenueOrder* newest = nullptr;
  for (std::uint64_t id = 1;; ++id) {
    const venues::VenueOrder* order = exchange_->find_order(account_, {id, ""});
    if (order == nullptr) return newest;
    newest = order;
  }
}

std::size_t Desk::orders_at_exchange() const {
  const venues::VenueOrder* newest = newest_order();
  return newest == nullptr ? 0 : static_cast<std::size_t>(newest->id);
}

std::vector<venues::VenueFill> Desk::newest_fills() const {
  const venues::VenueOrder* order = newest_order();
  if (order == nullptr) return {};
  return exchange_->fills(account_, order->id, 1'000);
}

}  // namespace ats::conformance
