// `ats tls`: an authority of one's own, and the certificates of servers and clients that it gives.
#pragma once

namespace ats::services {

int tls_command(int argc, const char* const* argv);

}  // namespace ats::services
