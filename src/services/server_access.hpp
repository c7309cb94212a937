// How an engine gets into a server of somebody else (Redis, InfluxDB): what is the same whatever it speaks.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "io/tls.hpp"
#include "security/secret.hpp"

namespace ats::services {

// A plain connection to it never leaves this machine.
bool on_this_machine(std::string_view host);

// A file of mode 0600 with a password or a token, the end of its line left off. Errors begin with the key's name.
Result<security::Secret, std::string> read_password(const std::string& key,
                                                    const std::string& file);

// `file` empty: the system's authorities.
Result<std::shared_ptr<const io::TlsContext>, std::string> load_authority(const std::string& key,
                                                                          const std::string& file);

}  // namespace ats::services
