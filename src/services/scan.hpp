// `ats scan`: what recorded market data says about books and about edges between venues.
#pragma once

namespace ats::services {

int scan_command(int argc, const char* const* argv);

}  // namespace ats::services
