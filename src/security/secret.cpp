#include "security/secret.hpp"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

#include "base/assert.hpp"
#include "security/signing.hpp"

namespace ats::security {

Secret::Secret(std::size_t size) : size_(size) {
  if (size == 0) return;
  const bool ready = sodium_init() >= 0;
  ATS_ASSERT(ready);
  data_ = static_cast<std::uint8_t*>(sodium_malloc(size));
  if (data_ == nullptr) throw std::bad_alloc();
  // sodium_malloc has locked the pages or failed to without a word: asking again tells which.
  locked_ = sodium_mlock(data_, size) == 0;
  sodium_memzero(data_, size);
}

Secret Secret::of(std::string_view bytes) {
  Secret secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
  return secret;
}

Secret::~Secret() { sodium_free(data_); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      locked_(std::exchange(other.locked_, true)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  sodium_free(data_);  // now, not when `other` goes
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  locked_ = std::exchange(other.locked_, true);
  return *this;
}

Secret Secret::clone(std::size_t size) const {
  ATS_ASSERT(size <= size_);
  return of(reveal().substr(0, size));
}

SecretText::SecretText(std::string_view text) : SecretText(Secret::of(text)) {}

SecretText::SecretText(Secret text) {
  if (!text.empty()) text_ = std::make_shared<const Secret>(std::move(text));
}

bool SecretText::operator==(const SecretText& other) const {
  return equal_constant_time(reveal(), other.reveal());
}

void wipe(std::span<char> bytes) { sodium_memzero(bytes.data(), bytes.size()); }
void wipe(std::string& text) {
  wipe(std::span<char>(text));
  text.clear();
}

}  // namespace ats::security
