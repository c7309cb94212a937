// The running process a command is for, and how it is asked: by the control socket in its data directory.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace ats::services {

// Below the data directory: the risk role's journal and control socket stand beside an engine's of the same configuration.
std::filesystem::path role_directory(const std::filesystem::path& data_dir);
// So do the notifier's store and its socket.
std::filesystem::path notifier_directory(const std::filesystem::path& data_dir);

// Of whoever asks.
std::string user_name();

struct RunningProcess {
  std::string config_file;
  std::string data_dir;
  std::string control_socket;  // instead of the one in the data directory
  bool role = false;           // the risk role's process, and not the engine's
  bool notifier = false;       // the notifier's
  void add_to(CLI::App& app);
  // Its answer; the exit code when there is none, told on standard error.
  Result<std::string, int> ask(const nlohmann::json& request) const;
  // Asks in the name of the user, and prints what was said to it.
  int carry_out(nlohmann::json request) const;
};

}  // namespace ats::services
