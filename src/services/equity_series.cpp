#include "services/equity_series.hpp"

#include <utility>

namespace ats::services {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t dense_for = 86'400, kept_for = 90 * 86'400;

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS point (at INTEGER PRIMARY KEY, equity TEXT NOT NULL, profit TEXT "
    "NOT "
    "NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";
constexpr const char* put = "INSERT OR REPLACE INTO point (at, equity, profit) VALUES (?, ?, ?)";
constexpr const char* thin = "DELETE FROM point WHERE at < ? OR (at < ? AND at % 60 >= 10)";
constexpr std::size_t thinned_after = 360;  // points
constexpr const char* count = "SELECT count(*) FROM point";
constexpr const char* all = "SELECT at, equity, profit FROM point ORDER BY at";

}  // namespace

Result<std::unique_ptr<EquitySeries>, std::string> EquitySeries::open(
    const std::filesystem::path& file) {
  auto database = io::Sqlite::open(file);
  if (!database) return fail(database.error());
  if (!(*database)->execute(schema)) return fail(file.string() + ": " + (*database)->failure());
  return std::unique_ptr<EquitySeries>(new EquitySeries(std::move(*database)));
}

bool EquitySeries::add(const EquityPoint& point) {
  const std::int64_t at = point.at.ns_utc / second;
  if (!database_->begin()) return false;
  bool good = database_->statement(put).bind(at).bind(point.equity).bind(point.profit).run();
  if (good && added_++ % thinned_after == 0)
    good = database_->statement(thin).bind(at - kept_for).bind(at - dense_for).run();
  if (!good) {
    database_->roll_back();
    return false;
  }
  return database_->commit();
}

std::vector<EquityPoint> EquitySeries::points(std::size_t most) {
  io::SqlStatement& how_many = database_->statement(count);
  const std::size_t there = how_many.step() ? static_cast<std::size_t>(how_many.number(0)) : 0;
  how_many.reset();
  std::vector<EquityPoint> out;
  if (there == 0 || most < 2) return out;
  io::SqlStatement& rows = database_->statement(all);
  std::size_t taken = 0;
  for (std::size_t n = 0; rows.step(); ++n) {
    // The n-th of `most` marks, evenly from the first row to the last.
    const std::size_t mark = there <= most ? n : taken * (there - 1) / (most - 1);
    if (n < mark) continue;
    ++taken;
    out.push_back({{rows.number(0) * second}, rows.text(1), rows.text(2)});
  }
  return out;
}

}  // namespace ats::services
