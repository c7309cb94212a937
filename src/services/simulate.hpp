// `ats simulate`: many seeds of the simulated world, and what the auditor found.
#pragma once

namespace ats::services {

int simulate_command(int argc, const char* const* argv);

}  // namespace ats::services
