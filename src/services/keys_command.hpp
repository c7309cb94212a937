// `ats keys`: the key vault's front door.
#pragma once

namespace ats::services {

int keys_command(int argc, const char* const* argv);

}  // namespace ats::services
