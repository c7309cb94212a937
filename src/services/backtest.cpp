#include "services/backtest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "core/risk/measures/risk_measures.hpp"
#include "services/accounts.hpp"

namespace ats::services {
namespace {

constexpr Duration stop_within = seconds(60);
constexpr std::uint64_t pace_every = 1024;  // records

bool is_view(const Event& event) {
  return std::holds_alternative<BookDelta>(event) || std::holds_alternative<BookSnapshot>(event) ||
         std::holds_alternative<BookImage>(event);
}

}  // namespace

Backtest::Backtest(EventFeed& feed, BacktestSetup setup)
    : feed_(feed),
      setup_(std::move(setup)),
      exchange_(setup_.paper.seed),
      universe_(feed.universe()) {
  setup_.core.paper = true;
  setup_.core.lease_for = {};  // one engine, which has all of its limits to itself
}

Result<BacktestReport, std::string> Backtest::run() {
  auto more = feed_.next();
  if (!more) return fail(more.error());
  if (!*more) return fail(std::string("the recordings are empty"));
  report_.first = {feed_.ns()};
  if (const auto begun = begin({feed_.ns()}); !begun) return fail(begun.error());
  const std::int64_t from = setup_.from_ns.value_or(feed_.ns());
  if (from > feed_.ns())
    on(CommandReceived{HaltCommand{{}, Text<31>("backtest"), Text<63>("before --from")}});
  bool opened = from <= feed_.ns();
  if (opened) report_.opened = {feed_.ns()};
  while (*more && failure_.empty()) {
    const std::int64_t at = feed_.ns();
    if (setup_.to_ns && at >= *setup_.to_ns) break;
    if (!opened && at >= from) {
      pass_until({from});
      on(CommandReceived{ResumeCommand{{}, Text<31>("backtest"), Text<63>("--from")}});
      opened = true;
      report_.opened = {from};
    }
    pass_until({at});
    feed_.deliver(*this);
    if (now_ >= sample_due_) sample();
    ++report_.records;
    if (setup_.pace && report_.records % pace_every == 0)
      setup_.pace({wall(), report_.records, report_.events});
    more = feed_.next();
    if (!more) return fail(more.error());
  }
  report_.last = wall();
  if (!opened)
    return fail(fmt::format("--from {} is after the last record, {}", format_rfc3339({from}),
                            format_rfc3339(report_.last)));
  if (failure_.empty()) wind_down();
  if (!failure_.empty()) return fail(failure_);
  check_end();
  if (journal_) {
    if (const auto closed = journal_->close(); !closed)
      return fail(fmt::format("{}: {}", setup_.journal.string(), io::name(closed.error())));
  }
  return std::move(report_);
}

Status<std::string> Backtest::begin(Instant at) {
  if (!setup_.journal.empty()) {
    if (auto opened = open_journal(); !opened) return opened;
  }
  now_ = at;
  timer_due_ = feed_.brings_timers() ? sim::PaperExchange::never : at + timer_every;
  sample_due_ = at;
  on(Started{1, wall(), &universe_, &setup_.core});
  exchange_.begin(universe_, 1, now_);
  return endow();
}

Status<std::string> Backtest::open_journal() {
  std::error_code ec;
  if (std::filesystem::exists(setup_.journal, ec) && !std::filesystem::is_empty(setup_.journal, ec))
    return fail(setup_.journal.string() + ": has something in it; name another with --out");
  std::filesystem::create_directories(setup_.journal, ec);
  auto writer = io::JournalWriter::open(setup_.journal, {}, io::SyncPolicy::None);
  if (!writer) return fail(writer.error().detail);
  journal_.emplace(std::move(*writer));
  return Done{};
}

Status<std::string> Backtest::endow() {
  if (setup_.paper.balances.empty()) {
    return fail(std::string(
        "paper.balances: name what each account begins with, e.g. --balance \"binance USDT 10000\" "
        "--balance \"kraken BTC 0.1\", or in the configuration"));
  }
  for (std::size_t v = 0; v < universe_.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    sim::PaperLatency latency = setup_.paper.latency;
    for (const PaperVenueLatency& own : setup_.paper.latencies) {
      if (own.venue == universe_.venue(venue).name) latency = own.latency;
    }
    exchange_.set_latency(venue, latency);
  }
  for (const PaperBalance& b : setup_.paper.balances) {
    const VenueId venue = universe_.find_venue(b.venue.view());
    const AssetId asset = universe_.find_asset(b.asset.view());
    if (!venue.valid() || !asset.valid()) {
      return fail(fmt::format("paper.balances: {} on {}: no recording has it", b.asset.view(),
                              b.venue.view()));
    }
    exchange_.endow(venue, asset, b.amount);
  }
  return Done{};
}

// At one time: what the paper venues tell, then the timer, then the recording.
void Backtest::pass_until(Instant until) {
  while (failure_.empty()) {
    const Instant told = exchange_.due();
    const Instant due = std::min(told, timer_due_);
    if (due > until) break;
    now_ = std::max(now_, due);
    if (told <= timer_due_) {
      exchange_.advance(now_, wall(), *this);
    } else {
      tick();
    }
  }
  now_ = std::max(now_, until);
}

void Backtest::tick() {
  timer_due_ = timer_due_ + timer_every;
  on(Timer{wall()});
  if (now_ >= sample_due_) sample();
}

void Backtest::on(const Event& event) {
  if (busy_) {
    ATS_ASSERT(!is_view(event));
    pending_.push_back(event);
    return;
  }
  busy_ = true;
  handle(event);
  while (!pending_.empty()) {
    const Event next = pending_.front();
    pending_.pop_front();
    handle(next);
  }
  busy_ = false;
}

void Backtest::handle(const Event& event) {
  if (!failure_.empty()) return;
  const auto failed = [this](io::JournalFault fault) {
    failure_ = fmt::format("{}: {}", setup_.journal.string(), io::name(fault));
  };
  if (journal_) {
    if (const auto written = journal_->append(event, now_); !written)
      return failed(written.error());
  }
  ++report_.events;
  actions_.clear();
  engine_.on(event, now_, actions_);
  exchange_.on_market(event, now_);
  account(history_, event, now_, actions_);
  witness_.observe(event, now_, actions_);
  if (setup_.observe) setup_.observe(wall(), event, actions_);
  for (const Action& action : actions_) {
    if (journal_) {
      if (const auto written = journal_->append(action); !written) return failed(written.error());
    }
    if (std::holds_alternative<Stopped>(action)) report_.stopped = true;
    if (const auto* asked = std::get_if<MeasureRisk>(&action))
      pending_.emplace_back(engine_.measure(*asked));
    // Books are asked for in vain: the recording has what its own questions brought.
    if (sim::PaperExchange::concerns(action)) exchange_.act(action, now_);
  }
  if (const auto* changed = std::get_if<InstrumentChanged>(&event)) {
    const Instrument& held = universe_.instrument(changed->instrument.id);
    if (changed->instrument.price_scale == held.price_scale &&
        changed->instrument.qty_scale == held.qty_scale)
      universe_.add_instrument(changed->instrument);
  }
}

void Backtest::sample() {
  while (sample_due_ <= now_) sample_due_ = sample_due_ + setup_.sample_every;
  if (!report_.capital) {
    const core::RiskReport risk = engine_.risk();
    if (risk.as_of.told() && risk.unmarked == 0 && !risk.positions.empty())
      report_.capital = risk.equity;
  }
  if (!report_.capital) return;
  engine_.status(report_.status);
  report_.samples.push_back(
      {wall(), report_.status.pnl_reporting, report_.status.pnl_reporting_complete});
}

// Nothing new is opened; what is open is resolved on the last books, as long as they may be priced from.
void Backtest::wind_down() {
  timer_due_ = now_ + timer_every;
  on(CommandReceived{StopCommand{Text<31>("backtest")}});
  const Instant latest = now_ + stop_within;
  while (failure_.empty() && now_ < latest && !(report_.stopped && exchange_.idle()))
    pass_until(now_ + timer_every);
  report_.ended = wall();
}

void Backtest::check_end() {
  engine_.status(report_.status);
  for (std::string& line : account_breaks(history_, report_.status.balances))
    report_.violations.push_back("accounts: " + std::move(line));
  for (const BalanceStatus& b : report_.status.balances) {
    const Decimal theirs = exchange_.total(b.venue, b.asset);
    if (theirs == b.total) continue;
    report_.violations.push_back(fmt::format(
        "ledger: {} {} is {}, the paper exchange says {}", universe_.venue(b.venue).name.view(),
        universe_.asset(b.asset).name.view(), b.total.to_string(), theirs.to_string()));
  }
  if (witness_.unproven() > 0)
    report_.violations.push_back(
        fmt::format("{} orders were priced from books that were not valid: {}", witness_.unproven(),
                    witness_.first()));
}

}  // namespace ats::services
