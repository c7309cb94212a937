// `ats user`: who may use the dashboard and its API, and what each may do. `ats audit`: what was done, and whether that is still what
// was written.
#pragma once

namespace ats::services {

int user_command(int argc, const char* const* argv);
int audit_command(int argc, const char* const* argv);

}  // namespace ats::services
