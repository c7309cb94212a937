// Where the dashboard is given, to whom, and whom it asks.
#pragma once

#include <string>
#include <vector>

namespace ats::services {

struct DashboardConfig {
  struct Engine {
    std::string name;
    std::string address;  // where its gRPC service listens: "10.0.0.1:7400"
    bool operator==(const Engine&) const = default;
  };
  // "127.0.0.1:8420"; "auto": that, or where it is taken any port that is free; empty: none.
  std::string listen = "auto";
  // PEM files of who it is, to browsers; elsewhere than on loopback it takes them.
  std::string tls_cert, tls_key;
  std::vector<std::string> hosts;  // names it is called by, beside its address: "ats.example.com"
  // Of the role in a process of its own.
  std::vector<Engine> engines;
  std::string notifier;  // where its gRPC service listens; empty: none
};

}  // namespace ats::services
