// Where market data comes from, and where a collector gives it to.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace ats::services {

struct MarketConfig {
  // Of an engine: the collectors' sockets. Empty: it is connected to the venues itself.
  std::vector<std::filesystem::path> from;
  // Of a collector: its own socket, and what of the latest is kept for readers that are behind. Empty: below data_dir.
  std::filesystem::path feed;
  std::size_t feed_ring = std::size_t{64} << 20;
  // Where the collector keeps a capture; empty: nowhere.
  std::filesystem::path capture;
};

}  // namespace ats::services
