#include "venues/coinbase/decoder.hpp"

#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/scan.hpp"

namespace ats::venues::coinbase {
namespace {

// A number this far behind is a late message's; further back, another connection has begun to count.
constexpr std::uint64_t late_max = 256;

// Filled in where it lies: built aside and copied in, an event would be read in wider words than it was
// just written in, which the processor has to wait for.
template <class BookEvent>
void emit_book(const Frame& frame, const BookEntry& entry, InstrumentId instrument, Instant recv,
               EventSink& sink) {
  Event event(std::in_place_type<BookEvent>);
  auto& book = *std::get_if<BookEvent>(&event);
  book.instrument = instrument;
  book.times = {entry.time, recv};
  book.last = frame.sequence.value_or(0);
  if constexpr (requires { book.first; }) book.first = book.last;
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

Decoder::Decoder(VenueId venue, const Universe& universe, Route route)
    : venue_(venue),
      universe_(&universe),
      route_(route),
      books_(venue, universe, book_name),
      twins_(universe.instruments().size()),
      reader_(route == Route::ReaderUnchecked ? Check::Used : Check::Whole) {
  for (const Instrument& instrument : universe.instruments()) {
    if (instrument.venue != venue) continue;
    InstrumentId at = books_.find(book_name(instrument));
    if (at == instrument.id) continue;
    while (twins_[at.index()].valid()) at = twins_[at.index()];
    twins_[at.index()] = instrument.id;
  }
}

FrameOutcome Decoder::on_frame(std::string_view frame, Instant recv, EventSink& sink) {
  if (route_ == Route::ScanFirst) [[likely]] {
    if (scan(frame, *universe_, books_, frame_)) [[likely]] {
      if (frame_.sequence && !follows(*frame_.sequence, sink)) return FrameOutcome::Ignored;
      emit(recv, sink);
      return FrameOutcome::Decoded;
    }
    ++declined_;
  }
  const Reading reading = reader_.read(frame, *universe_, books_, frame_);
  if (frame_.sequence && !follows(*frame_.sequence, sink)) return FrameOutcome::Ignored;
  if (reading.outcome != FrameOutcome::Decoded) return refuse(reading, sink);
  emit(recv, sink);
  return FrameOutcome::Decoded;
}

bool Decoder::follows(std::uint64_t sequence, EventSink& sink) {
  const bool expected = !counting_ || sequence == next_;
  if (!expected) [[unlikely]] {
    if (sequence != 0 && sequence < next_ && next_ - sequence <= late_max) return false;
    sink.on(BookFault{{}, venue_, BookFaultReason::SequenceGap});
  }
  counting_ = true;
  next_ = sequence + 1;
  return true;
}

void Decoder::emit(Instant recv, EventSink& sink) {
  switch (frame_.kind) {
    case FrameKind::Market:
      for (const BookEntry& entry : frame_.books) {
        for (InstrumentId id = entry.instrument; id.valid(); id = twins_[id.index()]) {
          if (entry.snapshot) {
            emit_book<BookSnapshot>(frame_, entry, id, recv, sink);
          } else {
            emit_book<BookDelta>(frame_, entry, id, recv, sink);
          }
        }
      }
      emit_trades(recv, sink);
      break;
    case FrameKind::Life:
      sink.on(Heartbeat{venue_, {frame_.time, recv}});
      break;
    case FrameKind::Error:
      sink.on(BookFault{{}, venue_, BookFaultReason::SubscriptionLost});
      break;
    case FrameKind::Ignored:
      break;
  }
}

// Oldest first.
void Decoder::emit_trades(Instant recv, EventSink& sink) {
  for (auto at = frame_.trades.rbegin(); at != frame_.trades.rend(); ++at) {
    const TradeEntry& trade = *at;
    for (InstrumentId id = trade.instrument; id.valid(); id = twins_[id.index()])
      emit_trade(trade, id, recv, sink);
  }
  // Prints of before the subscription are no news, but a sign of life.
  if (frame_.history) sink.on(Heartbeat{venue_, {frame_.time, recv}});
}

FrameOutcome Decoder::refuse(const Reading& reading, EventSink& sink) {
  if (reading.perhaps_book) {
    const BookFaultReason reason = reading.outcome == FrameOutcome::NumberFault
                                       ? BookFaultReason::NumberFault
                                       : BookFaultReason::MalformedFrame;
    for (InstrumentId id = reading.instrument; id.valid(); id = twins_[id.index()])
      sink.on(BookFault{id, venue_, reason});
    // All books are doubted, so the count may begin anew: one fault for one frame.
    if (!reading.instrument.valid()) {
      sink.on(BookFault{{}, venue_, reason});
      if (!frame_.sequence) counting_ = false;
    }
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
  BookEntry entry = frame_.books.front();
  entry.time = frame_.time;
  emit_book<BookSnapshot>(frame_, entry, instrument, recv, sink);
  return outcome;
}

std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe) {
  return std::make_unique<Decoder>(venue, universe);
}

}  // namespace ats::venues::coinbase
