#include "security/permission.hpp"

#include <array>

namespace ats::security {
namespace {

using P = Permission;

struct Row {
  P permission;
  const char* name;
  bool step_up;
};
constexpr std::array<Row, permission_count> table{{
    {P::View, "view", false},
    {P::Halt, "halt", false},
    {P::Acknowledge, "acknowledge", false},
    {P::Backtest, "backtest", false},
    {P::Notify, "notify", false},
    {P::Resume, "resume", true},
    {P::Limits, "limits", true},
    {P::WriteOff, "write-off", true},
    {P::Configuration, "configuration", false},
    {P::Audit, "audit", false},
    {P::Users, "users", true},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].permission) != i) return false;
  }
  return true;
}
static_assert(in_order());

constexpr Permissions viewer = Permissions().with(P::View);
constexpr Permissions trader =
    viewer.with(P::Halt).with(P::Acknowledge).with(P::Backtest).with(P::Notify);
constexpr Permissions risk_manager =
    trader.with(P::Resume).with(P::Limits).with(P::WriteOff).with(P::Audit);
constexpr std::array<Role, 4> all_roles{{{"viewer", viewer},
                                         {"trader", trader},
                                         {"risk-manager", risk_manager},
                                         {"admin", Permissions::all()}}};

const Row& row(P permission) { return table[static_cast<std::size_t>(permission)]; }

}  // namespace

const char* name(Permission permission) { return row(permission).name; }

std::optional<Permission> find_permission(std::string_view text) {
  for (const Row& one : table) {
    if (text == one.name) return one.permission;
  }
  return std::nullopt;
}

bool needs_step_up(Permission permission) { return row(permission).step_up; }

std::vector<std::string> Permissions::names() const {
  std::vector<std::string> out;
  for (const Row& one : table) {
    if (has(one.permission)) out.emplace_back(one.name);
  }
  return out;
}

std::span<const Role> roles() { return all_roles; }

const Role* find_role(std::string_view text) {
  for (const Role& role : all_roles) {
    if (role.name == text) return &role;
  }
  return nullptr;
}

Permissions permissions_of(const std::vector<std::string>& names) {
  Permissions all;
  for (const std::string& one : names) {
    if (const Role* const role = find_role(one)) all = all.with(role->permissions);
  }
  return all;
}

}  // namespace ats::security
