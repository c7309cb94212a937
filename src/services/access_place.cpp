#include "services/access_place.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>

#include "services/command_line.hpp"

namespace ats::services {

void add_place_options(CLI::App& app, AccessPlace& place) {
  app.add_option("--config", place.config_file, "TOML file whose general.data_dir has the users");
  app.add_option("--data", place.data_dir, "instead of general.data_dir");
  app.add_flag("--json", place.json, "the result as JSON");
}

std::filesystem::path access_folder(const std::filesystem::path& data_dir) {
  return data_dir / "dashboard";
}

Result<AccessDesk, int> open_desk(const AccessPlace& place, bool make) {
  auto config = load_config(place.config_file, environment_variables());
  if (!config) return fail(usage_error(config.error()));
  AccessDesk desk{*std::move(config), nullptr};
  if (!place.data_dir.empty()) desk.config.data_dir = place.data_dir;
  const auto folder = access_folder(desk.config.data_dir);
  std::error_code ec;
  if (!make && !std::filesystem::exists(folder / "users.db", ec)) {
    return fail(
        failure(fmt::format("{}: there are no users yet; `ats user add` makes the first, "
                            "--config or --data names another place",
                            folder.string())));
  }
  auto store = UserStore::open(folder);
  if (!store) return fail(failure(store.error()));
  desk.store = *std::move(store);
  return desk;
}

std::string operator_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> room{};
  const uid_t user = ::getuid();
  if (::getpwuid_r(user, &entry, room.data(), room.size(), &found) == 0 && found != nullptr)
    return std::string("os:") + found->pw_name;
  return fmt::format("os:{}", user);
}

}  // namespace ats::services
