#include "services/tls_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/certificates.hpp"
#include "io/clock.hpp"
#include "io/secret_file.hpp"
#include "services/command_line.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using security::Secret;

constexpr Duration day = hours(24);
constexpr std::size_t pem_most = std::size_t{64} * 1024;
constexpr std::int64_t soon_days = 30;

struct Options {
  std::string folder = "tls";
  std::string name;
  std::vector<std::string> names, roles, hosts;
  std::int64_t days = 397, authority_days = 3650;
  bool json = false;
};

fs::path certificate_of(const Options& options, const std::string& name) {
  return fs::path(options.folder) / (name + ".crt");
}
fs::path key_of(const Options& options, const std::string& name) {
  return fs::path(options.folder) / (name + ".key");
}

// It is a file's name as well.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 48 && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::optional<std::string> read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return std::nullopt;
  return text.str();
}

struct Authority {
  std::string certificate;
  Secret key;
};
Result<Authority, std::string> read_authority(const Options& options) {
  const fs::path file = certificate_of(options, "ca");
  auto certificate = read_text(file);
  if (!certificate)
    return fail(file.string() + ": there is no authority; `ats tls init` makes one");
  auto key = io::read_secret_file(key_of(options, "ca"), pem_most);
  if (!key) return fail(key.error().detail);
  return Authority{*std::move(certificate), *std::move(key)};
}

std::string told(const std::string& name, io::CertificateError error) {
  using enum io::CertificateError;
  switch (error) {
    case NotACertificate:
      return name + ".crt: holds no certificate";
    case NotAKey:
      return name + ".key: holds no private key";
    case KeyMismatch:
      return name + ".key: is not the key of " + name + ".crt";
    case BadWish:
      return name + ": names and roles have 1 to 64 bytes, hosts are names or addresses";
    case Expired:
      return "the authority's own certificate has expired: make another folder with `ats tls init`";
    case Failed:
      return name + ": OpenSSL could not make it";
  }
  return name;
}

// Key first: a certificate without its key would be of no use, a key alone is written over by nobody.
std::optional<std::string> write_pair(const Options& options, const std::string& name,
                                      const io::CertificateMade& made) {
  const auto key =
      io::write_secret_file(key_of(options, name), made.key.bytes(), io::WriteMode::Create);
  if (!key) return key.error().detail;
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(made.certificate.data()),
                        made.certificate.size());
  const auto written =
      io::write_secret_file(certificate_of(options, name), bytes, io::WriteMode::Create);
  if (!written) return written.error().detail;
  return std::nullopt;
}

struct Row {
  std::string file;
  io::CertificateFacts facts;
  std::int64_t days_left = 0;
};

std::vector<Row> rows_of(const Options& options, WallTime now) {
  std::vector<Row> rows;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(options.folder, ec)) {
    if (entry.path().extension() != ".crt") continue;
    const auto facts = io::read_certificate(read_text(entry.path()).value_or(""));
    if (!facts) continue;
    const Duration left = facts->ends - now;
    rows.push_back({entry.path().string(), *facts, left.ns / day.ns - (left.ns < 0)});
  }
  std::ranges::sort(rows, {}, &Row::file);
  return rows;
}

int tell(const Options& options, const std::vector<Row>& rows) {
  json all = json::array();
  if (!options.json)
    fmt::print("{:<28} {:<10} {:<18} {:<24} {:<21} {}\n", "FILE", "KIND", "NAME", "ROLES", "ENDS",
               "HOSTS");
  for (const Row& row : rows) {
    const char* const kind =
        row.facts.authority ? "authority" : (row.facts.hosts.empty() ? "client" : "server");
    if (options.json) {
      all.push_back({{"file", row.file},
                     {"kind", kind},
                     {"name", row.facts.name},
                     {"roles", row.facts.roles},
                     {"hosts", row.facts.hosts},
                     {"begins", format_rfc3339(row.facts.begins)},
                     {"ends", format_rfc3339(row.facts.ends)},
                     {"daysLeft", row.days_left}});
      continue;
    }
    fmt::print("{:<28} {:<10} {:<18} {:<24} {:<21} {}\n", row.file, kind, row.facts.name,
               fmt::format("{}", fmt::join(row.facts.roles, " ")),
               format_rfc3339(row.facts.ends).substr(0, 19) + "Z",
               fmt::format("{}", fmt::join(row.facts.hosts, " ")));
  }
  if (options.json) fmt::print("{}\n", all.dump(2, ' ', false, json::error_handler_t::replace));
  std::fflush(stdout);
  bool expired = false;
  for (const Row& row : rows) {
    if (row.days_left < 0) {
      expired = true;
      static_cast<void>(failure(row.file + ": has expired"));
    } else if (row.days_left < soon_days) {
      std::fprintf(stderr, "ats: warning: %s: expires in %lld days; `ats tls renew` renews it\n",
                   row.file.c_str(), static_cast<long long>(row.days_left));
    }
  }
  return expired ? exit_failed : exit_done;
}

int told_of(const Options& options, const std::vector<std::string>& names) {
  auto rows = rows_of(options, io::OsClock::wall());
  std::erase_if(rows, [&](const Row& row) {
    return std::ranges::none_of(names, [&](const std::string& name) {
      return row.file == certificate_of(options, name).string();
    });
  });
  return tell(options, rows);
}

// Exit code: it was told why not.
std::optional<int> issue(const Options& options, const Authority& authority,
                         const std::string& name, const std::vector<std::string>& roles,
                         const std::vector<std::string>& hosts) {
  const auto made =
      io::issue_certificate(authority.certificate, authority.key, {name, roles, hosts},
                            io::OsClock::wall(), day * options.days);
  if (!made) return failure(told(name, made.error()));
  if (const auto failed = write_pair(options, name, *made)) return failure(*failed);
  return std::nullopt;
}

int init(const Options& options) {
  if (options.hosts.empty())
    return usage_error("--host: by which names and addresses is the server reached?");
  if (!is_name(options.name) || options.name == "ca")
    return usage_error("--name: letters, digits, '-', '_' and '.', and not \"ca\"");
  std::error_code ec;
  fs::create_directories(options.folder, ec);
  if (ec) return failure(options.folder + ": cannot be made: " + ec.message());
  for (const std::string& name : {std::string("ca"), options.name}) {
    for (const fs::path& file : {certificate_of(options, name), key_of(options, name)}) {
      if (fs::exists(file, ec))
        return failure(file.string() +
                       ": is there already; nothing is written over. `ats tls renew` "
                       "renews certificates, `ats tls add` makes more");
    }
  }
  auto made =
      io::make_authority("ATS authority", io::OsClock::wall(), day * options.authority_days);
  if (!made) return failure(told("ca", made.error()));
  if (const auto failed = write_pair(options, "ca", *made)) return failure(*failed);
  const Authority authority{made->certificate, std::move(made->key)};
  if (const auto code = issue(options, authority, options.name, options.roles, options.hosts))
    return *code;
  return told_of(options, {"ca", options.name});
}

int add(const Options& options) {
  if (!is_name(options.name) || options.name == "ca")
    return usage_error("a name has letters, digits, '-', '_' and '.', and is not \"ca\"");
  auto authority = read_authority(options);
  if (!authority) return failure(authority.error());
  if (const auto code = issue(options, *authority, options.name, options.roles, options.hosts))
    return *code;
  return told_of(options, {options.name});
}

int renew(const Options& options) {
  auto authority = read_authority(options);
  if (!authority) return failure(authority.error());
  std::vector<std::string> names = options.names;
  const WallTime now = io::OsClock::wall();
  if (names.empty()) {
    for (const Row& row : rows_of(options, now)) {
      if (!row.facts.authority) names.push_back(fs::path(row.file).stem().string());
    }
  }
  if (names.empty()) return failure(options.folder + ": there are no certificates to renew");
  for (const std::string& name : names) {
    if (!is_name(name)) return usage_error("a name has letters, digits, '-', '_' and '.'");
    const auto old = read_text(certificate_of(options, name));
    if (!old) return failure(certificate_of(options, name).string() + ": there is none");
    const auto facts = io::read_certificate(*old);
    if (!facts) return failure(told(name, facts.error()));
    if (facts->authority)
      return usage_error("the authority is not renewed: every client would have to be told");
    const auto key = io::read_secret_file(key_of(options, name), pem_most);
    if (!key) return failure(key.error().detail);
    const auto fresh = io::renew_certificate(authority->certificate, authority->key, *old, *key,
                                             now, day * options.days);
    if (!fresh) return failure(told(name, fresh.error()));
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(fresh->data()), fresh->size());
    const auto written =
        io::write_secret_file(certificate_of(options, name), bytes, io::WriteMode::Replace);
    if (!written) return failure(written.error().detail);
  }
  return told_of(options, names);
}

int show(const Options& options) {
  const auto rows = rows_of(options, io::OsClock::wall());
  if (rows.empty() && !options.json)
    return failure(options.folder + ": there are no certificates; `ats tls init` makes them");
  return tell(options, rows);
}

}  // namespace

int tls_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "An authority of your own, and the certificates of servers and clients that it gives "
      "(docs/security.md).",
      "ats tls");
  app.require_subcommand(1);
  app.footer(
      "Keys are files of mode 0600; nothing is written over. Copy ca.crt to whoever is to believe "
      "these\ncertificates, and keep ca.key where only you get at it.\n\n"
      "Examples:\n  ats tls init --host ats.example.org --host 10.0.0.5\n"
      "  ats tls add alice --role trader\n  ats tls renew\n  ats tls show");
  const auto common = [&](CLI::App& one) {
    one.add_option("--dir", options.folder, "the folder they are in")->capture_default_str();
    one.add_flag("--json", options.json, "the result as JSON");
  };
  const auto life = [&](CLI::App& one) {
    one.add_option("--days", options.days, "how long a certificate is good for")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{3650}))
        ->capture_default_str();
  };

  CLI::App* const making = app.add_subcommand("init", "an authority, and a server's certificate");
  making->add_option("--host", options.hosts,
                     "a name or address by which the server is reached; may be repeated");
  making->add_option("--name", options.name, "what the server is called; its files as well")
      ->default_val("server");
  making->add_option("--role", options.roles,
                     "of the server where it asks others, such as engine; may be repeated");
  making->add_option("--authority-days", options.authority_days, "how long the authority is good")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{7300}))
      ->capture_default_str();
  life(*making);
  making->footer(
      "Examples:\n  ats tls init --host localhost --host 127.0.0.1\n"
      "  ats tls init --dir /etc/ats/tls --host ats.example.org --name engine --role engine");

  CLI::App* const adding =
      app.add_subcommand("add", "a certificate of a client, or another server");
  adding->add_option("name", options.name, "who it is")->required();
  adding->add_option("--role", options.roles,
                     "viewer, trader, risk-manager, admin, engine or dashboard; may be repeated");
  adding->add_option("--host", options.hosts, "of a server: by which it is reached");
  life(*adding);
  adding->footer(
      "Examples:\n  ats tls add alice --role trader\n"
      "  ats tls add engine-b --role engine --host 10.0.0.6");

  CLI::App* const renewing = app.add_subcommand(
      "renew", "certificates for longer: key, name and roles stay, the authority too");
  renewing->add_option("names", options.names, "only these; otherwise all but the authority's");
  life(*renewing);
  renewing->footer(
      "A process that runs has still the old one: restart it.\n\n"
      "Examples:\n  ats tls renew\n  ats tls renew server --days 90");

  CLI::App* const showing = app.add_subcommand("show", "what there is, and when it ends");
  showing->footer(
      "Exit code 1 when one has expired; one that ends within 30 days is told.\n\n"
      "Examples:\n  ats tls show\n  ats tls show --dir /etc/ats/tls --json");

  for (CLI::App* const one : {making, adding, renewing, showing}) common(*one);
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  io::forbid_core_files();
  if (making->parsed()) return init(options);
  if (adding->parsed()) return add(options);
  return renewing->parsed() ? renew(options) : show(options);
}

}  // namespace ats::services
