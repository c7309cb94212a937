#include "io/local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace ats::io {
namespace {

bool fill_address(const std::filesystem::path& socket, sockaddr_un& address) {
  const std::string text = socket.string();
  address = {};
  address.sun_family = AF_UNIX;
  if (text.empty() || text.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return true;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Descriptor make(int type) {
  return Descriptor(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

std::string local_error_text(LocalError error, const std::filesystem::path& socket) {
  switch (error) {
    case LocalError::NameTooLong:
      return socket.string() +
             ": too long for a Unix socket (at most 107 bytes): use a shorter data_dir";
    case LocalError::NobodyThere:
      return socket.string() + ": nobody answers there";
    case LocalError::Refused:
      return socket.string() + ": does not take a connection now";
  }
  return {};
}

Result<Descriptor, LocalError> connect_local(const std::filesystem::path& socket, int type) {
  sockaddr_un address;
  if (!fill_address(socket, address)) return fail(LocalError::NameTooLong);
  Descriptor fd = make(type);
  if (!fd.valid()) return fail(LocalError::Refused);
  if (::connect(fd.get(), as_sockaddr(address), sizeof address) == 0) return fd;
  const bool nobody = errno == ECONNREFUSED || errno == ENOENT || errno == ENOTDIR;
  return fail(nobody ? LocalError::NobodyThere : LocalError::Refused);
}

Result<Descriptor, std::string> listen_local(const std::filesystem::path& socket, int type,
                                             int waiting) {
  sockaddr_un address;
  if (!fill_address(socket, address))
    return fail(local_error_text(LocalError::NameTooLong, socket));
  const auto other = connect_local(socket, type);
  if (other.ok() || other.error() == LocalError::Refused) {
    return fail("another ats process answers at " + socket.string() +
                ": stop it, or give this one another data_dir");
  }
  ::unlink(socket.c_str());  // left behind by a process that died
  Descriptor fd = make(type);
  const mode_t old = ::umask(0177);
  const bool bound = fd.valid() && ::bind(fd.get(), as_sockaddr(address), sizeof address) == 0;
  ::umask(old);
  if (!bound || ::listen(fd.get(), waiting) != 0)
    return fail(socket.string() + ": " + std::strerror(errno));
  return fd;
}

}  // namespace ats::io
