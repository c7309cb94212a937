// `ats pnl`: realised profit and loss by day, pair, venue and asset, each split into where it came from.
#pragma once

namespace ats::services {

int pnl_command(int argc, const char* const* argv);

}  // namespace ats::services
