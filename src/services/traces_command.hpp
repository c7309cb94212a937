// `ats traces`: follows a journal that is being written and tells an OpenTelemetry collector of each trade, as a trace.
#pragma once

namespace ats::services {

int traces_command(int argc, const char* const* argv);

}  // namespace ats::services
