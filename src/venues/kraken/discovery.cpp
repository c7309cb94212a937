// Instruments of a recording: the symbols that have books or prints in it, with the decimals seen on
// the wire; metadata in the recording wins over what was seen.
#include <algorithm>
#include <map>
#include <string>

#include "venues/json.hpp"
#include "venues/kraken/metadata.hpp"
#include "venues/kraken/reader_v1.hpp"

namespace ats::venues::kraken {
namespace {

int decimals_of(std::string_view number) {
  const std::size_t point = number.find('.');
  if (point == std::string_view::npos) return 0;
  const std::size_t end = std::min(number.find_first_of("eE"), number.size());
  return static_cast<int>(end - point - 1);
}

class FrameDiscovery final : public Discovery {
 public:
  void on_frame(std::string_view frame) override {
    json::object root;
    std::string_view text;
    if (!json_.open(frame)) return;
    json::json_type type;
    if (json_.document().type().get(type) == simdjson::SUCCESS && type == json::json_type::array)
      return on_v1_data();
    if (json_.document().get_object().get(root) != simdjson::SUCCESS) return;
    if (text_field(root, "channel", text)) {
      const bool book = text == "book";
      if (book || text == "trade") return on_data(root, book);
      if (text == "instrument") return on_instruments(root);
      return;
    }
    if (text_field(root, "method", text) && text == "subscribe") on_acknowledged(root, "result");
    if (text_field(root, "event", text) && text == "subscriptionStatus")
      on_acknowledged(root, "subscription");
  }

  void on_depth_body(std::string_view symbol, std::string_view body) override {
    json::object root;
    json::object result;
    if (!json_.open(body, root) || !object_field(root, "result", result)) return;
    for (auto field : result) {
      json::object book;
      if (field.value().get_object().get(book) != simdjson::SUCCESS) return;
      Seen& seen = seen_[std::string(symbol)];
      for (const std::string_view side : {"bids", "asks"}) {
        json::array levels;
        if (array_field(book, side, levels)) see_rest_levels(levels, seen);
      }
    }
  }

  void on_metadata_body(std::string_view body) override {
    auto rows = parse_asset_pairs(body);
    if (!rows) return;
    for (PairRow& row : *rows) told_[row.symbol()] = std::move(row);
  }

  void finish(VenueId venue, Universe& universe) override {
    for (const auto& [symbol, seen] : seen_) {
      const auto told = told_.find(symbol);
      if (told != told_.end()) {
        if (seen.version_1) write_out(seen, told->second);
        static_cast<void>(add_instrument(told->second, venue, universe));
        continue;
      }
      const std::size_t slash = symbol.find('/');
      if (slash == std::string::npos) continue;
      PairRow row;
      row.base = symbol.substr(0, slash);
      row.quote = symbol.substr(slash + 1);
      row.price_decimals = seen.price_decimals;
      row.qty_decimals = seen.qty_decimals;
      row.maker = Rate::bps(25);  // the lowest volume's row of 2025
      row.taker = Rate::bps(40);
      // One that cannot be kept is left out: its frames are then of an unknown symbol, visibly.
      static_cast<void>(add_instrument(row, venue, universe));
    }
    if (depth_ != 0) universe.venue(venue).book.depth = depth_;
  }

 private:
  struct Seen {
    int price_decimals = 0;
    int qty_decimals = 0;
    bool version_1 = false;
  };

  // Version 1 writes more decimals than its metadata tells, and its checksums are of what it writes.
  static void write_out(const Seen& seen, PairRow& row) {
    const int price = std::clamp(seen.price_decimals - row.price_decimals, 0, 18);
    const int quantity = std::clamp(seen.qty_decimals - row.qty_decimals, 0, 18);
    std::int64_t tick = 0;
    std::int64_t least = 0;
    if (__builtin_mul_overflow(row.tick, pow10(price), &tick) ||
        __builtin_mul_overflow(row.min_quantity.units, pow10(quantity), &least))
      return;
    row.tick = tick;
    row.min_quantity = {least};
    row.price_decimals += price;
    row.qty_decimals += quantity;
  }

  void on_v1_data() {
    json::array array;
    std::size_t elements = 0;
    std::string_view name;
    std::string_view pair;
    if (json_.document().get_array().get(array) != simdjson::SUCCESS ||
        !name_v1_data(array, elements, name, pair) ||
        (name != "trade" && !name.starts_with("book")))
      return;
    std::string symbol;
    Seen& seen = seen_[std::string(symbol_of_v1(pair, symbol))];
    seen.version_1 = true;
    std::size_t at = 0;
    for (auto element : array) {
      const std::size_t index = at++;
      if (index == 0) continue;
      if (index + 2 == elements) break;
      json::value value;
      if (element.get(value) != simdjson::SUCCESS) return;
      json::array levels;
      json::object body;
      if (value.get_array().get(levels) == simdjson::SUCCESS) {
        see_texts(levels, seen);
      } else if (value.get_object().get(body) == simdjson::SUCCESS) {
        for (auto field : body) {
          json::value side;
          if (field.value().get(side) != simdjson::SUCCESS) return;
          if (side.get_array().get(levels) == simdjson::SUCCESS) see_texts(levels, seen);
        }
      }
    }
  }

  // [["354.15000000","5.00000000",…],…], every digit of them.
  static void see_texts(json::array& levels, Seen& seen) {
    for (auto level : levels) {
      json::array numbers;
      if (level.get_array().get(numbers) != simdjson::SUCCESS) return;
      int at = 0;
      for (auto number : numbers) {
        std::string_view text;
        if (at == 2 || number.get_string().get(text) != simdjson::SUCCESS) break;
        int& decimals = at == 0 ? seen.price_decimals : seen.qty_decimals;
        decimals = std::max(decimals, decimals_of(text));
        ++at;
      }
    }
  }

  void on_data(json::object& root, bool book) {
    json::array data;
    if (!array_field(root, "data", data)) return;
    for (auto element : data) {
      json::object entry;
      std::string_view symbol;
      if (element.get_object().get(entry) != simdjson::SUCCESS ||
          !text_field(entry, "symbol", symbol))
        return;
      Seen& seen = seen_[std::string(symbol)];
      if (!book) {
        see(entry, seen);
        continue;
      }
      for (const std::string_view side : {"bids", "asks"}) {
        json::array levels;
        if (!array_field(entry, side, levels)) return;
        for (auto level : levels) {
          json::object object;
          if (level.get_object().get(object) != simdjson::SUCCESS) return;
          see(object, seen);
        }
      }
    }
  }

  static void see(json::object& object, Seen& seen) {
    std::string_view text;
    if (number_field(object, "price", text))
      seen.price_decimals = std::max(seen.price_decimals, decimals_of(text));
    if (number_field(object, "qty", text))
      seen.qty_decimals = std::max(seen.qty_decimals, decimals_of(text));
  }

  // ["30384.10000", "2.059", 1688671659]: zeros at the end say nothing here.
  static void see_rest_levels(json::array& levels, Seen& seen) {
    for (auto level : levels) {
      json::array numbers;
      if (level.get_array().get(numbers) != simdjson::SUCCESS) return;
      int at = 0;
      for (auto number : numbers) {
        std::string_view text;
        if (at == 2 || number.get_string().get(text) != simdjson::SUCCESS) break;
        while (text.ends_with('0') && decimals_of(text) > 0) text.remove_suffix(1);
        int& decimals = at == 0 ? seen.price_decimals : seen.qty_decimals;
        decimals = std::max(decimals, decimals_of(text));
        ++at;
      }
    }
  }

  // {"channel":"instrument","data":{"assets":[…],"pairs":[{…}]}}
  void on_instruments(json::object& root) {
    json::object data;
    json::array pairs;
    if (!object_field(root, "data", data) || !array_field(data, "pairs", pairs)) return;
    for (auto element : pairs) {
      json::object pair;
      std::string_view symbol;
      PairRow row;
      if (element.get_object().get(pair) != simdjson::SUCCESS ||
          !text_field(pair, "symbol", symbol) ||
          !integer_field(pair, "price_precision", row.price_decimals) ||
          !integer_field(pair, "qty_precision", row.qty_decimals))
        return;
      const std::size_t slash = symbol.find('/');
      if (slash == std::string_view::npos || told_.contains(std::string(symbol))) continue;
      row.base = symbol.substr(0, slash);
      row.quote = symbol.substr(slash + 1);
      row.maker = Rate::bps(25);
      row.taker = Rate::bps(40);
      told_[std::string(symbol)] = row;
    }
  }

  // {"method":"subscribe","result":{"channel":"book","depth":25,…},"success":true}, in version 1
  // {"event":"subscriptionStatus","subscription":{"name":"book","depth":1000},…}
  void on_acknowledged(json::object& root, std::string_view key) {
    json::object result;
    std::string_view channel;
    std::uint16_t depth = 0;
    if (!object_field(root, key, result)) return;
    if (!text_field(result, key == "result" ? "channel" : "name", channel) || channel != "book")
      return;
    if (integer_field(result, "depth", depth)) depth_ = std::max(depth_, depth);
  }

  Json json_;
  std::map<std::string, Seen, std::less<>> seen_;  // by symbol
  std::map<std::string, PairRow, std::less<>> told_;
  std::uint16_t depth_ = 0;  // deepest book subscription; 0: none was seen
};

}  // namespace

std::unique_ptr<Discovery> make_discovery() { return std::make_unique<FrameDiscovery>(); }

}  // namespace ats::venues::kraken
