// Messages between two processes of one machine, over a Unix socket that keeps their bounds, each way whole and in order.
// Descriptors may go with a message: so memory is shared that has no name.
//
// Nothing waits: a message that does not fit into what the peer has not read yet is not sent, and says so.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/descriptor.hpp"
#include "io/local_socket.hpp"
#include "io/reactor.hpp"

namespace ats::io {

class LocalLine;

// Called from Reactor::poll(). The line may be destroyed within any of its calls.
class LocalLineOwner {
 public:
  virtual void line_message(LocalLine& line, std::span<const std::byte> message,
                            std::vector<Descriptor> with) = 0;
  // Once: the peer has gone, or sent what is no message. Nothing more comes.
  virtual void line_lost(LocalLine& line) = 0;

 protected:
  ~LocalLineOwner() = default;
};

class LocalLine final : private Handler {
 public:
  static constexpr std::size_t message_max = 16 * 1024;
  static constexpr std::size_t descriptors_max = 4;

  static Result<std::unique_ptr<LocalLine>, LocalError> connect(Reactor& reactor,
                                                                const std::filesystem::path& socket,
                                                                LocalLineOwner& owner);
  // One that was accepted.
  LocalLine(Reactor& reactor, Descriptor socket, LocalLineOwner& owner);
  ~LocalLine() override;
  LocalLine(const LocalLine&) = delete;
  LocalLine& operator=(const LocalLine&) = delete;

  // False: it was not sent, since the peer has gone or does not read.
  bool send(std::span<const std::byte> message, std::initializer_list<int> with = {});

 private:
  void on_ready(Ready ready) override;
  void lost();

  Reactor& reactor_;
  Descriptor socket_;
  LocalLineOwner& owner_;
  bool lost_ = false;
};

// Takes connections at a name in the file system; the name goes with it.
class LocalServer final : private Handler {
 public:
  // `taken` is called from Reactor::poll().
  static Result<std::unique_ptr<LocalServer>, std::string> open(
      Reactor& reactor, const std::filesystem::path& socket, std::function<void(Descriptor)> taken);
  ~LocalServer() override;
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

 private:
  LocalServer(Reactor& reactor, Descriptor fd, std::filesystem::path socket,
              std::function<void(Descriptor)> taken);
  void on_ready(Ready ready) override;

  Reactor& reactor_;
  Descriptor fd_;
  std::filesystem::path socket_;
  std::function<void(Descriptor)> taken_;
};

}  // namespace ats::io
