// Where the commands about users find their store, and in whose name they write into its audit log.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "services/config.hpp"
#include "services/user_store.hpp"

namespace CLI {
class App;
}

namespace ats::services {

struct AccessPlace {
  std::string config_file, data_dir;
  bool json = false;
};
// --config, --data and --json.
void add_place_options(CLI::App& app, AccessPlace& place);

std::filesystem::path access_folder(const std::filesystem::path& data_dir);

struct AccessDesk {
  Config config;
  std::unique_ptr<UserStore> store;
};
// The error is an exit code whose message was told. `make`: a store that is not there is made.
Result<AccessDesk, int> open_desk(const AccessPlace& place, bool make);

// "os:alice": whoever is logged in on this machine.
std::string operator_name();

}  // namespace ats::services
