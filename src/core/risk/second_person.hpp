// Where two persons have to ask for a scope to be resumed: the first one's word is kept until another's comes.
#pragma once

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "domain/command.hpp"

namespace ats::core {

class SecondPerson {
 public:
  // True: another has asked for it before.
  bool asks(const Scope& scope, const Text<31>& who) {
    const auto first = std::ranges::find(asked_, scope, &Asked::scope);
    if (first != asked_.end()) return first->who != who;
    asked_.push_back({scope, who});
    return false;
  }
  void done(const Scope& scope) {
    std::erase_if(asked_, [&](const Asked& asked) { return asked.scope == scope; });
  }

 private:
  struct Asked {
    Scope scope;
    Text<31> who;
  };
  std::vector<Asked> asked_;
};

}  // namespace ats::core
