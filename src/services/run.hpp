// `ats run`: all roles in one process; `ats engine`: that of the engine alone.
#pragma once

namespace ats::services {

int run_command(int argc, const char* const* argv);
int engine_command(int argc, const char* const* argv);

}  // namespace ats::services
