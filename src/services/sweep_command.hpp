// `ats sweep`: many backtests of one set of recordings, each with other parameters, and what they come to.
#pragma once

namespace ats::services {

int sweep_command(int argc, const char* const* argv);

}  // namespace ats::services
