// A journal on disk as a history of executions: for the commands that tell of trades and of money. Works
// beside the process that writes it: what is not written whole yet is left for the next time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "report/history.hpp"

namespace CLI {
class App;
}

namespace ats::services {

// Which journal is meant: a directory of segments, or a data directory with one or several of them, of
// which the last written counts. None named: the data directory of the configuration.
struct JournalChoice {
  std::string directory;
  std::string config_file;
  void add_to(CLI::App& app);
};
// The exit code when it is no journal, told on standard error.
Result<std::filesystem::path, int> find_journal(const JournalChoice& choice);

struct JournalHistory {
  std::filesystem::path journal;
  report::History history;
  std::uint64_t records = 0;
  bool paper = false;  // its fills were simulated
};
Result<JournalHistory, std::string> read_history(const std::filesystem::path& journal);

// The first line of what is told of a journal of paper trades; empty of a real one.
std::string paper_line(const JournalHistory& read);

// Tells each break of the check on standard error; the exit code then.
int tell_breaks(const report::History& history);
// "binance", "BTC": of ids that may be beyond the universe.
std::string venue_name(const Universe& universe, VenueId id);
std::string asset_name(const Universe& universe, AssetId id);
std::string pair_name(const Universe& universe, PairId id);
// To at most eight decimals, for tables; JSON has them all.
std::string short_amount(Decimal amount);

}  // namespace ats::services
