// What a person or a program may do: named permissions, and the roles that are made of them. One table, read by every
// interface that asks; what is in no role of somebody is refused.
//
// Invariant: a set of permissions comes from roles and from nothing a client says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ats::security {

enum class Permission : std::uint8_t {
  View,
  Halt,
  Acknowledge,  // alerts
  Backtest,
  Notify,  // test channels, acknowledge notices
  Resume,
  Limits,
  WriteOff,
  Configuration,
  Audit,
  Users,
};
constexpr std::size_t permission_count = 11;
const char* name(Permission permission);
std::optional<Permission> find_permission(std::string_view name);
// A fresh code of the authenticator is asked for, not just a session.
bool needs_step_up(Permission permission);

class Permissions {
 public:
  constexpr Permissions() = default;
  static constexpr Permissions all() { return Permissions((1U << permission_count) - 1); }

  constexpr bool has(Permission p) const { return (bits_ & bit(p)) != 0; }
  constexpr Permissions with(Permission p) const { return Permissions(bits_ | bit(p)); }
  constexpr Permissions with(Permissions o) const { return Permissions(bits_ | o.bits_); }
  constexpr Permissions both(Permissions o) const { return Permissions(bits_ & o.bits_); }
  constexpr bool within(Permissions o) const { return (bits_ & ~o.bits_) == 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // Any that does more than look.
  constexpr bool act() const { return (bits_ & ~bit(Permission::View)) != 0; }
  constexpr bool operator==(const Permissions&) const = default;

  std::vector<std::string> names() const;

 private:
  constexpr explicit Permissions(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Permission p) { return 1U << static_cast<unsigned>(p); }
  std::uint32_t bits_ = 0;
};

struct Role {
  std::string_view name;
  Permissions permissions;
};
std::span<const Role> roles();
// Null: there is none of that name.
const Role* find_role(std::string_view name);
// Of all of them together; a name that is no role gives nothing.
Permissions permissions_of(const std::vector<std::string>& roles);

}  // namespace ats::security
