#include "services/running_process.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "services/command_line.hpp"
#include "services/config.hpp"
#include "services/control.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

}  // namespace

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : "uid " + std::to_string(::getuid());
}

std::filesystem::path role_directory(const std::filesystem::path& data_dir) {
  return data_dir / "risk";
}

std::filesystem::path notifier_directory(const std::filesystem::path& data_dir) {
  return data_dir / "notifier";
}

void RunningProcess::add_to(CLI::App& app) {
  app.add_option("--config", config_file, "the configuration the process was started with");
  app.add_option("--data", data_dir, "its data directory");
  app.add_option("--control", control_socket, "its control socket, wherever that is");
  if (notifier) return;
  app.add_flag("--role", role, "the risk role's process (ats risk --config), and not the engine's");
}

Result<std::string, int> RunningProcess::ask(const nlohmann::json& request) const {
  std::filesystem::path socket = control_socket;
  if (socket.empty()) {
    std::filesystem::path data = data_dir;
    if (data.empty()) {
      const auto config = load_config(config_file, environment_variables());
      if (!config) return fail(usage_error(config.error()));
      data = config->data_dir;
    }
    if (notifier) data = notifier_directory(data);
    socket = (role ? role_directory(data) : data) / "control.sock";
  }
  auto answer = ask_control(socket, request.dump());
  if (!answer) return fail(failure(answer.error()));
  return std::move(*answer);
}

int RunningProcess::carry_out(json request) const {
  request["who"] = user_name();
  const auto answer = ask(request);
  if (!answer) return answer.error();
  const json told = json::parse(*answer, nullptr, false);
  if (!told.is_object() || !told.value("ok", false)) {
    return usage_error(told.is_object() ? told.value("error", *answer) : *answer);
  }
  for (const json& line : told["told"]) fmt::print("{}\n", line.get<std::string>());
  return exit_done;
}

}  // namespace ats::services
