// Instruments of a recording: the symbols that are subscribed to in it, with the decimals their channels
// show; metadata in the recording gives the limits of orders.
#include <algorithm>
#include <map>
#include <string>

#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/row.hpp"

namespace ats::venues::bitfinex {
namespace {

// Decimals that the number needs, in whatever notation.
int decimals_of(std::string_view number) {
  const auto value = Decimal::parse(number);
  if (!value) return 0;
  const std::string plain = value->to_string();
  const std::size_t point = plain.find('.');
  return point == std::string::npos ? 0 : static_cast<int>(plain.size() - point - 1);
}

class FrameDiscovery final : public Discovery {
 public:
  void on_frame(std::string_view frame) override {
    if (!json_.open(frame)) return;
    if (row_.split(frame)) return on_data();
    json::object root;
    std::string_view event;
    if (json_.document().get_object().get(root) == simdjson::SUCCESS &&
        text_field(root, "event", event) && event == "subscribed")
      on_subscribed(root);
  }

  void on_depth_body(std::string_view symbol, std::string_view body) override {
    if (!json_.open(body)) return;
    see_levels(body, seen_[std::string(symbol)]);
  }

  void on_metadata_body(std::string_view body) override {
    auto rows = parse_pair_info(body);
    if (!rows) return;
    for (PairRow& row : *rows) {
      std::string symbol = symbol_of(row.base, row.quote);
      told_[std::move(symbol)] = std::move(row);
    }
  }

  void finish(VenueId venue, Universe& universe) override {
    for (const auto& [symbol, seen] : seen_) {
      const auto names = split_pair(std::string_view(symbol).substr(1));
      if (!names) continue;
      PairRow row;
      const auto told = told_.find(symbol);
      if (told != told_.end()) row = told->second;
      row.base = names->base;
      row.quote = names->quote;
      row.price_decimals = seen.price_decimals;
      row.qty_decimals = told == told_.end() ? seen.qty_decimals : most_decimals;
      // One that cannot be kept is left out: its frames are then of an unknown symbol, visibly.
      static_cast<void>(add_instrument(row, venue, universe));
    }
    BookRules& rules = universe.venue(venue).book;
    rules.depth = std::max(rules.depth, length_);
  }

 private:
  struct Seen {
    int price_decimals = 0;
    int qty_decimals = 0;
  };
  enum class Shape : std::uint8_t { Levels, RawOrders, Trades };
  struct Known {
    std::string symbol;
    Shape shape = Shape::Levels;
  };

  // {"event":"subscribed","channel":"book","chanId":1,"symbol":"tBTCUSD","prec":"P0","len":"25",…}
  void on_subscribed(json::object& root) {
    std::uint64_t id = 0;
    std::string_view channel;
    std::string_view symbol;
    std::string_view text;
    if (!integer_field(root, "chanId", id) || !text_field(root, "channel", channel) ||
        !text_field(root, "symbol", symbol) || kind_of(symbol) != SymbolKind::Spot)
      return;
    Known known{std::string(symbol), Shape::Trades};
    if (channel == "book") {
      known.shape =
          text_field(root, "prec", text) && text == "R0" ? Shape::RawOrders : Shape::Levels;
      std::uint16_t length = 0;
      if (integer_field(root, "len", length)) length_ = std::max(length_, length);
    } else if (channel != "trades") {
      return;
    }
    seen_[known.symbol];
    channels_[id] = std::move(known);
  }

  void on_data() {
    std::uint64_t id = 0;
    if (!row_.integer(0, id)) return;
    const auto known = channels_.find(id);
    if (known == channels_.end()) return;
    Seen& seen = seen_[known->second.symbol];
    const std::string data(is_array(row_[1]) ? row_[1] : row_[2]);
    if (known->second.shape == Shape::Levels) {
      see_levels(data, seen);
    } else if (known->second.shape == Shape::RawOrders) {
      see_rows(data, 1, 2, seen);
    } else {
      see_rows(data, 3, 2, seen);
    }
  }

  void see_levels(std::string_view data, Seen& seen) { see_rows(data, 0, 2, seen); }

  // One row, or a list of rows.
  void see_rows(std::string_view data, std::size_t price_at, std::size_t amount_at, Seen& seen) {
    if (!rows_.split(data)) return;
    if (rows_.size() != 0 && !is_array(rows_[0])) return see(rows_, price_at, amount_at, seen);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (one_.split(rows_[i])) see(one_, price_at, amount_at, seen);
    }
  }
  static void see(const Row& row, std::size_t price_at, std::size_t amount_at, Seen& seen) {
    seen.price_decimals = std::max(seen.price_decimals, decimals_of(row[price_at]));
    seen.qty_decimals = std::max(seen.qty_decimals, decimals_of(row[amount_at]));
  }

  Json json_;
  Row row_, rows_, one_;
  std::map<std::uint64_t, Known> channels_;
  std::map<std::string, Seen, std::less<>> seen_;  // by symbol
  std::map<std::string, PairRow, std::less<>> told_;
  std::uint16_t length_ = 0;  // longest book subscribed to
};

}  // namespace

std::unique_ptr<Discovery> make_discovery() { return std::make_unique<FrameDiscovery>(); }

}  // namespace ats::venues::bitfinex
