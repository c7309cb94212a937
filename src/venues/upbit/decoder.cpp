#include "venues/upbit/decoder.hpp"

#include "venues/upbit/scan.hpp"

namespace ats::venues::upbit {

namespace {

WallTime wall_of(std::uint64_t ms) { return wall_from_ms(static_cast<std::int64_t>(ms)); }

// Filled in where it lies, like a book.
void emit_trade(const TradeEntry& from, InstrumentId instrument, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<Trade>);
  auto& trade = *std::get_if<Trade>(&event);
  trade.instrument = instrument;
  trade.times = {wall_of(from.time_ms), recv};
  trade.taker_side = from.taker_side;
  trade.price = from.price;
  trade.quantity = from.quantity;
  trade.id = from.id;
  sink.on(event);
}

}  // namespace

Decoder::Decoder(VenueId venue, const Universe& universe, Route route)
    : venue_(venue), universe_(&universe), route_(route), symbols_(venue, universe) {}

FrameOutcome Decoder::on_frame(std::string_view frame, Instant recv, EventSink& sink) {
  if (route_ == Route::ScanFirst) [[likely]] {
    if (scan(frame, *universe_, symbols_, frame_)) [[likely]] {
      emit(recv, sink);
      return FrameOutcome::Decoded;
    }
    ++declined_;
  }
  const Reading reading = reader_.read(frame, *universe_, symbols_, frame_);
  if (reading.outcome != FrameOutcome::Decoded) return refuse(reading, sink);
  emit(recv, sink);
  return FrameOutcome::Decoded;
}

// Filled in where it lies: built aside and copied in, an event would be read in wider words than it was
// just written in, which the processor has to wait for.
void Decoder::emit_book(const BookEntry& entry, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<BookSnapshot>);
  auto& book = *std::get_if<BookSnapshot>(&event);
  book.instrument = entry.instrument;
  book.times = {wall_of(entry.time_ms), recv};
  book.last = entry.time_ms;
  book.bids = frame_.bids_of(entry);
  book.asks = frame_.asks_of(entry);
  sink.on(event);
}

void Decoder::emit(Instant recv, EventSink& sink) {
  for (const BookEntry& entry : frame_.books) emit_book(entry, recv, sink);
  for (const TradeEntry& trade : frame_.trades) emit_trade(trade, trade.instrument, recv, sink);
  if (frame_.alive) sink.on(Heartbeat{venue_, {{}, recv}});
  // Which of the subscriptions it was for is not said, and the connection ends with it.
  if (frame_.refused) sink.on(BookFault{{}, venue_, BookFaultReason::SubscriptionLost});
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
  if (outcome == FrameOutcome::Decoded) {
    emit_book(frame_.books.front(), recv, sink);
  } else {
    sink.on(BookFault{instrument, venue_, BookFaultReason::SnapshotFailed});
  }
  return outcome;
}

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe) {
  return std::make_unique<Decoder>(venue, universe);
}

}  // namespace ats::venues::upbit
