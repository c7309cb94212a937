// `ats replay`: a journal through the core again, action by action.
#pragma once

namespace ats::services {

int replay_command(int argc, const char* const* argv);

}  // namespace ats::services
