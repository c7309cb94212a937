// `ats status`, `ats halt`, `ats resume`, `ats risk limits`, `ats risk set`, `ats risk reload`, `ats log`: a person and a running process.
#pragma once

namespace ats::services {

int status_command(int argc, const char* const* argv);
int halt_command(int argc, const char* const* argv);
int resume_command(int argc, const char* const* argv);
int limits_command(int argc, const char* const* argv);
int set_limit_command(int argc, const char* const* argv);
int reload_command(int argc, const char* const* argv);
int log_command(int argc, const char* const* argv);

}  // namespace ats::services
