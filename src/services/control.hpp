// The local control socket: `ats status`, `ats halt` and `ats resume` reach a running process through a
// Unix socket in its data directory (mode 0600: only the same user). One line of JSON asks, one line
// of JSON answers.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/reactor.hpp"

namespace ats::services {

class ControlServer {
 public:
  // The answer to one request line, without the newline.
  using Answer = std::function<std::string(std::string_view request)>;

  // An error says what is in the way, e.g. another process that answers at this socket.
  static Result<std::unique_ptr<ControlServer>, std::string> open(
      io::Reactor& reactor, const std::filesystem::path& socket, Answer answer);
  ~ControlServer();

 private:
  class Connection;
  class Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Asks a running process; waits this long for each part of the answer.
Result<std::string, std::string> ask_control(const std::filesystem::path& socket,
                                             std::string_view request,
                                             Duration patience = seconds(5));

}  // namespace ats::services
