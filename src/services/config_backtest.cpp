// The keys of backtests that a running engine carries out beside itself.
#include "services/command_line.hpp"
#include "services/config_keys.hpp"

namespace ats::services {
namespace {

bool parse_count(std::string_view text, std::int64_t most, std::uint32_t& out) {
  const auto n = parse_scaled(text, 0);
  if (!n || *n < 1 || *n > most) return false;
  out = static_cast<std::uint32_t>(*n);
  return true;
}

}  // namespace

void add_backtest_keys(std::vector<Key>& keys) {
  keys.push_back(
      {"backtest", "data", "a path, or \"\" for recordings/ below general.data_dir",
       "The folder whose recordings are played by backtests that are asked for over gRPC "
       "(docs/grpc.md). Nothing outside of it is read.",
       [](Config& c, std::string_view t) { return c.backtest.data = t, true; },
       [](const Config& c) { return c.backtest.data.string(); }});
  keys.push_back(
      {"backtest", "keep", "a whole number from 1 to 10000",
       "So many of those that are over are kept, the newest, below "
       "general.data_dir/backtests.",
       [](Config& c, std::string_view t) { return parse_count(t, 10'000, c.backtest.keep); },
       [](const Config& c) { return std::to_string(c.backtest.keep); }, false, true});
  keys.push_back({"backtest", "keep_size", "a size such as \"10G\"",
                  "And so many bytes of their files; the newest one is kept whatever its size.",
                  [](Config& c, std::string_view t) { return parse_size(t, c.backtest.keep_size); },
                  [](const Config& c) { return print_size(c.backtest.keep_size); }});
  keys.push_back(
      {"backtest", "at_once", "a whole number from 1 to 64",
       "So many run at a time, each on a core of its own; the others wait.",
       [](Config& c, std::string_view t) { return parse_count(t, 64, c.backtest.at_once); },
       [](const Config& c) { return std::to_string(c.backtest.at_once); }, false, true});
}

}  // namespace ats::services
