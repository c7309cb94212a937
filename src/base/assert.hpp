// Assertions that stay on in production: a broken invariant stops the process before it moves
// money.
#pragma once

namespace ats {

// Prints what was expected and where, then aborts. Exit status of the process shows SIGABRT.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace ats

#define ATS_ASSERT(expression)                                  \
  do {                                                          \
    if (!(expression)) [[unlikely]] {                           \
      ::ats::assertion_failed(#expression, __FILE__, __LINE__); \
    }                                                           \
  } while (false)
