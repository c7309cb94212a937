// `ats risk --config FILE`: the risk role as a process; `ats risk engines`, who shares its limits; `ats risk write-off`,
// who does no more.
#pragma once

#include <string>

namespace ats::services {

struct RoleOptions {
  std::string config_file;
  std::string data_dir;  // instead of the configuration's
  std::string duration;  // "60s"; empty: until a signal
};
// The exit code.
int run_role(const RoleOptions& options);
int engines_command(int argc, const char* const* argv);
int write_off_command(int argc, const char* const* argv);

}  // namespace ats::services
