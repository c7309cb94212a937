// `ats influx`: makes what history is written into, and reads it back.
#pragma once

namespace ats::services {

int influx_command(int argc, const char* const* argv);

}  // namespace ats::services
