// Where an engine's history goes: an InfluxDB server, how to get in, and what is written how often.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace ats::services {

struct InfluxConfig {
  static constexpr std::uint32_t book_levels_most = 50;

  std::string server;        // "http://127.0.0.1:8086"; empty: nothing is written
  std::string organisation;  // not empty: the server is a 2.x
  std::string database = "ats";
  std::string user;         // of a 1.x; empty: it asks for none
  std::string secret_file;  // mode 0600: that user's password, or the token of a 2.x
  std::string tls_ca;       // PEM; empty: the system's authorities
  bool compress = true;
  std::uint32_t batch = 5'000;                         // points in one request
  Duration flush_every = seconds(1);                   // what waits longer goes in a smaller one
  std::uint64_t queue_limit = std::uint64_t{1} << 30;  // bytes on disk while the server is away
  Duration keep_samples = hours(30 * 24);              // for `ats influx setup`
  Duration quotes_every = seconds(1);
  Duration measures_every = seconds(10);
  std::uint32_t book_levels = 0;  // of each side; 0: none are written
  Duration books_every = seconds(5);
  bool trades = false;  // of others, as the venues tell them
  bool operator==(const InfluxConfig&) const = default;
};

}  // namespace ats::services
