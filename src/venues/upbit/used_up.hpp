// Names that may be used once: nonces, an account's identifiers. The venue remembers them for good, the
// simulated one the latest, so that it can run for ever.
#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>

namespace ats::venues::upbit {

class UsedUp {
 public:
  static constexpr std::size_t remembered = 100'000;
  explicit UsedUp(std::size_t most = remembered) : most_(most) {}

  // False: it was used before, and it is remembered.
  bool use(std::string_view name) {
    if (!names_.emplace(name).second) return false;
    in_order_.emplace_back(name);
    if (in_order_.size() > most_) {
      names_.erase(in_order_.front());
      in_order_.pop_front();
    }
    return true;
  }

 private:
  const std::size_t most_;
  std::set<std::string, std::less<>> names_;
  std::deque<std::string> in_order_;
};

}  // namespace ats::venues::upbit
