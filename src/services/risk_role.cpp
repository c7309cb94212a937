#include "services/risk_role.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/clock.hpp"
#include "services/fold.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

// What the configuration names, on top of what earlier runs knew, so that ids stay.
void add_names(const Config& config, Universe& universe) {
  for (const VenueConfig& venue : config.venues) {
    if (venue.enabled && !universe.find_venue(venue.name).valid())
      universe.add_venue(venue.name, {});
  }
  for (const std::string& pair : config.pairs) {
    const std::size_t slash = pair.find('/');
    if (slash == pair.npos || universe.find_pair(pair).valid()) continue;
    const AssetId base = universe.add_asset(pair.substr(0, slash));
    universe.add_pair(base, universe.add_asset(pair.substr(slash + 1)));
  }
}

}  // namespace

RiskRole::RiskRole(const Config& config, Outside outside)
    : core_(config.core), outside_(std::move(outside)) {}

Result<std::unique_ptr<RiskRole>, std::string> RiskRole::open(const Config& config,
                                                              const std::filesystem::path& journal,
                                                              Outside outside) {
  std::unique_ptr<RiskRole> role(new RiskRole(config, std::move(outside)));
  if (auto error = role->restore(config, journal)) return fail(std::move(*error));
  return role;
}

std::optional<std::string> RiskRole::restore(const Config& config,
                                             const std::filesystem::path& directory) {
  std::error_code ec;
  std::optional<io::JournalReader> reader;
  if (std::filesystem::is_directory(directory, ec)) {
    auto opened = io::JournalReader::open(directory);
    if (!opened) return opened.error().detail;
    reader.emplace(std::move(*opened));
    const Folded office = [this](const Event& event, Instant now, Actions& out) {
      office_.on(event, now, out);
    };
    FoldOptions options;
    options.observe = [this](const Event& event, Instant now, const Actions& actions) {
      alerts_.on(event, now, actions);
      alerts_.clear_tellings();  // they were told then
      holdings_.on(event, now);
      if (outside_.seen) outside_.seen(event, now, actions);
    };
    auto folded = fold_journal(*reader, office, options);
    if (!folded) return folded.error().detail;
    if (folded->difference) {
      return fmt::format(
          "{}: this program's risk role decides otherwise than the one that wrote the journal "
          "(first at record {}): finish with that one, or start with another data_dir",
          directory.string(), folded->difference->sequence);
    }
    if (folded->runs > 0) {
      incarnation_ = folded->incarnation + 1;
      universe_ = std::move(folded->universe);
    }
  }
  add_names(config, universe_);
  auto writer = io::JournalWriter::open(directory, reader ? reader->end() : io::JournalEnd{},
                                        config.journal_sync);
  if (!writer) return writer.error().detail;
  journal_.emplace(std::move(*writer));
  return std::nullopt;
}

void RiskRole::start() { handle(Started{incarnation_, io::OsClock::wall(), &universe_, &core_}); }

void RiskRole::tick() {
  handle(Timer{io::OsClock::wall()});
  for (const LeaseAnswer& letter : std::exchange(letters_, {})) outside_.grant(letter);
}

void RiskRole::asked(const LeaseQuestion& question) { handle(question.event()); }

std::vector<std::string> RiskRole::command(const Command& command) {
  std::vector<std::string> said;
  said_ = &said;
  handle(CommandReceived{command});
  said_ = nullptr;
  return said;
}

void RiskRole::handle(const Event& event) {
  if (!failure_.empty()) return;
  now_ = std::max(now_, io::OsClock::now());
  if (const auto written = journal_->append(event, now_); !written) return failed(written.error());
  actions_.clear();
  office_.on(event, now_, actions_);
  for (const Action& action : actions_) {
    if (const auto written = journal_->append(action); !written) return failed(written.error());
  }
  if (!actions_.empty()) {
    if (const auto safe = journal_->commit(); !safe) return failed(safe.error());
  }
  for (const Action& action : actions_) {
    if (auto letter = gatherer_.take(action)) letters_.push_back(std::move(*letter));
    const auto* alert = std::get_if<Alert>(&action);
    if (alert != nullptr && said_ != nullptr) said_->emplace_back(alert->message.view());
  }
  alerts_.on(event, now_, actions_);
  holdings_.on(event, now_);
  if (outside_.seen) outside_.seen(event, now_, actions_);
  tell();
}

// What was answered and not handed on is not handed on any more. No journal has the alert.
void RiskRole::failed(io::JournalFault fault) {
  failure_ = std::string("the risk role's journal cannot be written: ") + io::name(fault);
  letters_.clear();
  const Alert alert{Severity::Emergency,
                    AlertCode::JournalFailed,
                    {},
                    Text<127>::cut(failure_ + "; no engine gets a lease")};
  alerts_.raise(alert, now_);
  if (outside_.unwritten) outside_.unwritten(alert);
  tell();
}

void RiskRole::tell() {
  for (const report::Telling& telling : alerts_.tellings()) outside_.tell(telling);
  alerts_.clear_tellings();
}

}  // namespace ats::services
