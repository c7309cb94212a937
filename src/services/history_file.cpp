#include "services/history_file.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "domain/codec.hpp"
#include "io/journal.hpp"
#include "services/accounts.hpp"
#include "services/command_line.hpp"
#include "services/config.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;

// When the last segment was written; nothing where there is none.
std::optional<fs::file_time_type> written(const fs::path& directory) {
  std::error_code ec;
  std::optional<fs::file_time_type> last;
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("journal-") || !name.ends_with(".ats")) continue;
    const auto at = entry.last_write_time(ec);
    if (!ec && (!last || at > *last)) last = at;
  }
  return last;
}

}  // namespace

void JournalChoice::add_to(CLI::App& app) {
  app.add_option("dir", directory,
                 "journal, or data directory (the last written journal in it); by default the "
                 "configuration's");
  app.add_option("--config", config_file, "the configuration that names the data directory");
}

Result<fs::path, int> find_journal(const JournalChoice& choice) {
  fs::path directory = choice.directory;
  if (directory.empty()) {
    const auto config = load_config(choice.config_file, environment_variables());
    if (!config) return fail(usage_error(config.error()));
    directory = config->data_dir;
  }
  if (written(directory)) return directory;
  std::error_code ec;
  std::optional<fs::path> chosen;
  fs::file_time_type latest;
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    // The risk role's, beside its engine's: it has no trades, and may be written last.
    if (entry.path().filename().string().ends_with("-risk")) continue;
    const auto at = entry.is_directory(ec) ? written(entry.path()) : std::nullopt;
    if (!at || (chosen && (*at < latest || (*at == latest && entry.path() < *chosen)))) continue;
    chosen = entry.path();
    latest = *at;
  }
  if (!chosen) {
    return fail(failure(directory.string() + ": holds no journal; `ats run` makes one"));
  }
  return *chosen;
}

Result<JournalHistory, std::string> read_history(const fs::path& journal) {
  auto reader = io::JournalReader::open(journal);
  if (!reader) return fail(reader.error().detail);
  JournalHistory out;
  out.journal = journal;
  io::Record record;
  DecodedEvent decoded;
  for (;;) {
    const auto more = reader->next(record);
    if (!more) return fail(more.error().detail);
    if (!*more) break;
    ++out.records;
    if (record.kind == io::RecordKind::Closed || record.payload.empty()) continue;
    // Nearly all of a journal is market data, which is passed over unread.
    const auto kind = static_cast<std::size_t>(record.payload[0]);
    bool sound = true;
    if (record.kind == io::RecordKind::Event) {
      if (!report::History::concerns_event(kind)) {
        out.history.passed();
        continue;
      }
      sound = decode_event(record.payload, decoded).ok();
      if (sound) out.history.on(decoded.event, decoded.now);
      if (sound && std::holds_alternative<Started>(decoded.event)) out.paper = decoded.config.paper;
    } else if (report::History::concerns_action(kind)) {
      const auto action = decode_action(record.payload);
      sound = action.ok();
      if (sound) out.history.on(*action);
    }
    if (!sound) {
      return fail(fmt::format("record {} before {} has a sound checksum but no meaning",
                              record.sequence, reader->position()));
    }
  }
  return out;
}

std::string paper_line(const JournalHistory& read) {
  return read.paper ? "PAPER: these fills were simulated, and no money moved\n" : "";
}

int tell_breaks(const report::History& history) {
  const auto breaks = account_breaks(history);
  for (const std::string& b : breaks) std::fprintf(stderr, "ats: break: %s\n", b.c_str());
  return breaks.empty() ? exit_done : exit_invariant;
}

std::string venue_name(const Universe& universe, VenueId id) {
  return id.index() < universe.venues().size() ? std::string(universe.venue(id).name.view()) : "-";
}
std::string asset_name(const Universe& universe, AssetId id) {
  return id.index() < universe.assets().size() ? std::string(universe.asset(id).name.view()) : "-";
}
std::string pair_name(const Universe& universe, PairId id) {
  return id.index() < universe.pairs().size() ? universe.pair_name(id) : "-";
}

std::string short_amount(Decimal amount) {
  constexpr int decimals = 8;
  const Decimal half = Decimal::from_scaled(5, decimals + 1);
  const auto rounded = amount.checked_add(half);
  return (rounded ? rounded->floor_to(decimals) : amount).to_string();
}

}  // namespace ats::services
