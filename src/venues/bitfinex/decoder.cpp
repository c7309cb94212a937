#include "venues/bitfinex/decoder.hpp"

#include <algorithm>
#include <optional>

#include "venues/bitfinex/scan.hpp"

namespace ats::venues::bitfinex {
namespace {

bool better_bid(const Level& a, const Level& b) { return a.price > b.price; }
bool better_ask(const Level& a, const Level& b) { return a.price < b.price; }

// Filled in where it lies, like a book.
void emit_trade(const Frame& frame, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<Trade>);
  auto& trade = *std::get_if<Trade>(&event);
  trade.instrument = frame.instrument;
  trade.times = {frame.time, recv};
  trade.taker_side = frame.taker_side;
  trade.price = frame.price;
  trade.quantity = frame.quantity;
  trade.id = frame.trade_id;
  sink.on(event);
}

bool is_book(ChannelKind kind) { return kind == ChannelKind::Book || kind == ChannelKind::RawBook; }

}  // namespace

Decoder::Decoder(VenueId venue, const Universe& universe, Route route)
    : venue_(venue), universe_(&universe), route_(route), symbols_(venue, universe) {}

void Decoder::reset() {
  channels_.clear();
  raw_books_.clear();
  sequence_ = 0;
}

FrameOutcome Decoder::on_frame(std::string_view frame, Instant recv, EventSink& sink) {
  if (route_ == Route::ScanFirst) [[likely]] {
    if (scan(frame, *universe_, channels_, frame_)) [[likely]] {
      count(sink);
      return emit(recv, sink);
    }
    ++declined_;
  }
  const Reading reading = reader_.read(frame, *universe_, symbols_, channels_, frame_);
  count(sink);
  if (frame_.snapshot && frame_.channel != nullptr) frame_.channel->started = true;
  if (reading.outcome == FrameOutcome::Decoded) return emit(recv, sink);
  if (reading.outcome == FrameOutcome::Ignored) return reading.outcome;
  // Whether it was numbered is not known: go on with the number that comes next.
  if (reading.outcome == FrameOutcome::Malformed && !frame_.sequence) sequence_ = 0;
  return refuse(reading, sink);
}

// The venue numbers the frames of a connection over all channels.
void Decoder::count(EventSink& sink) {
  if (!frame_.sequence) return;
  const bool hole = sequence_ != 0 && *frame_.sequence != sequence_ + 1;
  sequence_ = *frame_.sequence;
  if (hole) [[unlikely]]
    sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
}

FrameOutcome Decoder::emit(Instant recv, EventSink& sink) {
  switch (frame_.kind) {
    case FrameKind::Book:
      return emit_book(recv, sink);
    case FrameKind::RawBook:
      return emit_raw_book(recv, sink);
    case FrameKind::Checksum: {
      Event event(std::in_place_type<BookDelta>);
      auto& book = *std::get_if<BookDelta>(&event);
      book.instrument = frame_.instrument;
      book.times = {frame_.time, recv};
      book.checksum = frame_.checksum;
      sink.on(event);
      return FrameOutcome::Decoded;
    }
    case FrameKind::Trade:
      emit_trade(frame_, recv, sink);
      return FrameOutcome::Decoded;
    case FrameKind::Connected:
      reset();
      system_.tell(frame_.status, venue_, *universe_, sink);
      break;
    case FrameKind::Status:
      system_.tell(frame_.status, venue_, *universe_, sink);
      break;
    case FrameKind::BackAgain:
      system_.tell(InstrumentStatus::Trading, venue_, *universe_, sink);
      lose_books(sink);
      break;
    case FrameKind::Subscribed:
      subscribe(frame_.subscription);
      break;
    case FrameKind::Unsubscribed:
      unsubscribe(frame_.subscription.id, sink);
      break;
    case FrameKind::Refused:
      sink.on(BookFault{frame_.instrument, venue_, BookFaultReason::SubscriptionLost});
      return FrameOutcome::Decoded;
    case FrameKind::Life:
    case FrameKind::Ignored:
      break;
  }
  sink.on(Heartbeat{venue_, {{}, recv}});
  return FrameOutcome::Decoded;
}

FrameOutcome Decoder::emit_book(Instant recv, EventSink& sink) {
  if (!frame_.snapshot) [[likely]] {
    // Filled in where it lies: built aside and copied in, an event would be read in wider words than it
    // was just written in, which the processor has to wait for.
    Event event(std::in_place_type<BookDelta>);
    auto& book = *std::get_if<BookDelta>(&event);
    book.instrument = frame_.instrument;
    book.times = {frame_.time, recv};
    book.bids = frame_.bid_levels();
    book.asks = frame_.ask_levels();
    sink.on(event);
    return FrameOutcome::Decoded;
  }
  if (frame_.channel != nullptr) frame_.channel->started = true;
  const auto bids = std::span(frame_.bids).first(frame_.bid_count);
  const auto asks = std::span(frame_.asks).first(frame_.ask_count);
  // Both sides come best first; that they do is not promised.
  if (!std::is_sorted(bids.begin(), bids.end(), better_bid))
    std::sort(bids.begin(), bids.end(), better_bid);
  if (!std::is_sorted(asks.begin(), asks.end(), better_ask))
    std::sort(asks.begin(), asks.end(), better_ask);
  sink.on(BookSnapshot{frame_.instrument, {frame_.time, recv}, 0, std::nullopt, bids, asks});
  return FrameOutcome::Decoded;
}

FrameOutcome Decoder::emit_raw_snapshot(RawBook& book, InstrumentId instrument, Instant recv,
                                        EventSink& sink) {
  book.clear();
  bool fits = true;
  for (const RawEntry& entry : frame_.raw) fits = fits && book.apply(entry, frame_);
  if (!fits || !book.levels(frame_))
    return refuse({FrameOutcome::NumberFault, true, instrument}, sink);
  sink.on(BookSnapshot{
      instrument, {frame_.time, recv}, 0, std::nullopt, frame_.bid_levels(), frame_.ask_levels()});
  return FrameOutcome::Decoded;
}

FrameOutcome Decoder::emit_raw_book(Instant recv, EventSink& sink) {
  RawBook& book = raw_books_[frame_.instrument];
  if (frame_.snapshot) return emit_raw_snapshot(book, frame_.instrument, recv, sink);
  for (const RawEntry& entry : frame_.raw) {
    if (!book.apply(entry, frame_))
      return refuse({FrameOutcome::NumberFault, true, frame_.instrument}, sink);
  }
  sink.on(BookDelta{frame_.instrument,
                    {frame_.time, recv},
                    0,
                    0,
                    0,
                    std::nullopt,
                    frame_.bid_levels(),
                    frame_.ask_levels()});
  return FrameOutcome::Decoded;
}

void Decoder::subscribe(FeedChannel channel) {
  // One book an instrument: a second one, of other precision or length, would be mixed into the first.
  if (is_book(channel.kind)) {
    channels_.each([&channel](const FeedChannel& known) {
      if (known.id != channel.id && is_book(known.kind) && known.instrument == channel.instrument)
        channel.kind = ChannelKind::Unused;
    });
  }
  channels_.add(channel);
}

void Decoder::unsubscribe(std::uint64_t id, EventSink& sink) {
  FeedChannel* const channel = channels_.find(id);
  if (channel == nullptr) return;
  const bool book = is_book(channel->kind);
  channel->kind = ChannelKind::Left;
  if (book) sink.on(BookFault{channel->instrument, venue_, BookFaultReason::SubscriptionLost});
}

std::vector<std::uint64_t> Decoder::leave_book(InstrumentId instrument) {
  std::vector<std::uint64_t> ids;
  channels_.each([&](FeedChannel& channel) {
    if (!is_book(channel.kind) || channel.instrument != instrument) return;
    channel.kind = ChannelKind::Left;
    ids.push_back(channel.id);
  });
  return ids;
}

bool Decoder::hears_book(InstrumentId instrument) {
  bool heard = false;
  channels_.each([&](const FeedChannel& channel) {
    heard |= is_book(channel.kind) && channel.instrument == instrument;
  });
  return heard;
}

void Decoder::lose_books(EventSink& sink) {
  channels_.each([](FeedChannel& channel) { channel.kind = ChannelKind::Left; });
  sink.on(BookFault{{}, venue_, BookFaultReason::SubscriptionLost});
}

FrameOutcome Decoder::refuse(const Reading& reading, EventSink& sink) {
  if (reading.perhaps_book) {
    const BookFaultReason reason = reading.outcome == FrameOutcome::NumberFault
                                       ? BookFaultReason::NumberFault
                                       : BookFaultReason::MalformedFrame;
    sink.on(BookFault{reading.instrument, venue_, reason});
  }
  return reading.outcome;
}

FrameOutcome Decoder::on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                                    EventSink& sink) {
  const FrameOutcome outcome = reader_.read_depth(body, universe_->instrument(instrument), frame_);
  if (outcome != FrameOutcome::Decoded) {
    sink.on(BookFault{instrument, venue_, BookFaultReason::SnapshotFailed});
    return outcome;
  }
  frame_.instrument = instrument;
  if (frame_.kind != FrameKind::RawBook) return emit_book(recv, sink);
  RawBook book;
  return emit_raw_snapshot(book, instrument, recv, sink);
}

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe) {
  return std::make_unique<Decoder>(venue, universe);
}

}  // namespace ats::venues::bitfinex
