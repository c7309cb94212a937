// `ats compare`: a run beside its own replay, and beside what a backtest of the same market would have done.
#pragma once

namespace ats::services {

int compare_command(int argc, const char* const* argv);

}  // namespace ats::services
