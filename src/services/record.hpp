// `ats record`: public market data of the configured venues into a capture.
#pragma once

namespace ats::services {

int record_command(int argc, const char* const* argv);

}  // namespace ats::services
