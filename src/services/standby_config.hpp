// Several engines of which one leads: who they are, and how long a lead lasts.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"

namespace ats::services {

struct StandbyConfig {
  struct Engine {
    std::string name;
    std::string address;  // where it gives its journal while it leads: "10.0.0.1:7500"
    bool operator==(const Engine&) const = default;
  };
  std::string name;  // ours among `engines`; empty: this engine leads alone, and asks nobody
  std::vector<Engine> engines;  // all of them, ours too
  Duration lead_for = seconds(2);
  Duration gap_max = seconds(10);

  bool on() const { return !name.empty(); }
  // Null: nobody of that name.
  const Engine* find(const std::string& engine) const {
    for (const Engine& e : engines) {
      if (e.name == engine) return &e;
    }
    return nullptr;
  }
};

}  // namespace ats::services
