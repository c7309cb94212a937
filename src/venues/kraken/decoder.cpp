#include "venues/kraken/decoder.hpp"

#include <optional>

#include "venues/kraken/scan.hpp"

namespace ats::venues::kraken {

Decoder::Decoder(VenueId venue, const Universe& universe, Route route)
    : venue_(venue),
      universe_(&universe),
      route_(route),
      symbols_(venue, universe),
      reader_(route == Route::ReaderUnchecked ? Check::Used : Check::Whole) {}

FrameOutcome Decoder::on_frame(std::string_view frame, Instant recv, EventSink& sink) {
  if (route_ == Route::ScanFirst) [[likely]] {
    if (scan(frame, *universe_, symbols_, stamps_, frame_)) [[likely]] {
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

namespace {

// Filled in where it lies: built aside and copied in, an event would be read in wider words than it was
// just written in, which the processor has to wait for.
template <class BookEvent>
void emit_book(const Frame& frame, const BookEntry& entry, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<BookEvent>);
  auto& book = *std::get_if<BookEvent>(&event);
  book.instrument = entry.instrument;
  book.times = {entry.time, recv};
  book.checksum = entry.checksum;
  book.bids = frame.bids(entry);
  book.asks = frame.asks(entry);
  sink.on(event);
}

// Filled in where it lies, like a book.
void emit_trade(const TradeEntry& from, InstrumentId instrument, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<Trade>);
  auto& trade = *std::get_if<Trade>(&event);
  trade.instrument = instrument;
  trade.times = {from.time, recv};
  trade.taker_side = from.taker_side;
  trade.price = from.price;
  trade.quantity = from.quantity;
  trade.id = from.id;
  sink.on(event);
}

}  // namespace

void Decoder::emit(Instant recv, EventSink& sink) {
  switch (frame_.kind) {
    case FrameKind::Book:
      for (const BookEntry& entry : frame_.books) {
        if (frame_.snapshot) {
          emit_book<BookSnapshot>(frame_, entry, recv, sink);
        } else {
          emit_book<BookDelta>(frame_, entry, recv, sink);
        }
      }
      break;
    case FrameKind::Trades:
      for (const TradeEntry& trade : frame_.trades) emit_trade(trade, trade.instrument, recv, sink);
      break;
    case FrameKind::Status:
      system_.tell(frame_.status, venue_, *universe_, sink);
      [[fallthrough]];
    case FrameKind::Life:
      sink.on(Heartbeat{venue_, {{}, recv}});
      break;
    case FrameKind::Ended:
      sink.on(BookFault{frame_.ended, venue_, BookFaultReason::SubscriptionLost});
      break;
    case FrameKind::Ignored:
      break;
  }
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
  const BookEntry& entry = frame_.books.front();
  sink.on(BookSnapshot{
      instrument, {{}, recv}, 0, std::nullopt, frame_.bids(entry), frame_.asks(entry)});
  return outcome;
}

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe) {
  return std::make_unique<Decoder>(venue, universe);
}

}  // namespace ats::venues::kraken
