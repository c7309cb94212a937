// `ats risk`: what a running process holds at risk, and what it has earned and lost.
#pragma once

namespace ats::services {

int risk_command(int argc, const char* const* argv);

}  // namespace ats::services
