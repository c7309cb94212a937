// What kind of message a recorded frame is, by what the venue itself calls it: "depth@100ms", "book.update",
// "l2_data.snapshot", "te". For counting recordings; decoding does not ask.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ats::services {

class FrameKinds {
 public:
  FrameKinds();
  ~FrameKinds();
  static constexpr std::string_view not_json = "not JSON";
  // "object" and "array" for JSON that names no kind, not_json for what is none.
  std::string kind_of(std::string_view frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ats::services
