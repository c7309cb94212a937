// Unix sockets by their name in the file system: for this machine and this user only (mode 0600).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "io/descriptor.hpp"

namespace ats::io {

enum class LocalError : std::uint8_t {
  NameTooLong,
  NobodyThere,  // no such socket, or one that a process left behind
  Refused,      // somebody is there who does not answer now, or it is not ours to ask
};

// One line for people.
std::string local_error_text(LocalError error, const std::filesystem::path& socket);

// `type`: SOCK_STREAM or SOCK_SEQPACKET. Neither call waits, and what comes does not either.
Result<Descriptor, LocalError> connect_local(const std::filesystem::path& socket, int type);
// Takes the place of what a process left behind, and of nothing that answers.
Result<Descriptor, std::string> listen_local(const std::filesystem::path& socket, int type,
                                             int waiting);

}  // namespace ats::io
