// `ats status`, `ats halt`, `ats resume`: a person and a running process.
#pragma once

namespace ats::services {

int status_command(int argc, const char* const* argv);
int halt_command(int argc, const char* const* argv);
int resume_command(int argc, const char* const* argv);

}  // namespace ats::services
