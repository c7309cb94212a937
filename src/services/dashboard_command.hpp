// `ats dashboard`: the page and the API as a process of its own.
#pragma once

namespace ats::services {

int dashboard_command(int argc, const char* const* argv);

}  // namespace ats::services
