// Gives the journal of the engine that leads to those that follow it: the service ats.v1.Standby (proto/ats/v1/standby.proto).
// Threads of gRPC read the journal's files as they grow; the engine's own thread has no part in it and waits for nobody.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "services/config.hpp"

namespace ats::services {

class JournalServer {
 public:
  struct Status {
    std::size_t followers = 0;
    std::uint64_t records = 0;  // given out
  };
  // Listens where standby.engines has us. The error is one line a person can act on.
  static Result<std::unique_ptr<JournalServer>, std::string> open(
      const Config& config, const std::filesystem::path& journal);
  ~JournalServer();
  JournalServer(const JournalServer&) = delete;
  JournalServer& operator=(const JournalServer&) = delete;

  const std::string& address() const;
  Status status() const;
  // Waits until everybody who follows has been given all that is written, for so long at most.
  void drain(Duration within);

 private:
  class Parts;
  explicit JournalServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Whether we could listen there, and reach the others, with the files that are configured.
ats::Status<std::string> check_standby(const Config& config);

}  // namespace ats::services
