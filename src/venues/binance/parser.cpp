#include "venues/binance/parser.hpp"

#include <array>
#include <charconv>

#include "venues/binance/dom.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

enum class Field : std::uint8_t { Fine, Malformed, OffGrid };

Field worse(Field a, Field b) { return a == Field::Fine ? b : a; }

// A decimal string that is not negative.
Field scaled(std::string_view text, unsigned scale, std::int64_t& out) {
  const auto units = parse_scaled(text, static_cast<int>(scale));
  if (!units) {
    return units.error() == NumberError::Malformed ? Field::Malformed : Field::OffGrid;
  }
  out = *units;
  return out < 0 || text.front() == '-' ? Field::Malformed : Field::Fine;
}
Field scaled_of(const object& from, std::string_view key, unsigned scale, std::int64_t& out) {
  std::string_view text;
  return get(from, key, text) ? scaled(text, scale, out) : Field::Malformed;
}

Field level_of(const element& from, const Symbol& symbol, Level& out) {
  array pair;
  if (from.get_array().get(pair) != simdjson::SUCCESS || pair.size() != 2) return Field::Malformed;
  std::string_view price;
  std::string_view quantity;
  if (pair.at(0).get_string().get(price) != simdjson::SUCCESS ||
      pair.at(1).get_string().get(quantity) != simdjson::SUCCESS) {
    return Field::Malformed;
  }
  const Field field = worse(scaled(price, symbol.price_scale, out.price.units),
                            scaled(quantity, symbol.qty_scale, out.quantity.units));
  return field == Field::Fine && out.price.units == 0 ? Field::Malformed : field;
}

Field levels_of(const object& from, std::string_view key, const Symbol& symbol,
                std::vector<Level>& out) {
  out.clear();
  array levels;
  if (from.at_key(key).get_array().get(levels) != simdjson::SUCCESS) return Field::Malformed;
  for (const element item : levels) {
    Level level;
    if (const Field field = level_of(item, symbol, level); field != Field::Fine) return field;
    out.push_back(level);
  }
  return Field::Fine;
}

// Kinds of event that exist and are of no use here.
bool is_ignored_kind(std::string_view e) {
  for (const std::string_view kind :
       {"kline", "24hrTicker", "24hrMiniTicker", "1hTicker", "4hTicker", "1dTicker", "avgPrice",
        "referencePrice", "blockTrade", "markPriceUpdate", "indexPriceUpdate", "forceOrder",
        "continuous_kline", "indexPrice_kline", "markPrice_kline", "compositeIndex", "contractInfo",
        "assetIndexUpdate"}) {
    if (e == kind) return true;
  }
  return false;
}

RefusedFrame refuse(FrameOutcome outcome) { return {outcome, false, nullptr}; }
RefusedFrame refuse_book(FrameOutcome outcome, const Symbol* symbol) {
  return {outcome, true, symbol};
}
FrameOutcome outcome_of(Field field) {
  return field == Field::OffGrid ? FrameOutcome::NumberFault : FrameOutcome::Malformed;
}

}  // namespace

struct Parser::Impl {
  Impl(Product of, const Symbols& known) : product(of), symbols(known) {}

  const Product product;
  const Symbols& symbols;
  Document document;
  std::vector<Level> bids;
  std::vector<Level> asks;
  std::array<char, 20> id_digits{};  // of the last print

  MarketFrame read(std::string_view frame) {
    element root;
    if (!document.parse(frame, root)) return refuse_book(FrameOutcome::Malformed, nullptr);
    element event = root;
    std::string_view stream;
    object wrapper;
    if (root.get_object().get(wrapper) == simdjson::SUCCESS && get(wrapper, "stream", stream)) {
      if (wrapper.at_key("data").get(event) != simdjson::SUCCESS) {
        return refuse_book(FrameOutcome::Malformed, nullptr);
      }
    }
    array several;
    if (event.get_array().get(several) == simdjson::SUCCESS) {
      object first;
      std::string_view kind;
      const bool ignored = several.at(0).get_object().get(first) == simdjson::SUCCESS &&
                           get(first, "e", kind) && is_ignored_kind(kind);
      return refuse(ignored ? FrameOutcome::Ignored : FrameOutcome::UnknownKind);
    }
    object fields;
    if (event.get_object().get(fields) != simdjson::SUCCESS) {
      return refuse_book(FrameOutcome::Malformed, nullptr);
    }
    return has(fields, "e") ? read_event(fields, stream) : read_unnamed(fields);
  }

  MarketFrame read_event(const object& fields, std::string_view stream) {
    std::string_view kind;
    if (!get(fields, "e", kind)) return refuse_book(FrameOutcome::Malformed, nullptr);
    if (kind == "depthUpdate") {
      if (is_partial_depth(stream)) return refuse(FrameOutcome::Ignored);
      return read_depth(fields);
    }
    if (kind == "trade") return read_print(fields, "t");
    if (kind == "aggTrade") return read_print(fields, "a");
    if (kind == "bookTicker") {
      return product == Product::Spot || is_coinm_only(fields) ? refuse(FrameOutcome::OtherProtocol)
                                                               : read_top(fields);
    }
    if (kind == "serverShutdown") return ControlFrame{MarketNotice::Shutdown};
    return refuse(is_ignored_kind(kind) ? FrameOutcome::Ignored : FrameOutcome::UnknownKind);
  }

  // COIN-M alone names the underlying pair.
  bool is_coinm_only(const object& fields) const {
    return product == Product::Usdm && has(fields, "ps");
  }

  // Frames that do not say what they are: spot's bookTicker and partial books, and answers to requests.
  MarketFrame read_unnamed(const object& fields) {
    if (has(fields, "u") && has(fields, "B") && has(fields, "A")) {
      return product == Product::Spot ? read_top(fields) : refuse(FrameOutcome::OtherProtocol);
    }
    if (has(fields, "lastUpdateId")) return refuse(FrameOutcome::Ignored);
    if (has(fields, "error") || (has(fields, "code") && has(fields, "msg"))) {
      return ControlFrame{MarketNotice::SubscriptionRefused};
    }
    if (has(fields, "result")) return ControlFrame{MarketNotice::Acknowledged};
    return refuse(FrameOutcome::UnknownKind);
  }

  MarketFrame read_depth(const object& fields) {
    DepthFrame depth;
    std::string_view text;
    if (!get(fields, "s", text)) return refuse_book(FrameOutcome::Malformed, nullptr);
    depth.symbol = symbols.find(text);
    const bool futures = has(fields, "pu");
    if (futures != (product != Product::Spot) || is_coinm_only(fields)) {
      return RefusedFrame{FrameOutcome::OtherProtocol, depth.symbol != nullptr, depth.symbol};
    }
    if (depth.symbol == nullptr) return refuse(FrameOutcome::UnknownSymbol);
    if (!get(fields, "E", depth.time) || !get(fields, "U", depth.first) ||
        !get(fields, "u", depth.last) || depth.first > depth.last ||
        (futures && !get(fields, "pu", depth.previous))) {
      return refuse_book(FrameOutcome::Malformed, depth.symbol);
    }
    return with_levels(depth, fields, "b", "a");
  }

  MarketFrame with_levels(DepthFrame& depth, const object& fields, std::string_view bid_key,
                          std::string_view ask_key) {
    const Field field = worse(levels_of(fields, bid_key, *depth.symbol, bids),
                              levels_of(fields, ask_key, *depth.symbol, asks));
    if (field != Field::Fine) return refuse_book(outcome_of(field), depth.symbol);
    depth.bids = bids;
    depth.asks = asks;
    return depth;
  }

  MarketFrame read_print(const object& fields, std::string_view id_key) {
    PrintFrame print;
    std::string_view text;
    if (!get(fields, "s", text)) return refuse(FrameOutcome::Malformed);
    if (has(fields, "M") != (product == Product::Spot)) return refuse(FrameOutcome::OtherProtocol);
    print.symbol = symbols.find(text);
    if (print.symbol == nullptr) return refuse(FrameOutcome::UnknownSymbol);
    std::uint64_t id = 0;
    bool best_match = false;
    if (!get(fields, "T", print.time) || !get(fields, id_key, id) ||
        !get(fields, "m", print.buyer_is_maker) ||
        (product == Product::Spot && !get(fields, "M", best_match))) {
      return refuse(FrameOutcome::Malformed);
    }
    if (has(fields, "X")) {  // futures name prints that are no trade between two users
      if (!get(fields, "X", text)) return refuse(FrameOutcome::Malformed);
      if (text != "MARKET") return refuse(FrameOutcome::Ignored);
    }
    const Field field =
        worse(scaled_of(fields, "p", print.symbol->price_scale, print.price.units),
              scaled_of(fields, "q", print.symbol->qty_scale, print.quantity.units));
    if (field != Field::Fine) return refuse(outcome_of(field));
    if (print.price.units == 0 || print.quantity.units == 0) {
      return refuse(FrameOutcome::Malformed);
    }
    char* const digits = id_digits.data();
    const auto written = std::to_chars(digits, digits + id_digits.size(), id);
    print.id = {digits, static_cast<std::size_t>(written.ptr - digits)};
    return print;
  }

  MarketFrame read_top(const object& fields) {
    TopFrame top;
    std::string_view text;
    if (!get(fields, "s", text)) return refuse(FrameOutcome::Malformed);
    top.symbol = symbols.find(text);
    if (top.symbol == nullptr) return refuse(FrameOutcome::UnknownSymbol);
    if (!get(fields, "u", top.update) ||
        (product != Product::Spot && !get(fields, "E", top.time))) {
      return refuse(FrameOutcome::Malformed);
    }
    const unsigned price = top.symbol->price_scale;
    const unsigned quantity = top.symbol->qty_scale;
    const Field field = worse(worse(scaled_of(fields, "b", price, top.bid.price.units),
                                    scaled_of(fields, "B", quantity, top.bid.quantity.units)),
                              worse(scaled_of(fields, "a", price, top.ask.price.units),
                                    scaled_of(fields, "A", quantity, top.ask.quantity.units)));
    if (field != Field::Fine) return refuse(outcome_of(field));
    return top;
  }

  MarketFrame read_depth_body(const Symbol& symbol, std::string_view body) {
    object fields;
    DepthFrame depth;
    depth.symbol = &symbol;
    if (!document.parse(body, fields) || !get(fields, "lastUpdateId", depth.last) ||
        (product != Product::Spot && !get(fields, "E", depth.time))) {
      return refuse_book(FrameOutcome::Malformed, &symbol);
    }
    MarketFrame frame = with_levels(depth, fields, "bids", "asks");
    if (std::holds_alternative<DepthFrame>(frame) && !is_sorted(depth)) {
      return refuse_book(FrameOutcome::Malformed, &symbol);
    }
    return frame;
  }
};

Parser::Parser(Product product, const Symbols& symbols)
    : impl_(std::make_unique<Impl>(product, symbols)) {}

Parser::~Parser() = default;

MarketFrame Parser::read(std::string_view frame) { return impl_->read(frame); }

MarketFrame Parser::read_depth_body(const Symbol& symbol, std::string_view body) {
  return impl_->read_depth_body(symbol, body);
}

}  // namespace ats::venues::binance
