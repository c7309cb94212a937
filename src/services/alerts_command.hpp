// `ats risk alerts`, `ats risk ack`: the alerts of a running process, and who has seen them.
#pragma once

namespace ats::services {

int alerts_command(int argc, const char* const* argv);
int acknowledge_command(int argc, const char* const* argv);

}  // namespace ats::services
