#include "services/price_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/decimal.hpp"

namespace ats::services {
namespace {

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '"')) cell.remove_suffix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

bool parse_time(std::string_view text, WallTime& out) {
  if (const auto number = parse_scaled(text, 0); number && *number > 0) {
    constexpr std::int64_t seconds_max = 100'000'000'000;  // in the year 5138
    const std::int64_t factor = *number < seconds_max ? 1'000'000'000 : 1'000'000;
    return !__builtin_mul_overflow(*number, factor, &out.ns_utc);
  }
  std::string whole(text);
  if (whole.size() == 10) whole += "T00:00:00Z";
  if (whole.size() >= 19 && whole[10] == ' ') whole[10] = 'T';
  if (whole.size() == 19) whole += "Z";
  return parse_rfc3339(whole.data(), whole.size(), out);
}

}  // namespace

Result<PriceFile, std::string> parse_price_file(std::string_view text) {
  PriceFile file;
  std::size_t number = 0;
  const auto wrong = [&](const std::string& what) {
    return fail(fmt::format("line {}: {}", number, what));
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    const auto cells = cells_of(line);
    if (file.assets.empty()) {
      if (cells.size() < 2) return wrong("expected names: time, then assets");
      for (std::size_t n = 1; n < cells.size(); ++n) {
        const std::string asset(cells[n]);
        if (asset.empty() || !Text<15>::fits(asset)) return wrong("no asset: '" + asset + "'");
        if (std::find(file.assets.begin(), file.assets.end(), asset) != file.assets.end()) {
          return wrong(asset + " stands twice");
        }
        file.assets.push_back(asset);
      }
      continue;
    }
    if (cells.size() != file.assets.size() + 1) {
      return wrong(fmt::format("expected {} cells, not {}", file.assets.size() + 1, cells.size()));
    }
    PriceFile::Row row;
    if (!parse_time(cells[0], row.at)) {
      return wrong(fmt::format("expected a time such as 2026-11-27, not '{}'", cells[0]));
    }
    if (!file.rows.empty()) {
      const Duration step = row.at - file.rows.back().at;
      if (step.ns <= 0) return wrong("is not after the line before it");
      if (file.bar.ns == 0 || step < file.bar) file.bar = step;
    }
    for (std::size_t n = 1; n < cells.size(); ++n) {
      const auto close = cells[n].empty() ? Decimal() : Decimal::parse(cells[n]);
      if (!close || close->negative() || (close->is_zero() && !cells[n].empty())) {
        return wrong(
            fmt::format("expected what one {} is worth, not '{}'", file.assets[n - 1], cells[n]));
      }
      row.closes.push_back(close->to_double());
    }
    file.rows.push_back(std::move(row));
  }
  if (file.rows.size() < 2) return fail(std::string("holds fewer than two bars"));
  return file;
}

Result<PriceFile, std::string> read_price_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(path + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  auto file = parse_price_file(text.str());
  if (!file) return fail(path + ": " + file.error());
  return file;
}

core::PriceBars bars_of(const PriceFile& file, const Universe& universe) {
  const Duration whole = file.rows.back().at - file.rows.front().at;
  constexpr std::int64_t kept_max = 1'000'000;
  const std::int64_t kept = std::clamp<std::int64_t>(whole.ns / file.bar.ns + 2, 2, kept_max);
  core::PriceBars bars(file.bar, static_cast<std::size_t>(kept));
  std::vector<AssetId> ids;
  for (const std::string& asset : file.assets) ids.push_back(universe.find_asset(asset));
  for (const PriceFile::Row& row : file.rows) {
    bars.pass(row.at);
    for (std::size_t n = 0; n < ids.size(); ++n) {
      if (ids[n].valid() && row.closes[n] > 0) bars.mark(ids[n], row.at, row.closes[n]);
    }
  }
  bars.pass(file.rows.back().at + file.bar);
  return bars;
}

std::string price_file_text(const PriceFile& file) {
  std::string out = "time";
  for (const std::string& asset : file.assets) out += "," + asset;
  out += "\n";
  for (const PriceFile::Row& row : file.rows) {
    out += format_rfc3339(row.at);
    for (const double close : row.closes) {
      out += close > 0 ? fmt::format(",{:.12g}", close) : std::string(",");
    }
    out += "\n";
  }
  return out;
}

}  // namespace ats::services
