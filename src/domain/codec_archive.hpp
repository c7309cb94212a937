// The two archives of the binary form: what is written is what is read, since one list of fields a type is walked by
// both. For the sources of codec.hpp alone.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "domain/codec.hpp"

namespace ats::archive {

class Writer {
 public:
  static constexpr bool reading = false;
  explicit Writer(std::vector<std::byte>& out) : out_(out) {}

  template <class T>
  void raw(const T& value) {
    out_.value(value);
  }
  void boolean(const bool& b) { raw(static_cast<std::uint8_t>(b)); }
  template <class E>
  void choice(const E& e, E) {
    raw(static_cast<std::uint8_t>(e));
  }
  template <std::size_t N>
  void text(const Text<N>& t) {
    out_.text(t.view());
  }
  void decimal(const Decimal& d) { raw(d.raw()); }
  void levels(const std::span<const Level>& l, std::vector<Level>*) {
    raw(static_cast<std::uint32_t>(l.size()));
    out_.raw(std::as_bytes(l));
  }

 private:
  ByteWriter<> out_;
};

class Reader {
 public:
  static constexpr bool reading = true;
  explicit Reader(std::span<const std::byte> in) : in_(in) {}

  template <class T>
  void raw(T& value) {
    in_.value(value);
  }
  void boolean(bool& b) {
    const auto v = in_.value<std::uint8_t>();
    if (v > 1) stop(CodecError::BadValue);
    b = v == 1;
  }
  template <class E>
  void choice(E& e, E last) {
    auto v = in_.value<std::uint8_t>();
    if (v > static_cast<std::uint8_t>(last)) {
      stop(CodecError::BadValue);
      v = 0;
    }
    e = static_cast<E>(v);
  }
  template <std::size_t N>
  void text(Text<N>& t) {
    const std::string_view bytes = in_.text();
    if (bytes.size() > N) return stop(CodecError::BadValue);
    t = Text<N>(bytes);
  }
  void decimal(Decimal& d) { d = Decimal::from_raw(in_.value<Int128>()); }
  void levels(std::span<const Level>& l, std::vector<Level>* store) {
    const auto count = in_.value<std::uint32_t>();
    if (in_.remaining() / sizeof(Level) < count) return stop(CodecError::Truncated);
    const auto bytes = in_.raw(count * sizeof(Level));
    store->resize(count);
    if (!bytes.empty()) std::memcpy(store->data(), bytes.data(), bytes.size());
    l = *store;
  }
  // The first error counts; what follows bytes that were not there is none of its own.
  void stop(CodecError error) {
    if (!error_) error_ = in_.failed() ? CodecError::Truncated : error;
  }
  bool failed() const { return error_.has_value() || in_.failed(); }
  std::optional<CodecError> finish() {
    if (in_.failed()) stop(CodecError::Truncated);
    if (!error_ && !in_.finished()) stop(CodecError::TrailingBytes);
    return error_;
  }

 private:
  ByteReader in_;
  std::optional<CodecError> error_;
};

// T is const for the Writer, plain for the Reader.
template <class A, class T>
using Of = std::conditional_t<A::reading, T, const T>;

static_assert(sizeof(Level) == 16 && std::is_trivially_copyable_v<Level>);

}  // namespace ats::archive
