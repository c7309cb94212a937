// What arrives on the two streams.
#include <algorithm>

#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/order_id.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::size_t channels_max = 25;  // of one connection
constexpr std::uint64_t already_subscribed = 10301;
constexpr std::uint64_t server_restarts = 20051;
constexpr std::uint64_t maintenance_ended = 20061;

}  // namespace

// Books first, and prints as far as the connection has channels for them: without prints we can trade.
void BitfinexClient::subscribe_market(Outbox& outbox) {
  const std::size_t books = std::min(setup_.instruments.size(), channels_max);
  for (const InstrumentId id : std::span(setup_.instruments).first(books))
    subscribe_book(id, outbox);
  subscribe_trades(outbox);
}

void BitfinexClient::subscribe_trades(Outbox& outbox) {
  const std::size_t books = std::min(setup_.instruments.size(), channels_max);
  for (const InstrumentId id :
       std::span(setup_.instruments).first(std::min(books, channels_max - books))) {
    outbox.send_text(Channel::MarketData,
                     requests_.subscribe_trades(universe_.instrument(id).symbol.view()));
  }
}

void BitfinexClient::subscribe_book(InstrumentId instrument, Outbox& outbox) {
  outbox.send_text(Channel::MarketData,
                   requests_.subscribe_book(universe_.instrument(instrument).symbol.view(), length_,
                                            instrument.value));
}

FrameOutcome BitfinexClient::on_market(std::string_view frame, const Now& now, EventSink& sink,
                                       Outbox& outbox) {
  const FrameOutcome outcome = decoder_.on_frame(frame, now.instant, sink);
  if (frame.starts_with('[')) [[likely]]
    return outcome;
  json::object root;
  std::string_view event;
  std::uint64_t code = 0;
  if (!json_.open(frame, root) || !text_field(root, "event", event) ||
      !integer_field(root, "code", code))
    return outcome;
  if (event == "error") {
    // The venue has a subscription of ours whose channel it did not tell, or told in bytes we could not
    // read: there is no other way to be rid of it.
    std::string_view channel;
    std::string_view symbol;
    if (code == already_subscribed && text_field(root, "channel", channel) && channel == "book" &&
        text_field(root, "symbol", symbol) && !decoder_.hears_book(symbols_.find(symbol)))
      outbox.reconnect(Channel::MarketData, "a book over a channel that is not known");
    return outcome;
  }
  if (event != "info") return outcome;
  if (code == server_restarts) outbox.reconnect(Channel::MarketData, "the venue restarts");
  // Each book is asked for anew by whom it matters to.
  if (code == maintenance_ended) subscribe_trades(outbox);
  return outcome;
}

FrameOutcome BitfinexClient::on_trading(std::string_view frame, const Now& now, EventSink& sink,
                                        Outbox& outbox) {
  if (!json_.open(frame)) {
    lose_track("a frame that cannot be read", now, sink, outbox);  // perhaps a fill was in it
    return FrameOutcome::Malformed;
  }
  if (!frame_row_.split(frame)) {
    const FrameOutcome outcome = on_trading_event(now, sink, outbox);
    if (outcome == FrameOutcome::Malformed)
      lose_track("an event that cannot be read", now, sink, outbox);
    return outcome;
  }
  std::uint64_t channel = 0;
  if (!frame_row_.integer(0, channel)) {
    lose_track("a frame of no channel", now, sink, outbox);
    return FrameOutcome::Malformed;
  }
  const std::string_view code = frame_row_.text(1);
  const bool whole = count(frame_row_, code == "hb");
  FrameOutcome outcome = FrameOutcome::Ignored;
  if (channel == 0) outcome = on_account(code, frame_row_[2], now, sink);
  if (outcome == FrameOutcome::Malformed || outcome == FrameOutcome::NumberFault)
    lose_track("account news that cannot be read", now, sink, outbox);
  else if (!whole)  // what came is true all the same, so it was taken first
    lose_track("a number is missing", now, sink, outbox);
  return outcome;
}

// The numbers behind a frame of channel 0: one of the connection's count, and of the account's where it is
// news of it. False where one is missing.
bool BitfinexClient::count(const Row& row, bool heartbeat) {
  constexpr std::uint64_t first_ms = 1'000'000'000'000;  // larger: a time
  std::uint64_t numbers[2] = {0, 0};
  std::size_t told = 0;
  for (std::size_t i = heartbeat ? 2 : 3; i < row.size() && told < 2; ++i) {
    std::uint64_t n = 0;
    if (row.integer(i, n) && n < first_ms) numbers[told++] = n;
  }
  bool whole = true;
  const auto follow = [&whole](std::uint64_t& last, std::uint64_t n) {
    whole = whole && (last == 0 || n == last + 1);
    last = n;
  };
  if (told >= 1) follow(public_sequence_, numbers[0]);
  if (told >= 2) follow(account_sequence_, numbers[1]);
  return whole;
}

FrameOutcome BitfinexClient::on_trading_event(const Now& now, EventSink& sink, Outbox& outbox) {
  json::object root;
  std::string_view event;
  if (json_.document().get_object().get(root) != simdjson::SUCCESS ||
      !text_field(root, "event", event))
    return FrameOutcome::UnknownKind;
  if (event == "auth") return on_authentication(root, now, sink);
  if (event == "conf" || event == "pong") return FrameOutcome::Decoded;
  if (event != "info" && event != "error") return FrameOutcome::UnknownKind;
  std::uint64_t code = 0;
  if (event == "info" && integer_field(root, "code", code) && code == server_restarts)
    outbox.reconnect(Channel::Trading, "the venue restarts");
  return FrameOutcome::
      Ignored;  // maintenance is told on both streams; the market's is the one that counts
}

FrameOutcome BitfinexClient::on_authentication(json::object& root, const Now& now,
                                               EventSink& sink) {
  std::string_view status;
  if (!text_field(root, "status", status)) return FrameOutcome::Malformed;
  auth_sent_.reset();
  if (status == "OK") {
    authenticated_ = true;
    // What happened to them since the last stream broke off was not heard.
    tell_live_unknown(now, sink);
    return FrameOutcome::Decoded;
  }
  authenticated_ = false;
  std::int64_t code = 0;
  std::string_view text;
  if (!integer_field(root, "code", code)) code = 0;
  static_cast<void>(text_field(root, "msg", text));
  const bool nonce = meaning_of(code, text).reaction == Reaction::BadNonce;
  if (nonce) auth_->raise_nonce();
  auth_due_ = now.instant + (nonce ? seconds(1) : seconds(30));
  return FrameOutcome::Decoded;
}

FrameOutcome BitfinexClient::on_account(std::string_view code, std::string_view data,
                                        const Now& now, EventSink& sink) {
  if (code == "hb") return FrameOutcome::Decoded;
  if (code == "te") return FrameOutcome::Decoded;  // `tu` follows, with the fee
  const bool known = code == "n" || code == "on" || code == "ou" || code == "oc" || code == "tu" ||
                     code == "wu" || code == "os" || code == "ws";
  if (!known) return FrameOutcome::Ignored;  // positions, funding, …
  if (!rows_.split(data)) return FrameOutcome::Malformed;
  if (code == "os" || code == "ws") {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!row_.split(rows_[i])) return FrameOutcome::Malformed;
      const FrameOutcome outcome =
          code == "os" ? on_order(code, row_, now, sink) : on_wallet(row_, now, sink);
      if (outcome != FrameOutcome::Decoded) return outcome;
    }
    return FrameOutcome::Decoded;
  }
  if (code == "n") return on_notification(now, sink);
  if (code == "tu") return on_fill(now, sink);
  if (code == "wu") return on_wallet(rows_, now, sink);
  return on_order(code, rows_, now, sink);
}

FrameOutcome BitfinexClient::on_notification(const Now& now, EventSink& sink) {
  Notification told;
  if (!read_notification(rows_, told)) return FrameOutcome::Malformed;
  const bool cancel = told.type == "oc-req";
  const bool amend = told.type == "ou-req";
  if (!cancel && !amend && told.type != "on-req") return FrameOutcome::Ignored;
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Request& request) {
    if (request.cancel != cancel || request.amend.told() != amend) return false;
    if ((cancel || amend) && !told.id.empty() && !request.venue_id.empty())
      return request.venue_id.view() == told.id;
    return told.client_id != 0 && request.client_id == told.client_id;
  });
  if (found == pending_.end()) return FrameOutcome::Decoded;  // somebody else's, or heard of before
  const Request request = *found;
  // Of an amendment "success" is that it was submitted: how it ends comes as `ou` or `oc`, or not at all.
  if (!amend || !told.success) pending_.erase(found);
  if (!request.overdue)
    routes_.answered(OrderRoute::Stream, now.instant - request.sent, now.instant);
  if (!cancel || !request.overdue) on_told(request, told, now, sink);
  return FrameOutcome::Decoded;
}

// The answer to an order or a cancel, whichever way it came.
void BitfinexClient::on_told(const Request& request, const Notification& told, const Now& now,
                             EventSink& sink) {
  const Meaning meaning = meaning_of(told.code, told.text);
  const bool unknown = meaning.reaction == Reaction::Unknown;
  if (request.cancel) {
    if (told.success) return;  // how it ended comes as `oc`
    sink.on(CancelRejected{request.order, unknown ? RejectReason::VenueBusy : meaning.reject,
                           times({}, now)});
    return;
  }
  if (request.amend.told()) {
    if (told.success) return;
    if (meaning.reject == RejectReason::RateLimited) order_budget_.empty(now.instant);
    if (unknown)
      sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, times({}, now)});
    else
      sink.on(
          AmendRejected{request.order, meaning.reject, Text<63>::cut(told.text), times({}, now)});
    return;
  }
  TrackedOrder* const order = orders_.find(request.order);
  if (told.success) {
    // Submitted, which is no more than that: how it ends comes as `on` and `oc`.
    if (order == nullptr || told.id.empty())
      sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, times({}, now)});
    else
      acknowledge(*order, told.id, {}, now, sink);
    return;
  }
  if (meaning.reject == RejectReason::RateLimited) order_budget_.empty(now.instant);
  if (unknown) {
    sink.on(OrderUnknown{request.order, UnknownReason::VenueSaysUnknown, times({}, now)});
    return;
  }
  if (order != nullptr) order->ended = true;
  sink.on(OrderRejected{request.order, meaning.reject, Text<63>::cut(told.text), times({}, now)});
}

void BitfinexClient::acknowledge(TrackedOrder& order, std::string_view venue_id, WallTime time,
                                 const Now& now, EventSink& sink) {
  order.venue_id = VenueOrderId(venue_id);
  // News of the order may come before the answer does, and is one.
  std::erase_if(pending_, [&order](const Request& request) {
    return request.place() && request.order == order.id;
  });
  if (order.acked) return;
  order.acked = true;
  sink.on(OrderAcked{order.id, order.venue_id, times(time, now)});
}

// Ours, by the venue's id or by the names we gave it; null for other people's orders.
TrackedOrder* BitfinexClient::order_of(const OrderEntry& entry) {
  if (TrackedOrder* order = orders_.find(entry.id)) return order;
  const auto id = order_id(entry.group, entry.client_id);
  if (!id) return nullptr;
  if (TrackedOrder* order = orders_.find(*id)) return order;
  // Placed before this start.
  const InstrumentId instrument = symbols_.find(entry.symbol);
  if (!instrument.valid()) return nullptr;
  TrackedOrder& order = orders_.add(*id, instrument, entry.side);
  const Instrument& on = universe_.instrument(instrument);
  const Price price = on.parse_price(entry.price).value_or(Price{});
  std::int64_t quantity = 0;
  // What it holds is only told on; an order worth more than all there is holds nothing.
  constexpr Int128 worth_max = Int128{1'000'000'000'000'000};
  if (magnitude(entry.amount, on.qty_scale, quantity) &&
      Int128{price.units} * quantity < worth_max * pow10(on.price_scale + on.qty_scale)) {
    order.price = price;
    order.quantity = {quantity};
  }
  return &order;
}

FrameOutcome BitfinexClient::on_order(std::string_view code, const Row& row, const Now& now,
                                      EventSink& sink) {
  OrderEntry entry;
  if (!read_order(row, entry)) return FrameOutcome::Malformed;
  TrackedOrder* const order = order_of(entry);
  if (order == nullptr) {
    foreign_.add(entry.id);
    // Those of the snapshot are told on QueryOpenOrders.
    if (code != "os") tell_foreign(entry, code != "oc", sink);
    return FrameOutcome::Decoded;
  }
  const Instrument& instrument = universe_.instrument(order->instrument);
  std::int64_t amount = 0;
  std::int64_t rest = 0;
  if (!magnitude(entry.amount, instrument.qty_scale, amount) ||
      !magnitude(entry.rest, instrument.qty_scale, rest) || rest > amount)
    return FrameOutcome::NumberFault;
  order->filled = {amount - rest};
  acknowledge(*order, entry.id, entry.updated, now, sink);
  look_at_terms(*order, entry, {amount}, now, sink);
  if (code != "oc" || order->ended) return FrameOutcome::Decoded;
  order->ended = true;
  sink.on(OrderEnded{order->id, rest == 0 ? OrderState::Filled : OrderState::Cancelled,
                     order->filled, times(entry.updated, now)});
  return FrameOutcome::Decoded;
}

void BitfinexClient::tell_foreign(const OrderEntry& entry, bool open, EventSink& sink) const {
  ForeignOrder other{setup_.venue, VenueOrderId(entry.id)};
  other.open = open;
  const InstrumentId instrument = symbols_.find(entry.symbol);
  if (instrument.valid()) {
    const Instrument& on = universe_.instrument(instrument);
    other.instrument = instrument;
    other.side = entry.side;
    std::int64_t amount = 0;
    std::int64_t rest = 0;
    const auto price = parse_scaled(entry.price, on.price_scale);
    if (magnitude(entry.amount, on.qty_scale, amount) && amount > 0 &&
        magnitude(entry.rest, on.qty_scale, rest) && rest <= amount) {
      if (price && *price > 0) other.terms = {{*price}, {amount}};
      other.filled = {amount - rest};
    }
  }
  sink.on(other);
}

// Each row tells what the order stands at: another price than before is an amendment carried out.
void BitfinexClient::look_at_terms(TrackedOrder& order, const OrderEntry& entry, Quantity amount,
                                   const Now& now, EventSink& sink) {
  const Instrument& on = universe_.instrument(order.instrument);
  const Price price{parse_scaled(entry.price, on.price_scale).value_or(0)};
  const auto waiting = std::find_if(pending_.begin(), pending_.end(), [&](const Request& request) {
    return request.order == order.id && request.amend.told();
  });
  const bool asked_for = waiting != pending_.end() && waiting->amend.price == price;
  if (waiting != pending_.end() && (asked_for || !entry.live())) pending_.erase(waiting);
  if (!entry.live() || price.units <= 0 || (!asked_for && price == order.price)) return;
  const bool told = asked_for || order.price.units != 0;
  order.price = price;
  order.quantity = amount;
  if (told)
    sink.on(OrderAmended{order.id, {price, amount}, order.venue_id, times(entry.updated, now)});
}

FrameOutcome BitfinexClient::on_fill(const Now& now, EventSink& sink) {
  FillEntry entry;
  if (!read_fill(rows_, entry)) return FrameOutcome::Malformed;
  TrackedOrder* order = orders_.find(entry.order_id);
  if (order == nullptr) {
    // A fill names no group: it is ours when we have sent, in this life, an order of that number.
    const auto id = order_id(our_group, entry.client_id);
    if (id) order = orders_.find(*id);
  }
  if (order == nullptr && !foreign_.has(entry.order_id)) return FrameOutcome::Decoded;
  const InstrumentId on = order != nullptr ? order->instrument : symbols_.find(entry.symbol);
  if (!on.valid()) return FrameOutcome::Decoded;
  const Instrument& instrument = universe_.instrument(on);
  std::int64_t quantity = 0;
  const auto price = parse_scaled(entry.price, instrument.price_scale);
  if (!magnitude(entry.amount, instrument.qty_scale, quantity) || quantity == 0 || !price ||
      *price <= 0)
    return FrameOutcome::NumberFault;
  Fill fill;
  if (order != nullptr) fill.order = order->id;
  fill.instrument = on;
  fill.id = entry.id;
  if (order != nullptr) {
    fill.side = order->side;
  } else {
    fill.side = entry.amount.starts_with('-') ? Side::Sell : Side::Buy;
  }
  fill.liquidity = entry.liquidity;
  fill.price = {*price};
  fill.quantity = {quantity};
  fill.fee = entry.fee;
  fill.fee_asset = universe_.find_asset(asset_name(entry.fee_currency));
  fill.venue_time = entry.time;
  if (!fill.fee_asset.valid()) return FrameOutcome::NumberFault;
  const Times at = times(entry.time, now);
  if (order != nullptr) {
    sink.on(OrderFilled{fill, at});
  } else {
    sink.on(ForeignFill{VenueOrderId(entry.order_id), fill, at});
  }
  return FrameOutcome::Decoded;
}

// What our live orders hold, where the venue does not say it.
Decimal BitfinexClient::held(AssetId asset) {
  Decimal sum;
  orders_.each([&](const TrackedOrder& order) {
    if (order.ended || !order.acked || order.quantity <= order.filled) return;
    const Instrument& instrument = universe_.instrument(order.instrument);
    const Quantity rest = order.quantity - order.filled;
    if (order.side == Side::Buy && instrument.quote == asset)
      sum += instrument.notional(order.price, rest);
    if (order.side == Side::Sell && instrument.base == asset)
      sum += instrument.quantity_decimal(rest);
  });
  return sum;
}

FrameOutcome BitfinexClient::on_wallet(const Row& row, const Now& now, EventSink& sink) {
  WalletEntry entry;
  if (!read_wallet(row, entry)) return FrameOutcome::Malformed;
  const AssetId asset = universe_.find_asset(asset_name(entry.currency));
  if (!entry.exchange || !asset.valid()) return FrameOutcome::Decoded;  // nothing we trade
  const Decimal locked = entry.available_told ? entry.total - entry.available : held(asset);
  sink.on(BalanceReported{setup_.venue, asset, entry.total, locked, times({}, now)});
  return FrameOutcome::Decoded;
}

void BitfinexClient::tell_live_unknown(const Now& now, EventSink& sink) {
  orders_.each([&](const TrackedOrder& order) {
    if (order.ended || !order.id.valid()) return;
    sink.on(OrderUnknown{order.id, UnknownReason::ConnectionLost, times({}, now)});
  });
}

// Something on the account's channel was missed or not understood: whatever lives may have changed.
void BitfinexClient::lose_track(std::string_view why, const Now& now, EventSink& sink,
                                Outbox& outbox) {
  tell_live_unknown(now, sink);
  outbox.reconnect(Channel::Trading, why);
}

}  // namespace ats::venues::bitfinex
