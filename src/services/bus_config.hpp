// Where the engine tells what happens: a Redis server, and how to get in.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace ats::services {

struct BusConfig {
  std::string server;         // "127.0.0.1:6379"; empty: nobody is told
  std::string user;           // of the server's access list; empty: the default one
  std::string password_file;  // mode 0600; empty: none is asked for
  std::string tls_ca;  // PEM, whose certificate the server has; empty: plain, on loopback only
  Duration quotes_every = milliseconds(250);
  std::uint32_t keep = 100'000;  // fills, and executions, that Redis keeps
  bool operator==(const BusConfig&) const = default;
};

}  // namespace ats::services
