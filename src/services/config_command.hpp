// `ats config`: the configuration, checked and shown.
#pragma once

namespace ats::services {

int config_command(int argc, const char* const* argv);

}  // namespace ats::services
