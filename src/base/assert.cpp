#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace ats {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace ats
