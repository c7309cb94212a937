// Sending, connections and time; rest_answers.cpp and trading_channel.cpp read what comes back.
#include "venues/binance/client.hpp"

#include <algorithm>

#include "venues/percent.hpp"

namespace ats::venues::binance {
namespace {

constexpr Duration answer_max = seconds(5);         // to a request on the trading channel
constexpr Duration subscription_max = seconds(10);  // to a SUBSCRIBE
constexpr Duration rest_timeout = seconds(5);
constexpr Duration clock_life = seconds(600);
constexpr Duration clock_retry = seconds(10);
// The venue closes a connection that sends more than five messages a second, pongs included.
constexpr Duration between_subscriptions = milliseconds(350);
constexpr std::size_t instruments_per_subscription = 50;

// Keys go unescaped into JSON, headers and signatures; real ones are letters and digits.
bool is_plain(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
  });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

SpotClient::SpotClient(const ClientSetup& setup)
    : setup_(setup),
      universe_(*setup.universe),
      may_trade_(is_plain(setup.credentials.key) && !setup.credentials.secret.empty()),
      decoder_(Product::Spot, setup.venue, *setup.universe),
      symbols_(setup.venue, *setup.universe),
      requests_(setup.credentials) {
  calls_.reserve(64);
}

const Instrument* SpotClient::instrument_of(std::string_view symbol) const {
  const Symbol* known = symbols_.find(symbol);
  return known == nullptr ? nullptr : &universe_.instrument(known->instrument);
}

const Instrument* SpotClient::instrument_of(InstrumentId id) const {
  if (id.index() >= universe_.instruments().size()) return nullptr;
  const Instrument& instrument = universe_.instrument(id);
  return instrument.venue == setup_.venue ? &instrument : nullptr;
}

void SpotClient::note_budget() {
  const RateBudget::Level level = budget_.tightest();
  counters_.rate_used = level.used;
  counters_.rate_limit = level.limit;
}

// --- connections ---

void SpotClient::on_open(Channel channel, const Now& now, EventSink&, Outbox& outbox) {
  if (channel == Channel::MarketData) {
    market_open_ = true;
    subscribed_ = 0;
    unanswered_subscriptions_ = 0;
    subscribe_more(now, outbox);
  } else {
    trading_open_ = true;
    account_open_ = false;
    subscribing_ = false;
    subscription_refused_ = false;
    ask_time(now, outbox);
    if (!clock_asked_) subscribe_account(now, outbox);
  }
}

void SpotClient::on_close(Channel channel, const Now& now, EventSink& sink) {
  if (channel == Channel::MarketData) {
    market_open_ = false;
    return;
  }
  trading_open_ = false;
  account_open_ = false;
  for (InFlight& request : in_flight_) {
    const bool about_order = request.what == Asked::Place || request.what == Asked::Cancel;
    if (about_order && !request.overdue) {
      routes_.failed(OrderRoute::Stream, now.instant);
      sink.on(OrderUnknown{request.order, UnknownReason::ConnectionLost, {{}, now.instant}});
    }
    request = {};
  }
}

void SpotClient::on_timer(const Now& now, EventSink& sink, Outbox& outbox) {
  if (market_open_) {
    if (unanswered_subscriptions_ != 0 && now.instant - last_subscription_ > subscription_max) {
      unanswered_subscriptions_ = 0;
      outbox.reconnect(Channel::MarketData, "subscription not answered");
    } else if (now.instant - last_subscription_ >= between_subscriptions) {
      subscribe_more(now, outbox);
    }
  }
  if (!trading_open_) return;
  for (InFlight& request : in_flight_) {
    if (request.what == Asked::Nothing || request.overdue ||
        now.instant - request.sent < answer_max) {
      continue;
    }
    request.overdue = true;
    if (request.what == Asked::SubscribeAccount) {
      outbox.reconnect(Channel::Trading, "account stream not answered");
    } else {
      routes_.failed(OrderRoute::Stream, now.instant);
      sink.on(OrderUnknown{request.order, UnknownReason::TimedOut, {{}, now.instant}});
    }
  }
  if (now.instant - clock_known_ > clock_life && now.instant - clock_tried_ > clock_retry) {
    ask_time(now, outbox);
  }
}

FrameOutcome SpotClient::on_text(Channel channel, std::string_view frame, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  FrameOutcome outcome;
  if (channel == Channel::MarketData) {
    outcome = decoder_.on_frame(frame, now.instant, sink);
    switch (decoder_.take_notice()) {
      case MarketNotice::None:
        break;
      case MarketNotice::Acknowledged:
        if (unanswered_subscriptions_ != 0) --unanswered_subscriptions_;
        break;
      case MarketNotice::SubscriptionRefused:
        outbox.reconnect(Channel::MarketData, "subscription refused");
        break;
      case MarketNotice::Shutdown:
        outbox.reconnect(Channel::MarketData, "the venue announced its shutdown");
        break;
    }
  } else {
    outcome = on_trading_text(frame, now, sink, outbox);
  }
  ++counters_.frames[static_cast<std::size_t>(outcome)];
  return outcome;
}

// --- market channel ---

std::string SpotClient::streams_of(std::size_t first, std::size_t count) const {
  std::string text;
  for (std::size_t i = first; i < first + count; ++i) {
    std::string symbol(universe_.instrument(setup_.instruments[i]).symbol.view());
    std::ranges::transform(symbol, symbol.begin(), lower);
    if (!text.empty()) text += ',';
    text += '"' + symbol + R"(@depth@100ms",")" + symbol + R"(@trade")";
  }
  return text;
}

void SpotClient::subscribe_more(const Now& now, Outbox& outbox) {
  const std::size_t count =
      std::min(instruments_per_subscription, setup_.instruments.size() - subscribed_);
  if (count == 0) return;
  outbox.send_text(Channel::MarketData, R"({"method":"SUBSCRIBE","params":[)" +
                                            streams_of(subscribed_, count) + R"(],"id":)" +
                                            std::to_string(++subscription_id_) + "}");
  subscribed_ += count;
  last_subscription_ = now.instant;
  ++unanswered_subscriptions_;
}

SendOutcome SpotClient::resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) {
  const auto at = std::ranges::find(setup_.instruments, instrument);
  if (at == setup_.instruments.end()) return SendOutcome::Invalid;
  if (!market_open_) return SendOutcome::NotConnected;
  const auto index = static_cast<std::size_t>(at - setup_.instruments.begin());
  if (index >= subscribed_) return SendOutcome::Sent;  // its turn comes
  if (now.instant - last_subscription_ < between_subscriptions) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  outbox.send_text(Channel::MarketData, R"({"method":"SUBSCRIBE","params":[)" +
                                            streams_of(index, 1) + R"(],"id":)" +
                                            std::to_string(++subscription_id_) + "}");
  last_subscription_ = now.instant;
  ++unanswered_subscriptions_;
  return SendOutcome::Sent;
}

// --- trading channel ---

bool SpotClient::has_room() const {
  const InFlight& slot = in_flight_[next_id_ % in_flight_max];
  return slot.what == Asked::Nothing || slot.overdue;
}

std::uint64_t SpotClient::new_request(Asked what, OrderId order, InstrumentId instrument,
                                      const Now& now) {
  in_flight_[next_id_ % in_flight_max] = {next_id_, what, false, order, instrument, now.instant};
  return next_id_++;
}

SpotClient::InFlight* SpotClient::find_request(std::uint64_t id) {
  InFlight& slot = in_flight_[id % in_flight_max];
  return slot.id == id && slot.what != Asked::Nothing ? &slot : nullptr;
}

SendOutcome SpotClient::place(const OrderRequest& order, const Now& now, Outbox& outbox) {
  const Instrument* instrument = instrument_of(order.instrument);
  if (instrument == nullptr || !order.id.valid() || order.price.units <= 0 ||
      order.quantity.units <= 0) {
    return SendOutcome::Invalid;
  }
  if (!account_open_) return SendOutcome::NotConnected;
  route_ = routes_.choose(now.instant);
  if (route_ == OrderRoute::Stream && !has_room()) {
    if (!routes_.free()) {
      ++counters_.rate_limited;
      return SendOutcome::RateLimited;
    }
    route_ = OrderRoute::Rest;
  }
  if (route_ == OrderRoute::Rest) {
    RestCall call;
    call.call = Call::Place;
    call.order = order.id;
    call.instrument = order.instrument;
    const auto outcome = send(call, requests_.place_by_rest(order, *instrument, venue_ms(now)),
                              RateBudget::Use::Order, 1, now, outbox);
    if (outcome == SendOutcome::Sent) ++counters_.orders_sent;
    return outcome;
  }
  if (!budget_.take(RateBudget::Use::Order, 1, venue_time(now))) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  const std::uint64_t id = new_request(Asked::Place, order.id, order.instrument, now);
  outbox.send_text(Channel::Trading, requests_.place(id, order, *instrument, venue_ms(now)));
  ++counters_.orders_sent;
  note_budget();
  return SendOutcome::Sent;
}

SendOutcome SpotClient::cancel(const Cancel& cancel, const Now& now, Outbox& outbox) {
  const Instrument* instrument = instrument_of(cancel.instrument);
  if (instrument == nullptr || !cancel.order.valid()) return SendOutcome::Invalid;
  if (!may_trade_) return SendOutcome::NotConnected;
  const bool by_stream =
      trading_open_ && has_room() && routes_.choose(now.instant) == OrderRoute::Stream;
  if (!by_stream) {
    RestCall call;
    call.call = Call::Cancel;
    call.order = cancel.order;
    call.instrument = cancel.instrument;
    return send(call, requests_.cancel_by_rest(cancel.order, *instrument, venue_ms(now)),
                RateBudget::Use::Cancel, 1, now, outbox);
  }
  if (!budget_.take(RateBudget::Use::Cancel, 1, venue_time(now))) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  const std::uint64_t id = new_request(Asked::Cancel, cancel.order, cancel.instrument, now);
  outbox.send_text(Channel::Trading,
                   requests_.cancel(id, cancel.order, *instrument, venue_ms(now)));
  note_budget();
  return SendOutcome::Sent;
}

void SpotClient::subscribe_account(const Now& now, Outbox& outbox) {
  if (!trading_open_ || account_open_ || subscribing_ || !may_trade_) return;
  // Without budget the driver's next connection tries again.
  if (!budget_.take(RateBudget::Use::Query, 2, venue_time(now))) {
    outbox.reconnect(Channel::Trading, "no request weight left to subscribe with");
    return;
  }
  const std::uint64_t id = new_request(Asked::SubscribeAccount, {}, {}, now);
  subscribing_ = true;
  outbox.send_text(Channel::Trading, requests_.subscribe_account(id, venue_ms(now)));
}

// --- REST ---

SendOutcome SpotClient::send(RestCall call, const HttpRequest& request, RateBudget::Use use,
                             std::uint64_t weight, const Now& now, Outbox& outbox) {
  if (!budget_.take(use, weight, venue_time(now))) {
    ++counters_.rate_limited;
    return SendOutcome::RateLimited;
  }
  call.tag = next_tag_++;
  call.sent = now.wall;
  call.asked = now.instant;
  calls_.push_back(call);
  note_budget();
  outbox.send_rest(call.tag, request, rest_timeout);
  return SendOutcome::Sent;
}

void SpotClient::ask_time(const Now& now, Outbox& outbox) {
  if (clock_asked_) return;
  RestCall call;
  call.call = Call::Time;
  clock_asked_ = true;
  clock_tried_ = now.instant;
  const HttpRequest request{"GET", "/api/v3/time", {}, {}};
  if (send(call, request, RateBudget::Use::Query, 1, now, outbox) != SendOutcome::Sent) {
    clock_asked_ = false;
  }
}

SendOutcome SpotClient::query_order(const QueryOrder& query, const Now& now, Outbox& outbox) {
  const Instrument* instrument = instrument_of(query.instrument);
  if (instrument == nullptr || !query.order.valid()) return SendOutcome::Invalid;
  if (!may_trade_) return SendOutcome::NotConnected;
  RestCall call;
  call.call = Call::Order;
  call.order = query.order;
  call.instrument = query.instrument;
  const std::string parameters =
      "symbol=" + percent_encoded(instrument->symbol.view()) +
      "&origClientOrderId=" + std::string(client_order_id(query.order).view());
  return send(call, requests_.get("/api/v3/order", parameters, venue_ms(now)),
              RateBudget::Use::Query, 4, now, outbox);
}

SendOutcome SpotClient::ask_fills(const RestCall& of, const OrderFound& found, const Now& now,
                                  Outbox& outbox) {
  const Instrument* instrument = instrument_of(of.instrument);
  if (instrument == nullptr) return SendOutcome::Invalid;
  RestCall call = of;
  call.call = Call::OrderFills;
  call.found = found;
  const std::string parameters = "symbol=" + percent_encoded(instrument->symbol.view()) +
                                 "&orderId=" + std::string(found.venue_order_id.view()) +
                                 "&limit=1000";
  return send(call, requests_.get("/api/v3/myTrades", parameters, venue_ms(now)),
              RateBudget::Use::Query, 5, now, outbox);
}

SendOutcome SpotClient::query_open_orders(const Now& now, Outbox& outbox) {
  if (!may_trade_) return SendOutcome::NotConnected;
  RestCall call;
  call.call = Call::OpenOrders;
  return send(call, requests_.get("/api/v3/openOrders", "", venue_ms(now)), RateBudget::Use::Query,
              80, now, outbox);
}

SendOutcome SpotClient::query_balances(const Now& now, Outbox& outbox) {
  if (!may_trade_) return SendOutcome::NotConnected;
  RestCall call;
  call.call = Call::Account;
  return send(call, requests_.get("/api/v3/account", "omitZeroBalances=true", venue_ms(now)),
              RateBudget::Use::Query, 20, now, outbox);
}

SendOutcome SpotClient::request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) {
  const Instrument* of = instrument_of(instrument);
  if (of == nullptr) return SendOutcome::Invalid;
  RestCall call;
  call.call = Call::Depth;
  call.instrument = instrument;
  const HttpRequest request{
      "GET", "/api/v3/depth?symbol=" + percent_encoded(of->symbol.view()) + "&limit=1000", {}, {}};
  return send(call, request, RateBudget::Use::Snapshot, 50, now, outbox);
}

}  // namespace ats::venues::binance
