// The keys of what is to be held where, and of what sending it takes.

#include <fmt/format.h>

#include "services/config_keys.hpp"

namespace ats::services {
namespace {

bool known_venue(std::string_view name) { return venues::find_protocol(name) != nullptr; }

// "binance BTC 0.4"
bool parse_target(std::string_view text, InventoryTarget& out) {
  const auto words = split_words(text);
  if (words.size() != 3 || !known_venue(words[0]) || !parse_asset(words[1])) return false;
  const auto share = parse_scaled(words[2], 9);
  if (!share || *share < 0 || *share > Rate::one) return false;
  out = {Text<15>(words[0]), Text<15>(words[1]), Rate{*share}};
  return true;
}

bool parse_targets(std::string_view text, TargetList& out) {
  TargetList list;
  for (const std::string& item : split_list(text)) {
    InventoryTarget target;
    if (!parse_target(item, target)) return false;
    for (const InventoryTarget& other : list) {
      if (other.venue == target.venue && other.asset == target.asset) return false;
    }
    if (!list.add(target)) return false;
  }
  out = list;
  return true;
}

std::string print_targets(const TargetList& list) {
  std::string out;
  for (const InventoryTarget& t : list) {
    out += fmt::format("{}{} {} {}", out.empty() ? "" : ",", t.venue.view(), t.asset.view(),
                       format_scaled_short(t.share.ppb, 9));
  }
  return out;
}

bool parse_amount(std::string_view text, Decimal& out) {
  const auto amount = Decimal::parse(text);
  if (!amount || amount->negative() || *amount > Decimal::from_int(1'000'000'000'000)) return false;
  out = *amount;
  return true;
}

// "binance BTC bitcoin 0.0002 40 0.001"
bool parse_transfer(std::string_view text, core::TransferLine& out) {
  constexpr std::int64_t minutes_max = 100'000;
  const auto words = split_words(text);
  if (words.size() != 6 || !known_venue(words[0]) || !parse_asset(words[1])) return false;
  if (!Text<15>::fits(words[2])) return false;
  const auto minutes = parse_scaled(words[4], 0);
  if (!minutes || *minutes < 0 || *minutes > minutes_max) return false;
  out.venue = Text<15>(words[0]);
  out.asset = Text<15>(words[1]);
  out.network = Text<15>(words[2]);
  out.minutes = static_cast<std::uint32_t>(*minutes);
  return parse_amount(words[3], out.fee) && parse_amount(words[5], out.least);
}

bool parse_transfers(std::string_view text, std::vector<core::TransferLine>& out) {
  std::vector<core::TransferLine> lines;
  for (const std::string& item : split_list(text)) {
    if (!parse_transfer(item, lines.emplace_back())) return false;
  }
  out = std::move(lines);
  return true;
}

std::string print_transfers(const std::vector<core::TransferLine>& lines) {
  std::string out;
  for (const core::TransferLine& l : lines) {
    out +=
        fmt::format("{}{} {} {} {} {} {}", out.empty() ? "" : ",", l.venue.view(), l.asset.view(),
                    l.network.view(), l.fee.to_string(), l.minutes, l.least.to_string());
  }
  return out;
}

}  // namespace

void add_inventory_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"inventory", "targets",
       "a list of shares such as [\"binance BTC 0.4\"]: venue, asset, its share of all that is "
       "held "
       "of it, from 0 to 1; at most 64",
       "What a venue is to hold. Those that are not named share what is left equally.",
       [](Config& c, std::string_view t) { return parse_targets(t, c.core.inventory_targets); },
       [](const Config& c) { return print_targets(c.core.inventory_targets); }, true});
  keys.push_back({"inventory", "band", "a share such as \"0.1\", above 0, at most 1",
                  "A venue whose holding differs from its target by more than this share of all "
                  "that is held of the asset is off, and something is proposed.",
                  [](Config& c, std::string_view t) {
                    const auto share = parse_scaled(t, 9);
                    if (!share || *share <= 0 || *share > Rate::one) return false;
                    c.inventory.band = Rate{*share};
                    return true;
                  },
                  [](const Config& c) { return format_scaled_short(c.inventory.band.ppb, 9); }});
  keys.push_back(
      {"inventory", "transfers",
       "a list such as [\"binance BTC bitcoin 0.0002 40 0.001\"]: from venue, asset, network, fee "
       "in the asset, minutes until it counts on the other venue, least amount",
       "What sending takes. An asset is sent where both venues have a line of one network; without "
       "them it is not known what that costs, and nothing is proposed.",
       [](Config& c, std::string_view t) { return parse_transfers(t, c.inventory.transfers); },
       [](const Config& c) { return print_transfers(c.inventory.transfers); }, true});
}

}  // namespace ats::services
