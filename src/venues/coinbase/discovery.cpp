// Instruments of a recording: the products that have books or prints in it, with the decimals seen on the
// wire; metadata in the recording wins over what was seen, unless the wire is finer.
#include <algorithm>
#include <map>
#include <string>

#include "venues/coinbase/metadata.hpp"
#include "venues/json.hpp"

namespace ats::venues::coinbase {
namespace {

int decimals_of(std::string_view number) {
  while (number.ends_with('0') && number.find('.') != std::string_view::npos)
    number.remove_suffix(1);
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(number.size() - point - 1);
}

class FrameDiscovery final : public Discovery {
 public:
  void on_frame(std::string_view frame) override {
    json::object root;
    std::string_view text;
    if (!json_.open(frame, root)) return;
    if (text_field(root, "channel", text)) {
      const bool book = text == "l2_data";
      if (book || text == "market_trades") see_events(root, book);
      return;
    }
    if (!text_field(root, "type", text)) return;
    const std::string type(text);
    if (!text_field(root, "product_id", text)) return;
    if (type == "l2update") {
      see_pairs(root, "changes", 1, seen_[std::string(text)]);
    } else if (type == "snapshot") {
      Seen& seen = seen_[std::string(text)];
      see_pairs(root, "asks", 0, seen);
      see_pairs(root, "bids", 0, seen);
    } else if (type == "match" || type == "last_match") {
      see_numbers(root, "price", "size", seen_[std::string(text)]);
    }
  }

  void on_depth_body(std::string_view symbol, std::string_view body) override {
    json::object root;
    json::object book;
    if (!json_.open(body, root)) return;
    Seen& seen = seen_[std::string(symbol)];
    for (const std::string_view side : {"bids", "asks"}) {
      json::array levels;
      if (object_field(root, "pricebook", book)) {
        if (array_field(book, side, levels)) see_levels(levels, "price", "size", seen);
      } else {
        see_pairs(root, side, 0, seen);
      }
    }
  }

  void on_metadata_body(std::string_view body) override {
    auto rows = parse_products(body);
    if (!rows) return;
    for (ProductRow& row : *rows) told_[row.id] = std::move(row);
  }

  void finish(VenueId venue, Universe& universe) override {
    for (const auto& [id, seen] : seen_) {
      const auto told = told_.find(id);
      ProductRow row;
      if (told != told_.end()) {
        row = told->second;
      } else {
        const std::size_t hyphen = id.find('-');
        if (hyphen == std::string::npos) continue;
        row.id = id;
        row.base = id.substr(0, hyphen);
        row.quote = id.substr(hyphen + 1);
        row.qty_decimals = seen.qty_decimals;
        row.price_decimals = seen.price_decimals;
      }
      // Levels from before a step was changed may be finer than the steps of now.
      refine(row, seen);
      // One that cannot be kept is left out: its frames are then of an unknown symbol, visibly.
      static_cast<void>(add_instrument(row, venue, universe));
    }
  }

 private:
  struct Seen {
    int price_decimals = 0;
    int qty_decimals = 0;
  };

  static void refine(ProductRow& row, const Seen& seen) {
    if (seen.price_decimals > row.price_decimals) {
      row.price_decimals = seen.price_decimals;
      row.tick = 1;
    }
    while (seen.qty_decimals > row.qty_decimals && row.qty_decimals < Decimal::scale) {
      ++row.qty_decimals;
      row.lot = 1;
      for (Quantity* limit : {&row.min_quantity, &row.max_quantity}) {
        if (__builtin_mul_overflow(limit->units, 10, &limit->units)) *limit = {};
      }
    }
  }

  static void see(std::string_view text, int& decimals) {
    decimals = std::max(decimals, decimals_of(text));
  }

  static void see_numbers(json::object& object, std::string_view price, std::string_view quantity,
                          Seen& seen) {
    std::string_view text;
    if (number_field(object, price, text)) see(text, seen.price_decimals);
    if (number_field(object, quantity, text)) see(text, seen.qty_decimals);
  }

  static void see_levels(json::array& levels, std::string_view price, std::string_view quantity,
                         Seen& seen) {
    for (auto element : levels) {
      json::object level;
      if (element.get_object().get(level) != simdjson::SUCCESS) return;
      see_numbers(level, price, quantity, seen);
    }
  }

  // Lists of texts, the price at `at` and the quantity behind it.
  static void see_pairs(json::object& root, std::string_view key, int at, Seen& seen) {
    json::array rows;
    if (!array_field(root, key, rows)) return;
    for (auto row : rows) {
      json::array texts;
      if (row.get_array().get(texts) != simdjson::SUCCESS) return;
      int n = 0;
      for (auto element : texts) {
        json::value value;
        std::string_view text;
        if (element.get(value) != simdjson::SUCCESS || !number_text(value, text)) return;
        if (n == at) see(text, seen.price_decimals);
        if (n == at + 1) see(text, seen.qty_decimals);
        ++n;
      }
    }
  }

  void see_events(json::object& root, bool book) {
    json::array events;
    if (!array_field(root, "events", events)) return;
    for (auto element : events) {
      json::object event;
      json::array list;
      std::string_view product;
      if (element.get_object().get(event) != simdjson::SUCCESS) return;
      if (book) {
        if (!text_field(event, "product_id", product)) return;
        Seen& seen = seen_[std::string(product)];
        if (array_field(event, "updates", list))
          see_levels(list, "price_level", "new_quantity", seen);
        continue;
      }
      if (!array_field(event, "trades", list)) return;
      for (auto trade_element : list) {
        json::object trade;
        if (trade_element.get_object().get(trade) != simdjson::SUCCESS ||
            !text_field(trade, "product_id", product))
          return;
        see_numbers(trade, "price", "size", seen_[std::string(product)]);
      }
    }
  }

  Json json_;
  std::map<std::string, Seen, std::less<>> seen_;  // by product
  std::map<std::string, ProductRow, std::less<>> told_;
};

}  // namespace

std::unique_ptr<Discovery> make_discovery() { return std::make_unique<FrameDiscovery>(); }

}  // namespace ats::venues::coinbase
