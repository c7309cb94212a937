// `ats run`: all roles in one process.
#pragma once

namespace ats::services {

int run_command(int argc, const char* const* argv);

}  // namespace ats::services
