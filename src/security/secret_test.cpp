#include "security/secret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <type_traits>

namespace ats::security {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view> &&
              !std::is_convertible_v<SecretText, std::string> &&
              !std::is_convertible_v<SecretText, std::string_view>);
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret> && !Printable<SecretText>);
static_assert(!fmt::is_formattable<Secret>::value && !fmt::is_formattable<SecretText>::value);

// The sanitizers' mlock() does nothing and calls that success.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ATS_UNDER_SANITIZER
#endif
#endif
#if defined(ATS_UNDER_SANITIZER) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool mlock_locks = false;
#else
constexpr bool mlock_locks = true;
#endif

// What the kernel says of the mapping that holds the address: "rd wr mr mw me lo ac dd".
std::string flags_of_mapping(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> from >> dash >> to && dash == '-') inside = from <= at && at < to;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Secret, IsLockedIntoMemoryAndLeftOutOfCoreFiles) {
  const Secret secret = Secret::of("nobody reads this");
  const std::string flags = flags_of_mapping(secret.bytes().data());
  ASSERT_FALSE(flags.empty());
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  if (mlock_locks) {
    EXPECT_EQ(flags.find(" lo ") != std::string::npos, secret.locked()) << flags;
  }
}

TEST(Secret, IsGoneFromWhoeverHandedItOn) {
  Secret first = Secret::of("one");
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(first.reveal(), "");
  EXPECT_EQ(second.reveal(), "one");
  second = Secret::of("two");
  EXPECT_EQ(second.reveal(), "two");
  EXPECT_EQ(second.clone(2).reveal(), "tw");
}

TEST(Secret, OfNoBytesIsEmptyAndFreshOnesAreZero) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret::of("").empty());
  const Secret fresh(3);
  EXPECT_EQ(fresh.reveal(), std::string_view("\0\0\0", 3));
}

TEST(SecretText, CopiesShareTheOneBlockOfBytes) {
  const SecretText one("the same");
  const SecretText copy = one;
  EXPECT_EQ(one.reveal().data(), copy.reveal().data());
  EXPECT_EQ(one, SecretText(std::string("the same")));
  EXPECT_FALSE(one == SecretText("the sane"));
  EXPECT_FALSE(one == SecretText("the"));
  EXPECT_TRUE(SecretText("").empty());
  EXPECT_EQ(SecretText(), SecretText(""));
}

TEST(Wipe, LeavesNothingOfTheText) {
  std::string text = "a text longer than what fits into the object itself";
  const char* bytes = text.data();
  const std::size_t size = text.size();
  wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), bytes);
  ASSERT_GE(text.capacity(), size);  // what was there lies behind the end now
  EXPECT_EQ(std::string_view(bytes, size).find("longer"), std::string_view::npos);

  std::array<char, 16> block{};
  block.fill('x');
  wipe(std::span<char>(block));
  EXPECT_EQ(std::count(block.begin(), block.end(), '\0'), 16);
}

}  // namespace
}  // namespace ats::security
