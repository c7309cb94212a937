// Whether a deployment can work, before it does and while it does: each thing that a configuration names is looked at, and
// what is wrong is said with what to do about it. Changes nothing, trades nothing, needs no key.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/reactor.hpp"
#include "services/config.hpp"

namespace ats::services {

enum class Health : std::uint8_t { Sound, Doubtful, Broken };
const char* name(Health health);

struct Examined {
  std::string what;  // "venue kraken", "redis"
  Health health = Health::Sound;
  std::string said;  // what was found, and what to do
  bool operator==(const Examined&) const = default;
};

// One after the other; `told` hears of each as soon as it is known. Waits for whoever does not answer, some seconds each.
void examine(io::Reactor& reactor, const Config& config,
             const std::function<void(const Examined&)>& told);

// The command: `ats doctor`.
int doctor_command(int argc, const char* const* argv);

}  // namespace ats::services
