#include "services/keys_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/clock.hpp"
#include "io/hidden_input.hpp"
#include "services/command_line.hpp"
#include "services/key_check.hpp"
#include "services/keys_report.hpp"
#include "services/vault_keys.hpp"
#include "services/vault_store.hpp"

namespace ats::services {
namespace {

using nlohmann::json;
using security::Secret;
using security::SecretText;
using security::VaultEntry;

struct Options {
  std::string config_file;
  std::string vault;
  std::string key_file;
  std::string passphrase_file;
  int passphrase_fd = -1;
  std::string new_key_file;
  std::string new_passphrase_file;
  int new_passphrase_fd = -1;
  std::string venue;
  std::string label;
  bool no_check = false;
  bool accept = false;
  bool yes = false;
  bool json = false;
};

// An exit code with its message told.
using Stop = Failure<int>;

struct Desk {
  Config config;
  VaultAccess access;
};

Result<Desk, int> take_place(const Options& options) {
  Desk desk;
  auto config = load_config(options.config_file, environment_variables());
  if (!config) return fail(usage_error(config.error()));
  desk.config = std::move(*config);
  VaultAccess& access = desk.access;
  access.vault = options.vault.empty() ? desk.config.vault : options.vault;
  if (access.vault.empty())
    return fail(
        usage_error("no vault is named; say --vault FILE, or --config FILE whose "
                    "general.vault names it"));
  access.passphrase_file = options.passphrase_file;
  access.passphrase_descriptor = options.passphrase_fd;
  access.key_file = options.key_file;
  const bool passphrase = !options.passphrase_file.empty() || options.passphrase_fd >= 0;
  if (passphrase && !options.key_file.empty())
    return fail(usage_error("a vault is opened by a passphrase or by a key file, not by both"));
  if (!passphrase && options.key_file.empty() && options.vault.empty())
    access.key_file = desk.config.vault_key_file;
  return desk;
}

const VenueConfig* find_venue(const Config& config, std::string_view name) {
  for (const VenueConfig& venue : config.venues) {
    if (venue.name == name) return &venue;
  }
  return nullptr;
}

int unknown_venue(const Config& config, std::string_view name) {
  std::string known;
  for (const VenueConfig& venue : config.venues) known += (known.empty() ? "" : ", ") + venue.name;
  return usage_error(
      fmt::format("'{}' is no venue that orders can be sent to; there are {}", name, known));
}

void warn(std::string_view what) {
  std::fprintf(stderr, "ats: warning: %.*s\n", static_cast<int>(what.size()), what.data());
}

void warn_of(const OpenedVault& vault) {
  if (!vault.locked_in_memory())
    warn("secrets could not be locked into memory and may be swapped out; raise ulimit -l");
}

void print(const json& value) {
  fmt::print("{}\n", value.dump(2, ' ', false, json::error_handler_t::replace));
}

// --- a key and its secret, from whoever brings them ---

struct NewKey {
  SecretText key;
  SecretText secret;
};

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// Without the line ends behind it.
Secret trimmed(const Secret& text) {
  std::string_view kept = text.reveal();
  while (!kept.empty() && (kept.back() == '\n' || kept.back() == '\r' || kept.back() == ' '))
    kept.remove_suffix(1);
  return text.clone(kept.size());
}

Result<NewKey, std::string> checked(const Secret& key_text, const Secret& secret_text) {
  const Secret key = trimmed(key_text);
  const Secret secret = trimmed(secret_text);
  if (key.empty() || secret.empty()) {
    return fail(std::string(
        "key and secret are needed: the key in the first line, the secret in the second (PEM: in "
        "the lines from the second on)"));
  }
  if (!printable(key.reveal()))
    return fail(std::string("the first line is no API key: keys have no spaces in them"));
  const bool pem = secret.reveal().starts_with("-----BEGIN ");
  if (pem && !io::pem_is_whole(secret.reveal()))
    return fail(std::string("the secret begins as PEM and does not end as such (-----END …-----)"));
  if (!pem && !printable(secret.reveal()))
    return fail(
        std::string("the second line is no secret: there are spaces in it, or lines too many"));
  return NewKey{SecretText(key.clone(key.size())), SecretText(secret.clone(secret.size()))};
}

Result<NewKey, std::string> key_from_terminal(std::string_view venue) {
  auto terminal = io::HiddenTerminal::open();
  if (!terminal) return fail(std::string("there is no terminal to ask for the key on"));
  const auto why = [](io::InputError error) {
    return error == io::InputError::Cancelled ? std::string("cancelled; nothing was changed")
                                              : fmt::format("the terminal: {}", io::name(error));
  };
  const auto key =
      terminal->line(fmt::format("API key for {} (not shown): ", venue), security::api_key_max);
  if (!key) return fail(why(key.error()));
  const auto secret = terminal->line_or_pem(fmt::format("Secret for {} (not shown): ", venue),
                                            security::api_secret_max);
  if (!secret) return fail(why(secret.error()));
  return checked(*key, *secret);
}

Result<NewKey, std::string> key_from_input() {
  const auto key = io::read_secret_line(STDIN_FILENO, security::api_key_max);
  if (!key) return fail("standard input, first line: " + key.error().detail);
  const auto secret = io::read_secret(STDIN_FILENO, security::api_secret_max);
  if (!secret) return fail("standard input: " + secret.error().detail);
  return checked(*key, *secret);
}

Result<NewKey, std::string> read_new_key(std::string_view venue) {
  return ::isatty(STDIN_FILENO) == 1 ? key_from_terminal(venue) : key_from_input();
}

// --- what the venue says ---

// Asks, and puts down what it heard and what its owner says to that.
Status<std::string> ask_venue(const Config& config, VaultEntry& entry, bool accept) {
  const VenueConfig* venue = find_venue(config, entry.venue);
  if (venue == nullptr) return fail(entry.venue + ": is no venue that this ats knows");
  std::optional<io::TlsContext> tls;
  if (venue->urls.rest.starts_with("https")) {
    auto context = io::TlsContext::client(config.ca_file);
    if (!context) return fail(fmt::format("general.ca_file: {}", io::name(context.error())));
    tls.emplace(std::move(*context));
  }
  io::Reactor reactor;
  const auto rights = ask_key_rights(reactor, *venue, tls ? &*tls : nullptr,
                                     {std::string(entry.key.reveal()), entry.secret});
  if (!rights) return fail(rights.error());
  // Consent is to what was known when it was given: it ends with the right, and consent to a doubt is none to the
  // right itself.
  const bool worse =
      rights->withdraw == security::Answer::Yes && entry.rights.withdraw != security::Answer::Yes;
  entry.rights = *rights;
  entry.checked = io::OsClock::wall();
  if (worse) entry.withdrawal_accepted = {};
  if (rights->withdraw == security::Answer::No)
    entry.withdrawal_accepted = {};
  else if (accept)
    entry.withdrawal_accepted = entry.checked;
  return Done{};
}

std::string not_taken(const VaultEntry& entry, std::string_view consequence) {
  const std::string_view what = verdict(entry) == security::KeyVerdict::CanWithdraw
                                    ? "this key can withdraw"
                                    : "the venue does not say that this key cannot withdraw";
  return fmt::format(
      "{}: {}, and whoever gets hold of it could take everything; {}. Make a key without that "
      "right; "
      "or, if it must be this one, say --accept-withdrawal-rights",
      entry.venue, what, consequence);
}

void tell(const Options& options, const VaultEntry& entry, std::string_view done) {
  const WallTime now = io::OsClock::wall();
  if (options.json) return print(key_json(entry, now));
  fmt::print("{}: {} {}\n\n{}", entry.venue, key_start(entry.key.reveal()), done,
             key_table({&entry}));
  std::fflush(stdout);
  for (const std::string& warning : key_warnings(entry, now)) warn(warning);
}

// --- the commands ---

int add(const Options& options) {
  auto desk = take_place(options);
  if (!desk) return desk.error();
  if (find_venue(desk->config, options.venue) == nullptr)
    return unknown_venue(desk->config, options.venue);
  if (options.label.size() > security::key_label_max)
    return usage_error(fmt::format("--label: at most {} bytes", security::key_label_max));
  std::error_code ec;
  const bool there = std::filesystem::exists(desk->access.vault, ec);
  auto vault = there ? VaultStore::open_to_change(desk->access) : VaultStore::make(desk->access);
  if (!vault) return failure(vault.error());
  warn_of(*vault);
  if (vault->contents.find(options.venue) != nullptr) {
    return failure(fmt::format("{0}: has a key in {1} already; ats keys rotate {0} replaces it",
                               options.venue, desk->access.vault.string()));
  }
  auto given = read_new_key(options.venue);
  if (!given) return failure(given.error());
  VaultEntry entry;
  entry.venue = options.venue;
  entry.label = options.label;
  entry.key = given->key;
  entry.secret = given->secret;
  entry.added = io::OsClock::wall();
  if (!options.no_check) {
    if (const auto asked = ask_venue(desk->config, entry, options.accept); !asked) {
      return failure(asked.error() + "; nothing was added (--no-check adds it without asking)");
    }
    if (refused(verdict(entry))) return failure(not_taken(entry, "nothing was added"));
  }
  if (!vault->contents.put(entry)) return failure("the vault has no more room; nothing was added");
  const auto saved = vault->save(there ? io::WriteMode::Replace : io::WriteMode::Create);
  if (!saved) return failure(saved.error());
  tell(options, entry, there ? "added" : "added to a new vault");
  return exit_done;
}

int list(const Options& options) {
  auto desk = take_place(options);
  if (!desk) return desk.error();
  auto vault = VaultStore::open(desk->access);
  if (!vault) return failure(vault.error());
  warn_of(*vault);
  const WallTime now = io::OsClock::wall();
  std::vector<const VaultEntry*> entries;
  json rows = json::array();
  for (const VaultEntry& entry : vault->contents.entries()) {
    entries.push_back(&entry);
    rows.push_back(key_json(entry, now));
  }
  if (options.json) {
    print(rows);
    return exit_done;
  }
  fmt::print("{}", key_table(entries));
  std::fflush(stdout);
  for (const VaultEntry* entry : entries) {
    for (const std::string& warning : key_warnings(*entry, now)) warn(warning);
    if (const std::string refusal = key_refusal(*entry); !refusal.empty()) warn(refusal);
  }
  return exit_done;
}

int check(const Options& options) {
  auto desk = take_place(options);
  if (!desk) return desk.error();
  if (options.accept && options.venue.empty()) {
    return usage_error("--accept-withdrawal-rights is for one key: name its venue");
  }
  auto vault = VaultStore::open_to_change(desk->access);
  if (!vault) return failure(vault.error());
  warn_of(*vault);
  if (!options.venue.empty() && vault->contents.find(options.venue) == nullptr) {
    return failure(fmt::format("{0}: has no key in {1}; ats keys add {0} adds one", options.venue,
                               desk->access.vault.string()));
  }
  const WallTime now = io::OsClock::wall();
  json rows = json::array();
  std::vector<const VaultEntry*> asked;
  std::vector<std::string> problems;
  for (const VaultEntry& known : vault->contents.entries()) {
    if (!options.venue.empty() && known.venue != options.venue) continue;
    VaultEntry& entry = *vault->contents.find(known.venue);
    const auto answer = ask_venue(desk->config, entry, options.accept);
    json row = key_json(entry, now);
    if (!answer) {
      problems.push_back(answer.error());
      row["error"] = answer.error();
    } else if (const std::string refusal = key_refusal(entry); !refusal.empty()) {
      problems.push_back(refusal);
    }
    asked.push_back(&entry);
    rows.push_back(std::move(row));
  }
  if (const auto saved = vault->save(); !saved) return failure(saved.error());
  if (options.json)
    print(rows);
  else
    fmt::print("{}", key_table(asked));
  std::fflush(stdout);
  if (!options.json) {
    for (const VaultEntry* entry : asked) {
      for (const std::string& warning : key_warnings(*entry, now)) warn(warning);
    }
  }
  for (const std::string& problem : problems) static_cast<void>(failure(problem));
  return problems.empty() ? exit_done : exit_failed;
}

int rotate_key(const Options& options, const Desk& desk) {
  auto vault = VaultStore::open_to_change(desk.access);
  if (!vault) return failure(vault.error());
  warn_of(*vault);
  const VaultEntry* old = vault->contents.find(options.venue);
  if (old == nullptr) {
    return failure(fmt::format("{0}: has no key in {1}; ats keys add {0} adds one", options.venue,
                               desk.access.vault.string()));
  }
  auto given = read_new_key(options.venue);
  if (!given) return failure(given.error());
  VaultEntry entry;
  entry.venue = options.venue;
  entry.label = options.label.empty() ? old->label : options.label;
  entry.key = given->key;
  entry.secret = given->secret;
  entry.added = io::OsClock::wall();
  if (entry.key == old->key && entry.secret == old->secret)
    return failure(options.venue + ": that is the key it has; nothing was changed");
  if (const auto asked = ask_venue(desk.config, entry, options.accept); !asked)
    return failure(asked.error() + "; the old key was kept");
  if (refused(verdict(entry))) return failure(not_taken(entry, "the old key was kept"));
  if (!vault->contents.put(entry)) return failure("key or label is too long; the old key was kept");
  if (const auto saved = vault->save(); !saved) return failure(saved.error());
  tell(options, entry, "took the place of the old key; delete that one at the venue");
  return exit_done;
}

int rotate_lock(const Options& options, const Desk& desk) {
  auto vault = VaultStore::open_to_change(desk.access);
  if (!vault) return failure(vault.error());
  VaultAccess fresh;
  fresh.vault = desk.access.vault;
  fresh.key_file = options.new_key_file;
  fresh.passphrase_file = options.new_passphrase_file;
  fresh.passphrase_descriptor = options.new_passphrase_fd;
  std::error_code ec;
  if (!fresh.key_file.empty() && !desk.access.key_file.empty() &&
      std::filesystem::equivalent(fresh.key_file, desk.access.key_file, ec)) {
    return failure(fresh.key_file.string() + ": is the key file it has; nothing was changed");
  }
  auto key = VaultStore::new_key(fresh);
  if (!key) return failure(key.error());
  vault->change_key(std::move(*key));
  if (const auto saved = vault->save(); !saved) return failure(saved.error());
  fmt::print("{}: sealed anew; copies made before still open as they did\n",
             desk.access.vault.string());
  return exit_done;
}

int rotate(const Options& options) {
  auto desk = take_place(options);
  if (!desk) return desk.error();
  const bool fresh = !options.new_key_file.empty() || !options.new_passphrase_file.empty() ||
                     options.new_passphrase_fd >= 0;
  if (options.venue.empty()) return rotate_lock(options, *desk);
  if (fresh)
    return usage_error("either the key of a venue or the vault's own lock: not both at once");
  if (find_venue(desk->config, options.venue) == nullptr)
    return unknown_venue(desk->config, options.venue);
  return rotate_key(options, *desk);
}

// Nothing: it was confirmed.
std::optional<int> confirm(const VaultEntry& entry, const std::filesystem::path& vault) {
  auto terminal = io::HiddenTerminal::open();
  if (!terminal) return usage_error("nobody is there to confirm it; say --yes");
  constexpr std::size_t answer_max = 64;
  const auto answer = terminal->shown_line(
      fmt::format("Remove the key {} of {} from {}? Type the venue's name to do it: ",
                  key_start(entry.key.reveal()), entry.venue, vault.string()),
      answer_max);
  if (answer && answer->reveal() == entry.venue) return std::nullopt;
  return failure("nothing was removed");
}

int remove(const Options& options) {
  auto desk = take_place(options);
  if (!desk) return desk.error();
  auto vault = VaultStore::open_to_change(desk->access);
  if (!vault) return failure(vault.error());
  const VaultEntry* entry = vault->contents.find(options.venue);
  if (entry == nullptr) {
    return failure(fmt::format("{}: has no key in {}", options.venue, desk->access.vault.string()));
  }
  if (!options.yes) {
    if (const auto code = confirm(*entry, desk->access.vault)) return *code;
  }
  vault->contents.remove(options.venue);
  if (const auto saved = vault->save(); !saved) return failure(saved.error());
  fmt::print("{}: removed; delete the key at the venue as well\n", options.venue);
  return exit_done;
}

void add_access(CLI::App& app, Options& options) {
  app.add_option("--config", options.config_file,
                 "TOML file whose general.vault names the vault, and with the venues' addresses");
  app.add_option("--vault", options.vault, "the vault; instead of general.vault");
  app.add_option("--key-file", options.key_file, "opens it; instead of general.vault_key_file");
  auto* file = app.add_option(
      "--passphrase-file", options.passphrase_file,
      "a file of mode 0600 with the passphrase; else it is asked for on the terminal");
  app.add_option("--passphrase-fd", options.passphrase_fd,
                 "an open file descriptor whose next line is the passphrase")
      ->check(CLI::NonNegativeNumber)
      ->excludes(file);
}

}  // namespace

int keys_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "The API keys that `ats run` trades with, sealed in one file: the vault (docs/keys.md).",
      "ats keys");
  app.require_subcommand(1);
  app.footer(
      "Secrets are typed on the terminal, unseen, or come from standard input; never from "
      "arguments "
      "or the\nenvironment.\n\nExamples:\n  ats keys add binance --vault keys.vault\n"
      "  ats keys list --config ats.toml\n  ats keys check --config ats.toml");

  CLI::App* adding = app.add_subcommand("add", "a venue's key and secret, asked for unseen");
  adding->add_option("venue", options.venue, "whose key it is")->required();
  adding->add_option("--label", options.label, "your own words for it");
  adding->add_flag("--no-check", options.no_check, "do not ask the venue what the key may do");
  adding->add_flag("--accept-withdrawal-rights", options.accept,
                   "take it although it can withdraw, or may be able to");
  adding->add_flag("--json", options.json, "what was added, as JSON");
  adding->footer(
      "Without a vault one is made, under a new passphrase or, with --key-file, a new key file.\n"
      "From standard input: the key in the first line, the secret in the second (PEM: all "
      "lines).\n\n"
      "Examples:\n  ats keys add binance --vault keys.vault --label trading\n"
      "  ats keys add coinbase --config ats.toml --key-file vault.key <coinbase.txt");

  CLI::App* listing = app.add_subcommand("list", "what is in the vault; never a secret");
  listing->add_flag("--json", options.json, "as JSON");
  listing->footer(
      "Examples:\n  ats keys list --vault keys.vault\n  ats keys list --config ats.toml --json");

  CLI::App* checking = app.add_subcommand("check", "ask the venues what the keys may do");
  checking->add_option("venue", options.venue, "only this venue's key");
  checking->add_flag("--accept-withdrawal-rights", options.accept,
                     "use the venue's key although it can withdraw, or may be able to");
  checking->add_flag("--json", options.json, "as JSON");
  checking->footer(
      "Exit code 1 when a venue did not answer, or a key can withdraw and that was not "
      "accepted.\n\n"
      "Examples:\n  ats keys check --config ats.toml\n"
      "  ats keys check kraken --config ats.toml --accept-withdrawal-rights");

  CLI::App* rotating = app.add_subcommand(
      "rotate", "a venue's key for a new one that was checked; without a venue: the vault's lock");
  rotating->add_option("venue", options.venue, "whose key is replaced");
  rotating->add_option("--label", options.label, "your own words for the new key");
  rotating->add_flag("--accept-withdrawal-rights", options.accept,
                     "take the new key although it can withdraw, or may be able to");
  auto* new_key =
      rotating->add_option("--new-key-file", options.new_key_file,
                           "seal the vault under this key file, which is made if it is not there");
  auto* new_file = rotating->add_option("--new-passphrase-file", options.new_passphrase_file,
                                        "seal it under the passphrase in this file");
  new_file->excludes(new_key);
  rotating
      ->add_option("--new-passphrase-fd", options.new_passphrase_fd,
                   "seal it under the next line of this descriptor")
      ->check(CLI::NonNegativeNumber)
      ->excludes(new_key)
      ->excludes(new_file);
  rotating->add_flag("--json", options.json, "the new key, as JSON");
  rotating->footer(
      "Examples:\n  ats keys rotate upbit --config ats.toml\n  ats keys rotate --vault keys.vault\n"
      "  ats keys rotate --vault keys.vault --new-key-file vault.key");

  CLI::App* removing = app.add_subcommand("remove", "a venue's key");
  removing->add_option("venue", options.venue, "whose key goes")->required();
  removing->add_flag("--yes", options.yes, "do not ask");
  removing->footer(
      "Examples:\n  ats keys remove kraken --vault keys.vault\n"
      "  ats keys remove kraken --config ats.toml --yes");

  for (CLI::App* one : {adding, listing, checking, rotating, removing}) add_access(*one, options);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (adding->parsed()) return add(options);
  if (listing->parsed()) return list(options);
  if (checking->parsed()) return check(options);
  return rotating->parsed() ? rotate(options) : remove(options);
}

}  // namespace ats::services
