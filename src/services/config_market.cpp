// The keys of market data: from whom an engine has it, and where a collector gives it to.
#include <bit>

#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

constexpr std::uint64_t ring_min = std::uint64_t{1} << 20;
constexpr std::uint64_t ring_max = std::uint64_t{1} << 32;

}  // namespace

void add_market_keys(std::vector<Key>& keys) {
  keys.push_back({"market", "from", "paths such as \"/run/ats/collector/feed.sock\"",
                  "The feeds of the collectors that an engine has its market data from "
                  "(docs/collector.md); none: it is connected to the venues itself.",
                  [](Config& c, std::string_view t) {
                    c.market.from.clear();
                    for (std::string& path : split_list(t))
                      c.market.from.emplace_back(std::move(path));
                    return true;
                  },
                  [](const Config& c) {
                    std::string all;
                    for (const auto& path : c.market.from) {
                      if (!all.empty()) all += ',';
                      all += path.string();
                    }
                    return all;
                  },
                  true});
  keys.push_back({"market", "feed",
                  "a path, or \"\" for collector/feed.sock below general.data_dir",
                  "Of a collector: the Unix socket where engines of this machine join its feed.",
                  [](Config& c, std::string_view t) { return c.market.feed = t, true; },
                  [](const Config& c) { return c.market.feed.string(); }});
  keys.push_back(
      {"market", "feed_ring", "a size from \"1M\" to \"4G\", a power of two",
       "Of a collector: how much of the latest its feed holds. An engine that is further "
       "behind joins anew.",
       [](Config& c, std::string_view t) {
         std::uint64_t bytes = 0;
         if (!parse_size(t, bytes) || bytes < ring_min || bytes > ring_max ||
             !std::has_single_bit(bytes))
           return false;
         c.market.feed_ring = bytes;
         return true;
       },
       [](const Config& c) { return print_size(c.market.feed_ring); }, false, true});
  keys.push_back({"market", "capture", "a path, or \"\" for none",
                  "Of a collector: the folder where it keeps every frame and event "
                  "(docs/capture.md).",
                  [](Config& c, std::string_view t) { return c.market.capture = t, true; },
                  [](const Config& c) { return c.market.capture.string(); }});
}

}  // namespace ats::services
