#include "services/traces_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/decimal.hpp"
#include "domain/codec.hpp"
#include "io/clock.hpp"
#include "io/journal_follow.hpp"
#include "io/reactor.hpp"
#include "io/secret_file.hpp"
#include "report/history.hpp"
#include "services/command_line.hpp"
#include "services/history_file.hpp"
#include "services/otlp.hpp"
#include "services/signals.hpp"
#include "services/trace_sender.hpp"
#include "services/version.hpp"

namespace ats::services {
namespace {

constexpr Duration turn = milliseconds(100);
constexpr Duration settled_within = seconds(5);

struct Options {
  JournalChoice journal;
  std::string to, ca_file, authorization_file, sample = "100", duration, service = "ats-engine";
  bool all = false;
  Duration limit{};
  std::uint32_t share = 0;  // millionths
};

// A journal as it is written, folded into trades; those that are resolved are handed on.
class TradeFollower {
 public:
  // `take`: the trade's spans, otlp_spans().
  TradeFollower(const std::filesystem::path& journal, std::uint32_t share,
                std::function<void(std::string)> take)
      : tail_(journal),
        share_(share),
        take_(std::move(take)),
        history_(report::History::Keep::Sums,
                 [this](const report::Execution& trade) { resolved(trade); }) {}

  // From now on what is resolved is handed on.
  void begin() { handing_on_ = true; }
  // Reads a piece of what is written. True: there may be more. The error is one line.
  Result<bool, std::string> read() {
    const auto piece = tail_.next();
    if (!piece) return fail(piece.error().detail);
    if (piece->bytes.empty()) return false;
    if (!io::each_record(*piece, [this](const io::Record& record) { return on(record); }))
      return fail(std::string("the journal has a record with a sound checksum and no meaning"));
    return true;
  }
  std::uint64_t seen() const { return seen_; }

 private:
  bool on(const io::Record& record) {
    if (record.kind == io::RecordKind::Closed || record.payload.empty()) return true;
    const auto kind = static_cast<std::size_t>(record.payload[0]);
    if (record.kind == io::RecordKind::Event) {
      if (!report::History::concerns_event(kind)) return history_.passed(), true;
      if (!decode_event(record.payload, decoded_).ok()) return false;
      if (const auto* started = std::get_if<Started>(&decoded_.event); started && journal_ == 0)
        journal_ = static_cast<std::uint64_t>(started->wall.ns_utc / 1'000'000);
      history_.on(decoded_.event, decoded_.now);
    } else if (report::History::concerns_action(kind)) {
      const auto action = decode_action(record.payload);
      if (!action.ok()) return false;
      history_.on(*action);
    }
    return true;
  }

  void resolved(const report::Execution& trade) {
    if (!handing_on_ || trade.outcome == ExecutionOutcome::Unfilled) return;
    ++seen_;
    if (!is_sampled(trade.id.value, share_)) return;
    take_(otlp_spans(journal_, trade.id.value, report::trace_of(trade, history_.universe())));
  }

  io::JournalTail tail_;
  const std::uint32_t share_;
  const std::function<void(std::string)> take_;
  report::History history_;
  DecodedEvent decoded_;
  std::uint64_t journal_ = 0;
  std::uint64_t seen_ = 0;
  bool handing_on_ = false;
};

void say(const std::string& text) { fmt::print(stderr, "ats traces: {}\n", text); }

std::string request_of(const Options& options, const std::filesystem::path& journal,
                       const std::vector<std::string>& spans) {
  return otlp_request(options.service, journal.string(), version(), spans);
}

int follow(const Options& options, const std::filesystem::path& journal) {
  io::Reactor reactor;
  Signals signals(reactor);
  std::unique_ptr<TraceSender> sender;
  if (!options.to.empty()) {
    TraceSender::Setup setup;
    setup.url = options.to;
    setup.ca_file = options.ca_file;
    setup.say = say;
    setup.body = [&](const std::vector<std::string>& spans) {
      return request_of(options, journal, spans);
    };
    if (!options.authorization_file.empty()) {
      const auto secret = io::read_secret_file(options.authorization_file, 4'096);
      if (!secret) return usage_error(secret.error().detail);
      setup.authorization = secret->reveal();
      while (setup.authorization.ends_with('\n')) setup.authorization.pop_back();
    }
    auto opened = TraceSender::open(reactor, std::move(setup));
    if (!opened) return usage_error(opened.error());
    sender = *std::move(opened);
  }
  TradeFollower trades(journal, options.share, [&](std::string spans) {
    if (sender) return sender->add(std::move(spans));
    fmt::print("{}\n", request_of(options, journal, {std::move(spans)}));
    std::fflush(stdout);
  });
  if (options.all) trades.begin();
  const Instant began = io::OsClock::now();
  bool caught_up = false;
  while (signals.count() == 0) {
    bool more = !sender || !sender->full();
    if (more) {
      const auto read = trades.read();
      if (!read) return failure(read.error());
      more = *read;
    }
    if (!more && !std::exchange(caught_up, true)) trades.begin();
    if (sender) sender->turn();
    reactor.poll(more ? Duration{} : turn);
    // What is there already is told of before the time is over.
    if (caught_up && options.limit.ns > 0 && io::OsClock::now() - began >= options.limit) break;
  }
  const Instant until = io::OsClock::now() + settled_within;
  while (sender && !sender->idle() && io::OsClock::now() < until) {
    sender->turn();
    reactor.poll(milliseconds(20));
  }
  if (!sender) return exit_done;
  say(fmt::format("{} trades, {} traces sent, {} refused{}", trades.seen(), sender->sent(),
                  sender->refused(), sender->idle() ? "" : ", some were not taken in time"));
  return sender->idle() && sender->refused() == 0 ? exit_done : exit_failed;
}

}  // namespace

int traces_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app(
      "Follows a journal that is being written, and tells of each trade as an OpenTelemetry trace: "
      "from the books\nit was decided on to its last fill (docs/traces.md). It reads files alone: "
      "the engine does not know of it.",
      "ats traces");
  options.journal.add_to(app);
  app.add_option(
      "--to", options.to,
      "server of OTLP over HTTP, such as http://127.0.0.1:4318; none: one request a line "
      "on standard output");
  app.add_option("--ca", options.ca_file, "PEM file of authorities, of an https server");
  app.add_option("--authorization-file", options.authorization_file,
                 "file of mode 0600 with the value of the header Authorization");
  app.add_option("--sample", options.sample, "how many of a hundred trades, e.g. 10 or 0.5")
      ->capture_default_str();
  app.add_option("--service", options.service, "what it is called there")->capture_default_str();
  app.add_flag("--all", options.all, "also of trades that are over already");
  app.add_option("--for", options.duration,
                 "stop after this long, e.g. 60s; default: until a signal");
  app.footer(
      "Examples:\n  ats traces --to http://127.0.0.1:4318\n"
      "  ats traces /var/lib/ats --to https://otlp.desk:4318 --ca ca.pem --sample 5\n"
      "  ats traces ats-data --all --for 1s > traces.jsonl");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (!options.duration.empty() && !parse_duration(options.duration, options.limit))
    return usage_error("--for: expected a duration such as 60s, not '" + options.duration + "'");
  const auto share = parse_scaled(options.sample, 4);
  if (!share || *share <= 0 || *share > 1'000'000) {
    return usage_error("--sample: expected how many of a hundred, above 0 and up to 100, not '" +
                       options.sample + "'");
  }
  options.share = static_cast<std::uint32_t>(*share);
  const auto journal = find_journal(options.journal);
  if (!journal) return journal.error();
  return follow(options, *journal);
}

}  // namespace ats::services
