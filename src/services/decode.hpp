// `ats decode`: recorded frames as normalised events, one JSON object a line.
#pragma once

namespace ats::services {

int decode_command(int argc, const char* const* argv);

}  // namespace ats::services
