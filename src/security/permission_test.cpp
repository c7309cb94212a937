#include "security/permission.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ats::security {
namespace {

TEST(Permission, EachRoleMayDoExactlyThis) {
  std::string all;
  for (const Role& role : roles())
    all += fmt::format("{}: {}\n", role.name, fmt::join(role.permissions.names(), " "));
  EXPECT_EQ(all,
            "viewer: view\n"
            "trader: view halt acknowledge backtest notify\n"
            "risk-manager: view halt acknowledge backtest notify resume limits write-off audit\n"
            "admin: view halt acknowledge backtest notify resume limits write-off configuration "
            "audit users\n");
}

TEST(Permission, AFreshCodeIsAskedForBeforeWhatMakesItDoMore) {
  Permissions fresh;
  for (const std::string& text : Permissions::all().names()) {
    const auto permission = find_permission(text);
    ASSERT_TRUE(permission);
    if (needs_step_up(*permission)) fresh = fresh.with(*permission);
  }
  EXPECT_EQ(fmt::format("{}", fmt::join(fresh.names(), " ")), "resume limits write-off users");
}

TEST(Permission, RolesAddUpAndWhatIsNoRoleGivesNothing) {
  EXPECT_EQ(permissions_of({"viewer", "risk-manager"}), find_role("risk-manager")->permissions);
  EXPECT_TRUE(permissions_of({"root", "", "Admin"}).empty());
  EXPECT_FALSE(permissions_of({"viewer"}).act());
  EXPECT_TRUE(permissions_of({"trader"}).act());
  EXPECT_FALSE(find_permission("everything"));
}

}  // namespace
}  // namespace ats::security
