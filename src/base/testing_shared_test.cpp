#include "base/testing_shared.hpp"

#include <gtest/gtest.h>

namespace ats {
namespace {

TEST(SharedData, IsAFolderWithTheProtocolSheetsWhenItIsThere) {
  ATS_REQUIRE_SHARED(shared);
  EXPECT_TRUE(std::filesystem::is_regular_file(shared / "protocols" / "kraken.md")) << shared;
}

}  // namespace
}  // namespace ats
