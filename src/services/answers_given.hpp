// The answers given to acting requests, by the id the client made for each: asked again within a while, the same is
// answered and nothing is done twice. Pure; the time comes in.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/time.hpp"

namespace ats::services {

class AnswersGiven {
 public:
  static constexpr Duration kept_for = seconds(600);
  static constexpr std::size_t kept_most = 10'000;

  enum class Found : std::uint8_t {
    None,     // it was not asked before, or long ago
    Same,     // answer() has it
    Another,  // the id was used for something else
    Full,     // more would have to be forgotten before its time
  };

  Found look(const std::string& id, const std::string& asked, Instant now) {
    while (!order_.empty() && now - order_.front().first >= kept_for) {
      given_.erase(order_.front().second);
      order_.pop_front();
    }
    const auto found = given_.find(id);
    if (found == given_.end()) return given_.size() < kept_most ? Found::None : Found::Full;
    return found->second.asked == asked ? Found::Same : Found::Another;
  }
  const std::string& answer(const std::string& id) const { return given_.at(id).answer; }
  // After look() found None.
  void keep(const std::string& id, std::string asked, std::string answer, Instant now) {
    given_.insert_or_assign(id, Given{std::move(asked), std::move(answer)});
    order_.emplace_back(now, id);
  }

 private:
  struct Given {
    std::string asked;
    std::string answer;
  };
  std::unordered_map<std::string, Given> given_;
  std::deque<std::pair<Instant, std::string>> order_;  // as they were kept
};

}  // namespace ats::services
