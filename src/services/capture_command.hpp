// `ats capture info|verify|cut|merge|import|export`: what can be done with a capture.
#pragma once

namespace ats::services {

int capture_command(int argc, const char* const* argv);

}  // namespace ats::services
