// `ats backtest`: the live core on a recording, and what it would have earned there.
#pragma once

namespace ats::services {

int backtest_command(int argc, const char* const* argv);

}  // namespace ats::services
