// `ats collector`: public market data of the venues, for engines of this machine.
#pragma once

namespace ats::services {

int collector_command(int argc, const char* const* argv);

}  // namespace ats::services
