// What is asked over REST and what becomes of the answers.
#include <algorithm>

#include "venues/upbit/client.hpp"
#include "venues/upbit/requests.hpp"

namespace ats::venues::upbit {
namespace {

constexpr Duration answer_max = seconds(5);
constexpr Duration retry_after = seconds(2);
constexpr Duration ban_first = seconds(30);  // how long it is its answer says in no known shape
constexpr Duration ban_longest = seconds(600);
constexpr std::size_t page_size = 100;

OrderState state_of(const RestOrder& order, Quantity executed, std::optional<Quantity> volume) {
  switch (order.state) {
    case OrderWord::Done:
      return OrderState::Filled;
    case OrderWord::Cancel:
    case OrderWord::Prevented:
      return volume && executed >= *volume ? OrderState::Filled : OrderState::Cancelled;
    default:
      return executed.is_zero() ? OrderState::Acked : OrderState::PartlyFilled;
  }
}

}  // namespace

void UpbitClient::send(RestCall call, std::string_view method, std::string_view path,
                       const Parameters& parameters, const Now& now, Outbox& outbox) {
  call.tag = ++next_tag_;
  call.asked = now.instant;
  const HttpRequest request = auth_->request(method, path, parameters, now.wall);
  calls_.push_back(call);
  outbox.send_rest(call.tag, request, answer_max);
}

bool UpbitClient::ask_open_orders(int page, std::uint32_t ours, const Now& now, Outbox& outbox) {
  if (blocked(now) || !default_rate_.take(cancel_reserve, now.instant)) {
    ++counters_.rate_limited;
    open_orders_due_ = now.instant + retry_after;
    return false;
  }
  if (page == 1) open_with_fills_.clear();
  RestCall call;
  call.question = Question::OpenOrders;
  call.page = page;
  call.ours = ours;
  Parameters parameters;
  parameters.add("states[]", "wait").add("states[]", "watch");
  parameters.add("page", std::to_string(page)).add("limit", std::to_string(page_size));
  send(call, "GET", "/v1/orders/open", parameters, now, outbox);
  return true;
}

// What is left of this second, as each answer tells; and what an answer about limits means.
void UpbitClient::count(const HttpResponse& response, Instant now) {
  RateGroup* group = nullptr;
  if (const std::string* header = response.header("Remaining-Req")) {
    const RemainingReq told = read_remaining(*header);
    group = told.group == "order"       ? &order_rate_
            : told.group == "default"   ? &default_rate_
            : told.group == "orderbook" ? &orderbook_rate_
                                        : nullptr;
    if (group != nullptr && told.left >= 0) group->told(told.left, now);
  }
  if (response.status == status_rate_limited) {
    // Which group it was nobody has to say; going on would be answered by a ban.
    for (RateGroup* each : {&order_rate_, &default_rate_, &orderbook_rate_})
      if (group == nullptr || group == each) each->block(now + seconds(1));
  } else if (response.status == status_banned) {
    ban_ = ban_.ns == 0 ? ban_first : std::min(ban_ * 2, ban_longest);
    blocked_until_ = now + ban_;
  } else {
    ban_ = {};
  }
}

void UpbitClient::on_response(RestTag tag, const HttpResponse& response, const Now& now,
                              EventSink& sink, Outbox& outbox) {
  const auto found = std::ranges::find(calls_, tag, &RestCall::tag);
  if (found == calls_.end()) return;
  const RestCall call = *found;
  calls_.erase(found);
  ++counters_.rest_answers;
  count(response, now.instant);
  constexpr int first_success = 200;
  constexpr int first_beyond = 300;
  if (response.status < first_success || response.status >= first_beyond) {
    ++counters_.rest_errors;
    refused(call, response.status, response.body, now, sink);
  } else if (!answered(call, response.body, now, sink, outbox)) {
    ++counters_.rest_errors;
    failed(call, TransportError::Malformed, now, sink);
  }
}

void UpbitClient::on_rest_failed(RestTag tag, TransportError error, const Now& now, EventSink& sink,
                                 Outbox&) {
  const auto found = std::ranges::find(calls_, tag, &RestCall::tag);
  if (found == calls_.end()) return;
  const RestCall call = *found;
  calls_.erase(found);
  ++counters_.rest_errors;
  failed(call, error, now, sink);
}

// No answer, or none that can be read. Nothing is concluded from it.
void UpbitClient::failed(const RestCall& call, TransportError error, const Now& now,
                         EventSink& sink) {
  switch (call.question) {
    case Question::Place: {
      TrackedOrder* const order = orders_.find(call.order);
      if (error == TransportError::NotSent) {
        if (order != nullptr) order->ended = true;
        sink.on(OrderNotSent{call.order});
        return;
      }
      const UnknownReason reason = error == TransportError::TimedOut ? UnknownReason::TimedOut
                                   : error == TransportError::Malformed
                                       ? UnknownReason::VenueSaysUnknown
                                       : UnknownReason::ConnectionLost;
      // The private stream may have told of it already.
      if (order == nullptr || !order->acked)
        sink.on(OrderUnknown{call.order, reason, times({}, now)});
      return;
    }
    case Question::Cancel:
      sink.on(CancelRejected{call.order, RejectReason::VenueBusy, times({}, now)});
      return;
    case Question::Order:
      sink.on(QueryFailed{call.order});
      return;
    case Question::OpenOrders:
    case Question::OpenOrder:
      open_orders_due_ = now.instant + retry_after;
      return;
    case Question::Balances:
      return;  // the core asks again
    case Question::Book:
      sink.on(BookFault{call.instrument, setup_.venue, BookFaultReason::SnapshotFailed});
      return;
  }
}

void UpbitClient::refused(const RestCall& call, int status, std::string_view body, const Now& now,
                          EventSink& sink) {
  const std::string name = error_name(json_, body);
  const Meaning meaning = meaning_of(status, name);
  if (call.question == Question::Place) {
    if (meaning.reaction != Reaction::Refused) {
      failed(call, TransportError::Malformed, now, sink);
      return;
    }
    if (TrackedOrder* const order = orders_.find(call.order)) order->ended = true;
    const std::string words = name.empty() ? "HTTP " + std::to_string(status) : name;
    sink.on(OrderRejected{call.order, meaning.reject, Text<63>::cut(words), times({}, now)});
  } else if (call.question == Question::Cancel) {
    const bool unknown = meaning.reaction == Reaction::Unknown;
    sink.on(CancelRejected{call.order, unknown ? RejectReason::VenueBusy : meaning.reject,
                           times({}, now)});
  } else if (call.question == Question::Order && meaning.reaction == Reaction::UnknownOrder) {
    sink.on(OrderNotFound{call.order, times({}, now)});
  } else if (call.question != Question::OpenOrder || meaning.reaction != Reaction::UnknownOrder) {
    failed(call, TransportError::Malformed, now, sink);
  }
}

bool UpbitClient::answered(const RestCall& call, std::string_view body, const Now& now,
                           EventSink& sink, Outbox& outbox) {
  if (call.question == Question::Book) {
    decoder_.on_depth_body(call.instrument, body, now.instant, sink);  // tells what is wrong itself
    return true;
  }
  if (!json_.open(body)) return false;
  if (call.question == Question::OpenOrders || call.question == Question::Balances) {
    json::array rows;
    if (json_.document().get_array().get(rows) != simdjson::SUCCESS) return false;
    return call.question == Question::Balances ? on_balances(call, rows, now, sink)
                                               : on_open_orders(call, rows, now, sink, outbox);
  }
  json::object root;
  if (json_.document().get_object().get(root) != simdjson::SUCCESS) return false;
  if (call.question == Question::Place) return on_placed(call, root, now, sink);
  RestOrder order;
  if (!read_rest_order(root, order)) return false;
  // That a cancel was taken says nothing yet: its end comes over the stream.
  if (call.question == Question::Cancel) return true;
  return tell_order(order, call.order, now, sink);
}

bool UpbitClient::on_placed(const RestCall& call, json::object& root, const Now& now,
                            EventSink& sink) {
  RestOrder told;
  TrackedOrder* const order = orders_.find(call.order);
  if (order == nullptr || !read_rest_order(root, told)) return false;
  order->venue_id = told.uuid;
  if (!order->acked && !order->ended) sink.on(OrderAcked{call.order, told.uuid, times({}, now)});
  order->acked = true;
  return true;
}

bool UpbitClient::on_open_orders(const RestCall& call, json::array& orders, const Now& now,
                                 EventSink& sink, Outbox& outbox) {
  std::vector<RestOrder> all;
  for (auto element : orders) {
    json::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS ||
        !read_rest_order(object, all.emplace_back()))
      return false;
  }
  bool sound = true;
  std::uint32_t ours = call.ours;
  for (const RestOrder& order : all) {
    auto id = parse_client_order_id(order.identifier);
    if (!id && orders_.find(order.uuid.view()) != nullptr) id = orders_.find(order.uuid.view())->id;
    const InstrumentId instrument = symbols_.find(order.market);
    if (!id || !instrument.valid()) {
      ForeignOrder other{setup_.venue, order.uuid};
      if (instrument.valid())
        set_terms(other, instrument, order.side, order.limit, order.volume, order.executed);
      sink.on(other);
      continue;
    }
    ++ours;
    if (setup_.cancel_only) {
      const auto executed = quantity_of(order.executed, universe_.instrument(instrument));
      sink.on(OrderFound{*id, order.uuid, OrderState::Acked, executed.value_or(Quantity{}),
                         times({}, now), instrument});
    } else if (order.trades_count != 0 || !order.executed.is_zero()) {
      open_with_fills_.push_back(*id);  // this answer does not have its fills
    } else {
      sound &= tell_order(order, *id, now, sink);
    }
  }
  if (all.size() == page_size) {
    ask_open_orders(call.page + 1, ours, now, outbox);
  } else if (sound) {
    sink.on(OpenOrdersComplete{setup_.venue, ours, times({}, now)});
  }
  return sound;
}

bool UpbitClient::on_balances(const RestCall& call, json::array& rows, const Now& now,
                              EventSink& sink) {
  struct Told {
    AssetId asset;
    Decimal total, held;
  };
  std::vector<Told> all;
  for (auto element : rows) {
    json::object row;
    AccountBalance balance;
    if (element.get_object().get(row) != simdjson::SUCCESS || !read_balance(row, balance))
      return false;
    const AssetId asset = universe_.find_asset(balance.currency);
    const auto total = balance.free.checked_add(balance.locked);
    if (!total) return false;
    if (asset.valid()) all.push_back({asset, *total, balance.locked});
  }
  for (const Told& told : all)
    sink.on(BalanceReported{setup_.venue, told.asset, told.total, told.held, times({}, now)});
  sink.on(BalancesComplete{setup_.venue, times({}, now), call.asked});
  return true;
}

// Where an order stands by the venue's own books: first its fills, then its state.
bool UpbitClient::tell_order(const RestOrder& order, OrderId id, const Now& now, EventSink& sink) {
  TrackedOrder* tracked = orders_.find(id);
  const InstrumentId instrument_id = symbols_.find(order.market);
  if (!instrument_id.valid()) return false;
  const Instrument& instrument = universe_.instrument(instrument_id);
  const auto executed = quantity_of(order.executed, instrument);
  if (!executed) return false;
  std::optional<Quantity> volume;
  if (order.volume) {
    volume = quantity_of(*order.volume, instrument);
    if (!volume) return false;
  }
  if (tracked == nullptr) {
    tracked = &orders_.add(id, instrument_id, order.side);
    tracked->quantity = volume.value_or(Quantity{});
  }
  if (!tell_fills(order, *tracked, now, sink)) return false;
  const OrderState state = state_of(order, *executed, volume);
  tracked->venue_id = order.uuid;
  tracked->acked = true;
  tracked->ended = tracked->ended || is_final(state);
  sink.on(OrderFound{id, order.uuid, state, *executed, times({}, now), instrument_id});
  return true;
}

// The answer has the fee of the whole order: each fill's is its share, to the last decimal.
bool UpbitClient::tell_fills(const RestOrder& order, const TrackedOrder& tracked, const Now& now,
                             EventSink& sink) {
  const Instrument& instrument = universe_.instrument(tracked.instrument);
  std::vector<Fill> fills;
  std::vector<Decimal> funds;
  Decimal all_funds;
  Decimal by_rate;
  for (const RestTrade& trade : order.trades) {
    const auto price = trade.price.to_scaled(instrument.price_scale);
    const auto quantity = quantity_of(trade.volume, instrument);
    const auto fee =
        trade.funds.multiply_ceil(instrument.fees.taker.decimal(), instrument.fees.decimals);
    const auto sum = all_funds.checked_add(trade.funds);
    if (!price || !quantity || *price <= 0 || quantity->units <= 0 || trade.funds.negative() ||
        !fee || !sum)
      return false;
    Fill fill;
    fill.order = tracked.id;
    fill.instrument = tracked.instrument;
    fill.id = trade.uuid;
    fill.side = order.side;
    fill.price = {*price};
    fill.quantity = *quantity;
    fill.fee = *fee;
    fill.fee_asset = instrument.quote;
    fill.venue_time = trade.time;
    fills.push_back(fill);
    funds.push_back(trade.funds);
    all_funds = *sum;
    by_rate += *fee;
  }
  if (by_rate != order.paid_fee && !all_funds.is_zero()) {  // another rate than the usual one
    Decimal left = order.paid_fee;
    for (std::size_t i = 0; i < fills.size(); ++i) {
      const auto share = order.paid_fee.multiply_floor(funds[i]);
      if (!share) return false;
      const auto fee = share->divide_floor(all_funds);
      if (!fee) return false;
      fills[i].fee = i + 1 == fills.size() ? left : *fee;
      left -= fills[i].fee;
    }
  }
  for (const Fill& fill : fills) sink.on(OrderFilled{fill, times(fill.venue_time, now)});
  return true;
}

}  // namespace ats::venues::upbit
