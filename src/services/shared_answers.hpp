// Answers to those who look: one question for all who ask the same, and an answer that is young enough is given again. What
// a hundred pages ask costs a source as much as what one asks. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "services/api_source.hpp"

namespace ats::services {

struct SharedAnswer {
  ApiMessage message;
  std::string json;  // made by the first who asks for it
  Instant at;
};

class SharedAnswers {
 public:
  using Callback = std::function<void(Result<std::shared_ptr<SharedAnswer>, ApiFailure>)>;
  static constexpr Duration patience = seconds(5);
  static constexpr std::size_t kept_most = 256;

  // The callback may come within the call.
  void ask(ApiSource& source, const std::string& method, const ApiMessage& request, Duration fresh,
           Instant now, Callback callback);

 private:
  struct Entry {
    std::shared_ptr<SharedAnswer> answer;
    std::vector<Callback> waiting;
  };
  void forget(Instant now);

  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace ats::services
