// What all commands share: exit codes, how an error is told, how a command line is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace CLI {
class App;
}

namespace ats::services {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;      // usage or configuration
constexpr int exit_invariant = 3;  // an invariant broke

// "ats: …" on standard error; exit_failed / exit_usage.
int failure(std::string_view message);
int usage_error(std::string_view message);

// Reads the words after the command's name (argv[0] is the command). A number when the command is over:
// help was asked for (0) or the words are wrong (2).
std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv);

// "250us", "250ms", "60s", "5m", "24h", "7d".
bool parse_duration(std::string_view text, Duration& out);
// "256M", "2G", "64K", "1000": above zero; units of 1024.
bool parse_size(std::string_view text, std::uint64_t& out);
// The shortest text that reads back to it.
std::string print_size(std::uint64_t bytes);

}  // namespace ats::services
