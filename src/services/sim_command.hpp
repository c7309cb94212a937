// `ats sim`: simulated exchanges for any client, on loopback.
#pragma once

namespace ats::services {

int sim_command(int argc, const char* const* argv);

}  // namespace ats::services
