// `ats trades`, a list of what was traded, and `ats trade`, the timeline of one of them.
#pragma once

namespace ats::services {

int trades_command(int argc, const char* const* argv);
int trade_command(int argc, const char* const* argv);

}  // namespace ats::services
