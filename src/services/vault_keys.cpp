#include "services/vault_keys.hpp"

#include <fmt/format.h>

namespace ats::services {
namespace {

std::string day_of(WallTime time) { return format_rfc3339(time).substr(0, 10); }

}  // namespace

std::vector<std::string> key_warnings(const security::VaultEntry& entry, WallTime now) {
  using security::Answer;
  using security::KeyVerdict;
  std::vector<std::string> out;
  const auto say = [&](std::string_view what) {
    out.push_back(entry.venue + ": " + std::string(what));
  };
  switch (verdict(entry)) {
    case KeyVerdict::Sound:
    case KeyVerdict::CanWithdraw:
    case KeyVerdict::Unproven:
      break;
    case KeyVerdict::Accepted:
      say(fmt::format("the key {} withdraw, which was accepted on {}",
                      entry.rights.withdraw == Answer::Yes ? "can" : "perhaps can",
                      day_of(entry.withdrawal_accepted)));
      break;
    case KeyVerdict::Unchecked:
      say(fmt::format("nobody has asked the venue what the key may do; run ats keys check {}",
                      entry.venue));
      break;
  }
  if (entry.checked.told() && entry.rights.trade == Answer::No) say("the key may not trade");
  if (entry.checked.told() && entry.rights.read == Answer::No)
    say("the key may not read balances and orders");
  const WallTime end = entry.rights.expires;
  if (end.told() && end <= now) {
    say(fmt::format("the key expired on {}; make a new one, then ats keys rotate {}", day_of(end),
                    entry.venue));
  } else if (end.told() && end <= now + expiry_warning) {
    constexpr std::int64_t day = hours(24).ns;
    say(fmt::format("the key expires on {}, in {} days; make a new one, then ats keys rotate {}",
                    day_of(end), (end - now).ns / day, entry.venue));
  }
  return out;
}

std::string key_refusal(const security::VaultEntry& entry) {
  using security::KeyVerdict;
  const KeyVerdict said = verdict(entry);
  if (!refused(said)) return {};
  const std::string_view what = said == KeyVerdict::CanWithdraw
                                    ? "can withdraw"
                                    : "could not be shown to be unable to withdraw";
  return fmt::format(
      "{0}: the key {1}, and whoever gets hold of it can take everything; make one without that "
      "right and run ats keys rotate {0}, or if it must be this one: ats keys check {0} "
      "--accept-withdrawal-rights",
      entry.venue, what);
}

Result<VaultKeys, std::string> keys_from_vault(
    const VaultAccess& access, const Config& config,
    const std::map<std::string, venues::Credentials>& others, WallTime now) {
  const auto vault = VaultStore::open(access);
  if (!vault) return fail(vault.error());
  VaultKeys keys;
  if (!vault->locked_in_memory()) {
    keys.warnings.emplace_back(
        "secrets could not be locked into memory and may be swapped out; raise ulimit -l");
  }
  for (const VenueConfig& venue : config.venues) {
    const security::VaultEntry* entry = vault->contents.find(venue.name);
    if (!venue.enabled || entry == nullptr) continue;
    if (others.contains(venue.name)) {
      return fail(
          fmt::format("{0}: {1} and {2} both have a key for it; remove one of them (ats keys "
                      "remove {0})",
                      venue.name, access.vault.string(), config.credentials_file));
    }
    if (auto refusal = key_refusal(*entry); !refusal.empty()) return fail(std::move(refusal));
    for (std::string& warning : key_warnings(*entry, now))
      keys.warnings.push_back(std::move(warning));
    keys.credentials.emplace(venue.name,
                             venues::Credentials{std::string(entry->key.reveal()), entry->secret});
  }
  return keys;
}

}  // namespace ats::services
