// The commands of the one binary: one row each.
#pragma once

#include <span>

namespace ats::services {

struct Command {
  const char* name;
  const char* summary;
  int (*run)(int argc,
             const char* const* argv);  // argv[0] is the command's name; returns the exit code
};

std::span<const Command> commands();

}  // namespace ats::services
