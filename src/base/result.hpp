// Errors are values: a Result is either what was asked for, or one reason from a closed list.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace ats {

// Wraps a reason so that `return fail(Reason::X);` reads as what it is.
template <class E>
struct Failure {
  E reason;
};

template <class E>
constexpr Failure<std::decay_t<E>> fail(E&& reason) {
  return {std::forward<E>(reason)};
}

// Invariant: holds exactly one of value and reason. Asking for the one it does not hold is a broken
// invariant (asserted), not an exception.
template <class T, class E>
class [[nodiscard]] Result {
 public:
  constexpr Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  constexpr Result(Failure<E> failure)
      : content_(std::in_place_index<1>, std::move(failure.reason)) {}

  constexpr bool ok() const noexcept { return content_.index() == 0; }
  constexpr explicit operator bool() const noexcept { return ok(); }

  constexpr const T& value() const& {
    ATS_ASSERT(ok());
    return *std::get_if<0>(&content_);
  }
  constexpr T& value() & {
    ATS_ASSERT(ok());
    return *std::get_if<0>(&content_);
  }
  constexpr T&& value() && {
    ATS_ASSERT(ok());
    return std::move(*std::get_if<0>(&content_));
  }
  constexpr const T& operator*() const& { return value(); }
  constexpr T& operator*() & { return value(); }
  constexpr T&& operator*() && { return std::move(*this).value(); }
  constexpr const T* operator->() const { return &value(); }
  constexpr T* operator->() { return &value(); }

  constexpr const E& error() const {
    ATS_ASSERT(!ok());
    return *std::get_if<1>(&content_);
  }
  constexpr T value_or(T fallback) const { return ok() ? value() : fallback; }

 private:
  std::variant<T, E> content_;
};

// A Result with nothing to hand over but success.
struct Done {};
template <class E>
using Status = Result<Done, E>;

}  // namespace ats
