#include "services/command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/decimal.hpp"

namespace ats::services {
namespace {

constexpr std::string_view size_units = "KMGT";

int tell(std::string_view message, int code) {
  std::fprintf(stderr, "ats: %.*s\n", static_cast<int>(message.size()), message.data());
  return code;
}

}  // namespace

int failure(std::string_view message) { return tell(message, exit_failed); }
int usage_error(std::string_view message) { return tell(message, exit_usage); }

std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_done : exit_usage;
  }
  return std::nullopt;
}

bool parse_duration(std::string_view text, Duration& out) {
  const std::size_t unit_at = text.find_first_not_of("0123456789");
  if (unit_at == 0 || unit_at == std::string_view::npos || unit_at > 12) return false;
  const auto count = parse_scaled(text.substr(0, unit_at), 0);
  const std::string_view unit = text.substr(unit_at);
  std::int64_t factor = 0;
  if (unit == "us") factor = 1'000;
  if (unit == "ms") factor = 1'000'000;
  if (unit == "s") factor = 1'000'000'000;
  if (unit == "m") factor = 60'000'000'000;
  if (unit == "h") factor = 3'600'000'000'000;
  if (unit == "d") factor = 86'400'000'000'000;
  if (!count || factor == 0) return false;
  return !__builtin_mul_overflow(*count, factor, &out.ns);
}

bool parse_size(std::string_view text, std::uint64_t& out) {
  std::uint64_t factor = 1;
  if (!text.empty()) {
    const std::size_t unit = size_units.find(text.back());
    if (unit != std::string_view::npos) {
      factor = std::uint64_t{1} << (10 * (unit + 1));
      text.remove_suffix(1);
    }
  }
  const auto count =
      text.empty() || text.size() > 12 ? fail(NumberError::Malformed) : parse_scaled(text, 0);
  if (!count || *count <= 0) return false;
  return !__builtin_mul_overflow(static_cast<std::uint64_t>(*count), factor, &out);
}

std::string print_size(std::uint64_t bytes) {
  std::size_t unit = 0;
  for (; unit < size_units.size() && bytes != 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + (unit == 0 ? "" : std::string(1, size_units[unit - 1]));
}

}  // namespace ats::services
