// What everything was worth over time, as the dashboard saw it: a point every ten seconds of the last day, one a minute of the last ninety
// days, in an SQLite file. For a curve on a page; what is owed to whom is in the ledger.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/sqlite.hpp"

namespace ats::services {

struct EquityPoint {
  WallTime at;         // whole seconds
  std::string equity;  // decimals; empty: not known then
  std::string profit;
  bool operator==(const EquityPoint&) const = default;
};

class EquitySeries {
 public:
  static constexpr Duration every = seconds(10);

  // The error is one line a person can act on.
  static Result<std::unique_ptr<EquitySeries>, std::string> open(const std::filesystem::path& file);

  // Now and then takes away what is too old. False: the disk does not let us; the point is lost.
  bool add(const EquityPoint& point);
  // Evenly over all there is, the first and the last always; oldest first.
  std::vector<EquityPoint> points(std::size_t most);

 private:
  explicit EquitySeries(std::unique_ptr<io::Sqlite> database) : database_(std::move(database)) {}
  std::unique_ptr<io::Sqlite> database_;
  std::size_t added_ = 0;
};

}  // namespace ats::services
