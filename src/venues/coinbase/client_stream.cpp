// What is said and heard on the two streams.
#include <algorithm>

#include "venues/coinbase/client.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr std::size_t products_at_once = 100;

}  // namespace

// --- the market stream ---

// Heartbeats first: without them quiet channels are closed.
void CoinbaseClient::subscribe_market(const Now& now, Outbox& outbox) {
  waiting_.clear();
  again_.clear();
  waiting_.push_back(subscription("subscribe", "heartbeats", {}, {}));
  std::vector<std::string_view> products;
  for (const InstrumentId id : setup_.instruments) {
    const std::string_view book = book_name(universe_.instrument(id));
    if (std::find(products.begin(), products.end(), book) == products.end())
      products.push_back(book);
  }
  for (const char* channel : {"level2", "market_trades"}) {
    for (std::size_t at = 0; at < products.size(); at += products_at_once) {
      const auto some =
          std::span(products).subspan(at, std::min(products_at_once, products.size() - at));
      waiting_.push_back(subscription("subscribe", channel, some, {}));
    }
  }
  unconfirmed_ = setup_.instruments;
  send_waiting(now, outbox);
}

void CoinbaseClient::send_waiting(const Now& now, Outbox& outbox) {
  while (!waiting_.empty() && market_messages_.take(1, 0, now.instant)) {
    outbox.send_text(Channel::MarketData, waiting_.front());
    waiting_.erase(waiting_.begin());
  }
  if (again_.empty() || !waiting_.empty() || !market_messages_.take(2, 0, now.instant)) return;
  std::vector<std::string_view> products;
  for (const InstrumentId id : again_) {
    const std::string_view book = book_name(universe_.instrument(id));
    if (products.size() < products_at_once &&
        std::find(products.begin(), products.end(), book) == products.end())
      products.push_back(book);
  }
  for (const char* type : {"unsubscribe", "subscribe"})
    outbox.send_text(Channel::MarketData, subscription(type, "level2", products, {}));
  std::erase_if(again_, [&](InstrumentId id) {
    const bool sent = std::find(products.begin(), products.end(),
                                book_name(universe_.instrument(id))) != products.end();
    if (sent) unconfirmed_.push_back(id);
    return sent;
  });
}

FrameOutcome CoinbaseClient::on_market(std::string_view frame, const Now& now, EventSink& sink) {
  if (frame.starts_with(R"({"type":"error")")) [[unlikely]] {
    // Of whatever was asked for last. Without prints we can trade; silence shows in the heartbeats.
    for (const InstrumentId id : std::exchange(unconfirmed_, {}))
      sink.on(BookFault{id, setup_.venue, BookFaultReason::SubscriptionLost});
    return FrameOutcome::Decoded;
  }
  if (frame.starts_with(R"({"channel":"subscriptions")")) unconfirmed_.clear();
  return decoder_.on_frame(frame, now.instant, sink);
}

// --- the trading stream ---

void CoinbaseClient::subscribe_user(const Now& now, Outbox& outbox) {
  if (!trading_open_ || user_asked_ || !auth_) return;
  user_asked_ = true;
  user_asked_at_ = now.instant;
  for (const char* channel : {"user", "heartbeats"}) {
    outbox.send_text(Channel::Trading,
                     subscription("subscribe", channel, {}, auth_->stream_token(now.wall)));
  }
}

FrameOutcome CoinbaseClient::on_trading(std::string_view frame, const Now& now, EventSink& sink,
                                        Outbox& outbox) {
  json::object root;
  std::string_view channel;
  if (!json_.open(frame, root)) {  // perhaps a fill was in it
    lose_track("a frame could not be read", now, sink, outbox);
    return FrameOutcome::Malformed;
  }
  if (!text_field(root, "channel", channel)) {
    std::string_view type;
    if (!text_field(root, "type", type) || type != "error") return FrameOutcome::UnknownKind;
    if (user_stands_) {
      lose_track("the venue refused a subscription", now, sink, outbox);
    } else {
      // Wrong keys, most likely: asking on in haste would not make them right.
      user_asked_at_ = now.instant;
    }
    return FrameOutcome::Decoded;
  }
  const std::string kind(channel);
  std::uint64_t sequence = 0;
  if (!integer_field(root, "sequence_num", sequence)) {
    lose_track("a frame without number", now, sink, outbox);
    return FrameOutcome::Malformed;
  }
  const std::uint64_t expected = next_sequence_.value_or(sequence);
  if (sequence < expected) return FrameOutcome::Ignored;  // comes again, or late
  next_sequence_ = sequence + 1;
  FrameOutcome outcome = FrameOutcome::Decoded;
  if (kind == "user") {
    // What came is true whatever is missing, so it is taken first.
    if (!on_user(root, now, sink, outbox)) {
      lose_track("an order could not be read", now, sink, outbox);
      return FrameOutcome::Malformed;
    }
  } else if (kind == "subscriptions") {
    json::array events;
    if (!array_field(root, "events", events)) return FrameOutcome::Malformed;
    for (auto element : events) {
      json::object event;
      json::object all;
      json::value user;
      if (element.get_object().get(event) != simdjson::SUCCESS ||
          !object_field(event, "subscriptions", all))
        return FrameOutcome::Malformed;
      if (all.find_field_unordered("user").get(user) == simdjson::SUCCESS) user_stands(now, sink);
    }
  } else if (kind != "heartbeats") {
    outcome = FrameOutcome::UnknownKind;
  }
  if (sequence > expected) lose_track("messages are missing", now, sink, outbox);
  return outcome;
}

void CoinbaseClient::user_stands(const Now& now, EventSink& sink) {
  if (user_stands_) return;
  user_stands_ = true;
  fees_due_ = now.instant;
  // What happened to them since the last stream broke off was not heard.
  tell_live_unknown(now, sink);
}

void CoinbaseClient::tell_live_unknown(const Now& now, EventSink& sink) {
  orders_.each([&](TrackedOrder& order) {
    // One whose answer is on its way is told of by that.
    const bool under_way = std::any_of(calls_.begin(), calls_.end(), [&](const RestCall& call) {
      return call.question == Question::Place && call.order == order.id;
    });
    if (order.id.valid() && !order.ended && !under_way)
      sink.on(OrderUnknown{order.id, UnknownReason::ConnectionLost, times({}, now)});
  });
}

// Something was missed or not understood: whatever lives may have changed. The next connection begins with
// all open orders.
void CoinbaseClient::lose_track(std::string_view why, const Now& now, EventSink& sink,
                                Outbox& outbox) {
  tell_live_unknown(now, sink);
  outbox.reconnect(Channel::Trading, why);
}

bool CoinbaseClient::on_user(json::object& root, const Now& now, EventSink& sink, Outbox& outbox) {
  json::array events;
  if (!array_field(root, "events", events)) return false;
  std::vector<OrderRow> rows;
  bool snapshot = false;
  for (auto element : events) {
    json::object event;
    json::array orders;
    std::string_view type;
    if (element.get_object().get(event) != simdjson::SUCCESS || !text_field(event, "type", type))
      return false;
    snapshot |= type == "snapshot";
    if (!array_field(event, "orders", orders)) {
      if (type == "snapshot") continue;  // positions, or nothing
      return false;
    }
    for (auto order : orders) {
      json::object object;
      OrderRow row;
      if (order.get_object().get(object) != simdjson::SUCCESS || !read_user_order(object, row))
        return false;
      rows.push_back(std::move(row));
    }
  }
  if (snapshot) user_stands(now, sink);
  for (const OrderRow& row : rows) {
    const auto id = parse_client_order_id(row.client_id);
    if (!id) {
      take_foreign(row, snapshot ? Heard::Snapshot : Heard::Update, now, sink, outbox);
      continue;
    }
    take_order(row, now, sink, outbox);
  }
  return true;
}

void CoinbaseClient::take_order(const OrderRow& row, const Now& now, EventSink& sink,
                                Outbox& outbox) {
  const OrderId id = *parse_client_order_id(row.client_id);
  TrackedOrder* order = orders_.find(id);
  if (order == nullptr) {  // placed before this start
    const InstrumentId instrument = instrument_of(row.product);
    if (!instrument.valid()) return;  // no book of ours
    order = &orders_.add(id, instrument);
  }
  order->venue_id = row.venue_id;
  const auto filled = universe_.instrument(order->instrument).parse_quantity(row.filled);
  if (!filled || filled->units < 0 || row.status == OrderStatus::Unclear) {
    sink.on(OrderUnknown{id, UnknownReason::VenueSaysUnknown, times({}, now)});
    return;
  }
  if (row.status == OrderStatus::Failed && filled->is_zero()) {
    if (order->ended) return;
    order->ended = true;
    const Meaning meaning = meaning_of_reason(row.reject_reason);
    sink.on(OrderRejected{id, meaning.reject, Text<63>::cut(row.reject_reason), times({}, now)});
    return;
  }
  if (!order->acked) {
    order->acked = true;
    sink.on(OrderAcked{id, row.venue_id, times({}, now)});
  }
  if (*filled > order->seen) {  // replays tell old counts
    order->seen = *filled;
    order->tries = 0;
    order->ask_at = now.instant;
    ask_fills(*order, now, outbox);
  }
  if (row.status == OrderStatus::Live || order->ended) return;
  order->ended = true;
  sink.on(OrderEnded{id,
                     row.status == OrderStatus::Filled ? OrderState::Filled : OrderState::Cancelled,
                     order->seen, times({}, now)});
}

}  // namespace ats::venues::coinbase
