#include "services/keys_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "services/vault_keys.hpp"

namespace ats::services {
namespace {

using security::VaultEntry;

nlohmann::json time_or_null(WallTime time) {
  return time.told() ? nlohmann::json(format_rfc3339(time)) : nlohmann::json();
}

std::string day_or_dash(WallTime time) {
  return time.told() ? format_rfc3339(time).substr(0, 10) : std::string("-");
}

std::string answer_of(const VaultEntry& entry, security::Answer answer) {
  return entry.checked.told() ? name(answer) : "-";
}

}  // namespace

std::string key_start(std::string_view key) {
  constexpr std::size_t shown = 6;
  const std::size_t slash = key.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? key : key.substr(slash + 1);
  // No more than a quarter of what is short.
  const std::size_t count = std::min(shown, std::max<std::size_t>(last.size() / 4, 1));
  std::string out = slash == std::string_view::npos ? "" : "…/";
  for (const char c : last.substr(0, count)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + "…";
}

nlohmann::json key_json(const VaultEntry& entry, WallTime now) {
  const security::KeyRights& rights = entry.rights;
  return {{"venue", entry.venue},
          {"label", entry.label},
          {"key_starts", key_start(entry.key.reveal())},
          {"added", time_or_null(entry.added)},
          {"checked", time_or_null(entry.checked)},
          {"rights",
           {{"read", name(rights.read)},
            {"trade", name(rights.trade)},
            {"withdraw", name(rights.withdraw)},
            {"transfer", name(rights.transfer)},
            {"address_bound", name(rights.address_bound)}}},
          {"expires", time_or_null(rights.expires)},
          {"withdrawal_accepted", time_or_null(entry.withdrawal_accepted)},
          {"verdict", name(verdict(entry))},
          {"refused", refused(verdict(entry))},
          {"warnings", key_warnings(entry, now)}};
}

std::string key_table(const std::vector<const VaultEntry*>& entries) {
  std::string out = fmt::format("{:<10}{:<12}{:<16}{:<12}{:<12}{:<9}{:<9}{:<11}{:<12}{:<13}{}\n",
                                "venue", "key", "label", "added", "checked", "reads", "trades",
                                "withdraws", "addresses", "expires", "verdict");
  for (const VaultEntry* entry : entries) {
    const security::KeyRights& rights = entry->rights;
    const char* const bound = rights.address_bound == security::Answer::Yes  ? "bound"
                              : rights.address_bound == security::Answer::No ? "any"
                                                                             : "unknown";
    out += fmt::format(
        "{:<10}{:<12}{:<16}{:<12}{:<12}{:<9}{:<9}{:<11}{:<12}{:<13}{}\n", entry->venue,
        key_start(entry->key.reveal()), entry->label.empty() ? "-" : entry->label,
        day_or_dash(entry->added), day_or_dash(entry->checked), answer_of(*entry, rights.read),
        answer_of(*entry, rights.trade), answer_of(*entry, rights.withdraw),
        entry->checked.told() ? bound : "-", day_or_dash(rights.expires), name(verdict(*entry)));
  }
  return out;
}

}  // namespace ats::services
