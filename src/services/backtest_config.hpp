// What a running engine lends to backtests: recordings, room on the disk, how many run at once.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ats::services {

struct BacktestServiceConfig {
  std::filesystem::path data;  // recordings; empty: recordings/ below general.data_dir
  std::uint32_t keep = 100;    // of those that are over
  std::uint64_t keep_size = std::uint64_t{10} << 30;  // likewise, bytes of all their files
  std::uint32_t at_once = 1;
};

}  // namespace ats::services
