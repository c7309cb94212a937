// `ats bus`: what is told on the bus, one JSON object a line.
#pragma once

namespace ats::services {

int bus_command(int argc, const char* const* argv);

}  // namespace ats::services
