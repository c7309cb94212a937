#include "venues/binance/decoder.hpp"

#include "venues/json_scan.hpp"

namespace ats::venues::binance {
namespace {

// Bytes of the shortest level with what separates it from the next: ["1","1"],
constexpr std::size_t shortest_level = 10;

template <class Better>
bool in_order(std::span<const Level> levels, Better better) {
  for (std::size_t i = 1; i < levels.size(); ++i) {
    if (!better(levels[i - 1].price, levels[i].price)) return false;
  }
  return true;
}

}  // namespace

bool is_sorted(const DepthFrame& depth) {
  return in_order(depth.bids, [](Price a, Price b) { return a > b; }) &&
         in_order(depth.asks, [](Price a, Price b) { return a < b; });
}

// The exact shapes, one function each. All answer false at the first byte that is not expected; nothing has
// been emitted then.
struct Decoder::Scanner {
  Decoder& decoder;
  JsonScan scan;
  bool wrapped = false;
  std::string_view stream;

  [[gnu::always_inline]] bool frame(Instant recv, EventSink& sink) {
    if (scan.literal(R"({"stream":)")) {
      wrapped = true;
      if (!scan.quoted_text(stream) || !scan.literal(R"(,"data":)")) return false;
    }
    const bool spot = decoder.product_ == Product::Spot;
    if (scan.literal(R"({"e":"depthUpdate","E":)")) return diff(spot, recv, sink);
    if (scan.literal(R"({"u":)")) {
      return spot ? spot_top(recv, sink) : coinm_top(recv, sink);
    }
    if (scan.literal(R"({"e":"trade","E":)")) return trade(spot, recv, sink);
    if (scan.literal(R"({"e":"aggTrade","E":)")) return aggregate_trade(spot, recv, sink);
    if (scan.literal(R"({"e":"bookTicker","u":)")) return usdm_top(recv, sink);
    return false;
  }

  [[gnu::always_inline]] bool ends() {
    return scan.literal("}") && (!wrapped || scan.literal("}")) && scan.at_end();
  }
  [[gnu::always_inline]] bool symbol(const Symbol*& found) {
    std::string_view text;
    if (!scan.quoted_text(text)) return false;
    found = decoder.symbols_.find(text);
    return found != nullptr;
  }
  [[gnu::always_inline]] bool time(WallTime& out) {
    std::uint64_t ms = 0;
    constexpr unsigned digits = 13;
    return scan.unsigned_integer_of<digits>(ms) && to_wall(ms, out);
  }
  // COIN-M names the underlying pair, which says nothing that the symbol does not.
  [[gnu::always_inline]] bool underlying() {
    std::string_view text;
    return decoder.product_ != Product::Coinm ||
           (scan.literal(R"(,"ps":)") && scan.quoted_text(text));
  }

  [[gnu::always_inline]] bool levels(const Symbol& of, std::vector<Level>& room,
                                     std::span<const Level>& out) {
    Level* next = room.data();
    if (!scan.literal("[")) return false;
    if (!scan.literal("]")) {
      do {
        if (!scan.literal("[") || !scan.quoted_scaled(of.price_scale, next->price.units) ||
            !scan.literal(",") || !scan.quoted_scaled(of.qty_scale, next->quantity.units) ||
            next->price.units == 0) {
          return false;
        }
        ++next;
      } while (scan.literal("],"));
      if (!scan.literal("]]")) return false;
    }
    out = {room.data(), next};
    return true;
  }

  [[gnu::always_inline]] bool diff(bool spot, Instant recv, EventSink& sink) {
    DepthFrame depth;
    WallTime transaction;
    if (wrapped && !stream.ends_with("@depth@100ms") && is_partial_depth(stream)) return false;
    const bool fine =
        time(depth.time) && (spot || (scan.literal(R"(,"T":)") && time(transaction))) &&
        scan.literal(R"(,"s":)") && symbol(depth.symbol) && underlying() &&
        scan.literal(R"(,"U":)") && scan.unsigned_integer(depth.first) &&
        scan.literal(R"(,"u":)") && scan.unsigned_integer(depth.last) &&
        (spot || (scan.literal(R"(,"pu":)") && scan.unsigned_integer(depth.previous))) &&
        scan.literal(R"(,"b":)") && levels(*depth.symbol, decoder.bids_, depth.bids) &&
        scan.literal(R"(,"a":)") && levels(*depth.symbol, decoder.asks_, depth.asks) && ends() &&
        depth.first <= depth.last;
    if (fine) decoder.emit(depth, recv, sink);
    return fine;
  }

  [[gnu::always_inline]] bool sides(TopFrame& top) {
    const unsigned price = top.symbol->price_scale;
    const unsigned quantity = top.symbol->qty_scale;
    // Both prices are mostly of one length.
    LengthGuess length;
    return scan.literal(R"(,"b":)") && scan.quoted_scaled(price, top.bid.price.units, &length) &&
           scan.literal(R"(,"B":)") && scan.quoted_scaled(quantity, top.bid.quantity.units) &&
           scan.literal(R"(,"a":)") && scan.quoted_scaled(price, top.ask.price.units, &length) &&
           scan.literal(R"(,"A":)") && scan.quoted_scaled(quantity, top.ask.quantity.units);
  }
  [[gnu::always_inline]] bool spot_top(Instant recv, EventSink& sink) {
    TopFrame top;
    const bool fine = scan.unsigned_integer(top.update) && scan.literal(R"(,"s":)") &&
                      symbol(top.symbol) && sides(top) && ends();
    if (fine) decoder.emit(top, recv, sink);
    return fine;
  }
  [[gnu::always_inline]] bool futures_top_rest(TopFrame& top, Instant recv, EventSink& sink) {
    WallTime transaction;
    const bool fine = scan.literal(R"(,"s":)") && symbol(top.symbol) && underlying() &&
                      sides(top) && scan.literal(R"(,"T":)") && time(transaction) &&
                      scan.literal(R"(,"E":)") && time(top.time) && ends();
    if (fine) decoder.emit(top, recv, sink);
    return fine;
  }
  [[gnu::always_inline]] bool usdm_top(Instant recv, EventSink& sink) {
    TopFrame top;
    return decoder.product_ == Product::Usdm && scan.unsigned_integer(top.update) &&
           futures_top_rest(top, recv, sink);
  }
  [[gnu::always_inline]] bool coinm_top(Instant recv, EventSink& sink) {
    TopFrame top;
    return decoder.product_ == Product::Coinm && scan.unsigned_integer(top.update) &&
           scan.literal(R"(,"e":"bookTicker")") && futures_top_rest(top, recv, sink);
  }

  [[gnu::always_inline]] bool flag(bool& out) {
    out = scan.literal("true");
    return out || scan.literal("false");
  }
  [[gnu::always_inline]] bool amount(PrintFrame& print) {
    return scan.literal(R"(,"p":)") &&
           scan.quoted_scaled(print.symbol->price_scale, print.price.units) &&
           scan.literal(R"(,"q":)") &&
           scan.quoted_scaled(print.symbol->qty_scale, print.quantity.units) &&
           print.price.units != 0 && print.quantity.units != 0;
  }
  [[gnu::always_inline]] bool id(PrintFrame& print) {
    std::uint64_t number = 0;
    return scan.unsigned_integer(number, print.id);
  }
  [[gnu::always_inline]] bool trade(bool spot, Instant recv, EventSink& sink) {
    PrintFrame print;
    WallTime event;
    bool best_match = false;
    const bool fine =
        time(event) && (spot || (scan.literal(R"(,"T":)") && time(print.time))) &&
        scan.literal(R"(,"s":)") && symbol(print.symbol) && scan.literal(R"(,"t":)") && id(print) &&
        amount(print) &&
        (spot ? scan.literal(R"(,"T":)") && time(print.time) : scan.literal(R"(,"X":"MARKET")")) &&
        scan.literal(R"(,"m":)") && flag(print.buyer_is_maker) &&
        (!spot || (scan.literal(R"(,"M":)") && flag(best_match))) && ends();
    if (fine) decoder.emit(print, recv, sink);
    return fine;
  }
  [[gnu::always_inline]] bool aggregate_trade(bool spot, Instant recv, EventSink& sink) {
    if (!spot) return false;
    PrintFrame print;
    WallTime event;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    bool best_match = false;
    const bool fine =
        time(event) && scan.literal(R"(,"s":)") && symbol(print.symbol) &&
        scan.literal(R"(,"a":)") && id(print) && amount(print) && scan.literal(R"(,"f":)") &&
        scan.unsigned_integer(first) && scan.literal(R"(,"l":)") && scan.unsigned_integer(last) &&
        scan.literal(R"(,"T":)") && time(print.time) && scan.literal(R"(,"m":)") &&
        flag(print.buyer_is_maker) && scan.literal(R"(,"M":)") && flag(best_match) && ends();
    if (fine) decoder.emit(print, recv, sink);
    return fine;
  }

  [[gnu::always_inline]] bool spot_body(const Symbol& of, Instant recv, EventSink& sink) {
    DepthFrame depth;
    depth.symbol = &of;
    const bool fine = scan.literal(R"({"lastUpdateId":)") && scan.unsigned_integer(depth.last) &&
                      scan.literal(R"(,"bids":)") && levels(of, decoder.bids_, depth.bids) &&
                      scan.literal(R"(,"asks":)") && levels(of, decoder.asks_, depth.asks) &&
                      ends() && is_sorted(depth);
    if (fine) decoder.emit_snapshot(depth, recv, sink);
    return fine;
  }
};

Decoder::Decoder(Product product, VenueId venue, const Universe& universe, Reader reader)
    : product_(product),
      reader_(reader),
      venue_(venue),
      symbols_(venue, universe),
      parser_(product, symbols_) {
  make_room_for_levels(1 << 13);
}

void Decoder::make_room_for_levels(std::size_t bytes) {
  const std::size_t levels = bytes / shortest_level + 1;
  if (bids_.size() < levels) {
    bids_.resize(2 * levels);
    asks_.resize(2 * levels);
  }
}

FrameOutcome Decoder::on_frame(std::string_view frame, Instant recv, EventSink& sink) {
  make_room_for_levels(frame.size());
  if (reader_ == Reader::ScanThenParse) {
    ScanTail tail;
    Scanner scanner{*this, JsonScan(frame, tail), false, {}};
    if (scanner.frame(recv, sink)) return FrameOutcome::Decoded;
  }
  ++parsed_;
  return emit(parser_.read(frame), recv, sink);
}

FrameOutcome Decoder::on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                                    EventSink& sink) {
  const Symbol* symbol = symbols_.find(instrument);
  if (symbol == nullptr) return FrameOutcome::UnknownSymbol;
  make_room_for_levels(body.size());
  if (reader_ == Reader::ScanThenParse && product_ == Product::Spot) {
    ScanTail tail;
    Scanner scanner{*this, JsonScan(body, tail), false, {}};
    if (scanner.spot_body(*symbol, recv, sink)) return FrameOutcome::Decoded;
  }
  ++parsed_;
  const MarketFrame frame = parser_.read_depth_body(*symbol, body);
  if (const auto* depth = std::get_if<DepthFrame>(&frame)) {
    emit_snapshot(*depth, recv, sink);
    return FrameOutcome::Decoded;
  }
  const auto& refused = std::get<RefusedFrame>(frame);
  const bool off_grid = refused.outcome == FrameOutcome::NumberFault;
  sink.on(BookFault{instrument, venue_,
                    off_grid ? BookFaultReason::NumberFault : BookFaultReason::SnapshotFailed});
  return refused.outcome;
}

FrameOutcome Decoder::emit(const MarketFrame& frame, Instant recv, EventSink& sink) {
  if (const auto* depth = std::get_if<DepthFrame>(&frame)) {
    emit(*depth, recv, sink);
  } else if (const auto* print = std::get_if<PrintFrame>(&frame)) {
    emit(*print, recv, sink);
  } else if (const auto* top = std::get_if<TopFrame>(&frame)) {
    emit(*top, recv, sink);
  } else if (const auto* control = std::get_if<ControlFrame>(&frame)) {
    notice_ = control->notice;
    if (control->notice == MarketNotice::SubscriptionRefused) {
      sink.on(BookFault{{}, venue_, BookFaultReason::SubscriptionLost});
    } else {
      sink.on(Heartbeat{venue_, {{}, recv}});
    }
  } else {
    const auto& refused = std::get<RefusedFrame>(frame);
    if (refused.book_data) {
      const bool off_grid = refused.outcome == FrameOutcome::NumberFault;
      sink.on(BookFault{refused.symbol != nullptr ? refused.symbol->instrument : InstrumentId{},
                        venue_,
                        off_grid ? BookFaultReason::NumberFault : BookFaultReason::MalformedFrame});
    }
    return refused.outcome;
  }
  return FrameOutcome::Decoded;
}

// The events of every day are filled in where they lie: built aside and copied in, they would be read in
// wider words than they were just written in, which the processor has to wait for.
void Decoder::emit(const DepthFrame& depth, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<BookDelta>);
  auto& delta = *std::get_if<BookDelta>(&event);
  delta.instrument = depth.symbol->instrument;
  delta.times = {depth.time, recv};
  delta.first = depth.first;
  delta.last = depth.last;
  delta.previous = depth.previous;
  delta.bids = depth.bids;
  delta.asks = depth.asks;
  sink.on(event);
}

void Decoder::emit_snapshot(const DepthFrame& depth, Instant recv, EventSink& sink) {
  sink.on(BookSnapshot{depth.symbol->instrument,
                       {depth.time, recv},
                       depth.last,
                       std::nullopt,
                       depth.bids,
                       depth.asks});
}

void Decoder::emit(const PrintFrame& print, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<Trade>);
  auto& trade = *std::get_if<Trade>(&event);
  trade.instrument = print.symbol->instrument;
  trade.times = {print.time, recv};
  trade.taker_side = print.buyer_is_maker ? Side::Sell : Side::Buy;
  trade.price = print.price;
  trade.quantity = print.quantity;
  std::construct_at(&trade.id, print.id);
  sink.on(event);
}

void Decoder::emit(const TopFrame& top, Instant recv, EventSink& sink) {
  Event event(std::in_place_type<Quote>);
  auto& quote = *std::get_if<Quote>(&event);
  quote.instrument = top.symbol->instrument;
  quote.times = {top.time, recv};
  quote.sequence = top.update;
  quote.bid = top.bid;
  quote.ask = top.ask;
  sink.on(event);
}

}  // namespace ats::venues::binance
