// What must not be found where it does not belong: in swap, in a core file, in freed memory, in a log. The bytes
// lie in pages of their own between guard pages (libsodium), locked into memory and left out of core files, and
// are wiped when they go.
//
// Getting in is easy, getting out must be said: reveal(). There is no conversion to text, no printing, no
// hashing, and copying the bytes has a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ats::security {

// One owner, fixed size.
class Secret {
 public:
  Secret() = default;                 // none
  explicit Secret(std::size_t size);  // zeros, to be filled in; std::bad_alloc as with new
  static Secret of(std::string_view bytes);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::span<std::uint8_t> bytes() { return {data_, size_}; }
  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  std::string_view reveal() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // A second block with the same first `size` bytes.
  Secret clone(std::size_t size) const;
  // False: the system allows no more locked memory (ulimit -l), and the pages may be swapped out.
  bool locked() const { return locked_; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool locked_ = true;
};

// A secret that never changes, held by whoever needs it: copying copies the handle, and the bytes stay where they
// are, once.
class SecretText {
 public:
  SecretText() = default;  // empty
  SecretText(std::string_view text);
  SecretText(const char* text) : SecretText(std::string_view(text)) {}
  SecretText(const std::string& text) : SecretText(std::string_view(text)) {}
  explicit SecretText(Secret text);

  bool empty() const { return text_ == nullptr; }
  std::size_t size() const { return empty() ? 0 : text_->size(); }
  std::string_view reveal() const { return empty() ? std::string_view() : text_->reveal(); }
  bool locked() const { return empty() || text_->locked(); }
  // Takes the same time wherever they differ.
  bool operator==(const SecretText& other) const;

 private:
  std::shared_ptr<const Secret> text_;
};

// Overwrites what is no longer needed, however the compiler sees it.
void wipe(std::span<char> bytes);
void wipe(std::string& text);

}  // namespace ats::security
