// `ats notifier`: the role that tells people. `ats notify`: what it did, and whether a channel works.
#pragma once

namespace ats::services {

int notifier_command(int argc, const char* const* argv);
int notify_command(int argc, const char* const* argv);

}  // namespace ats::services
