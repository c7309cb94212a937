#include "services/history_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "core/engine.hpp"
#include "io/influx_lines.hpp"
#include "services/fold.hpp"
#include "services/history_samples.hpp"
#include "services/influx_talk.hpp"

namespace ats::services {
namespace {

constexpr std::size_t rows_a_question = 20'000;

std::optional<Decimal> exact(const io::LinePoint& point, std::string_view field) {
  const auto read = Decimal::parse(point.text(field));
  return read ? std::optional(*read) : std::nullopt;
}

template <class Row, class Order>
void sort_rows(std::vector<Row>& rows, Order order) {
  std::ranges::sort(rows, [&](const Row& a, const Row& b) { return order(a) < order(b); });
}
auto order_of_quote = [](const SampledQuote& row) { return std::tie(row.at, row.venue, row.pair); };
auto order_of_execution = [](const ExecutionRow& row) { return std::tie(row.at, row.execution); };

// Between single quotes of InfluxQL.
std::string in_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// One row of an answer: columns with values beside them. Which are tags does not matter to who reads it by name.
io::LinePoint point_of(const nlohmann::json& columns, const nlohmann::json& values) {
  io::LinePoint point;
  for (std::size_t n = 0; n < columns.size() && n < values.size(); ++n) {
    const std::string key = columns[n].is_string() ? columns[n].get<std::string>() : "";
    const nlohmann::json& value = values[n];
    if (key == "time" && value.is_number_integer()) {
      point.at.ns_utc = value.get<std::int64_t>();
    } else if (value.is_string()) {
      point.tags.emplace_back(key, value.get<std::string>());
      point.fields.emplace_back(key, value.get<std::string>());
    } else if (value.is_number_integer()) {
      point.fields.emplace_back(key, value.get<std::int64_t>());
    }
  }
  return point;
}

class InfluxHistory final : public HistorySource {
 public:
  InfluxHistory(InfluxTalk talk, std::string database, std::string engine)
      : talk_(std::move(talk)), database_(std::move(database)), engine_(std::move(engine)) {}

  Result<std::vector<SampledQuote>, std::string> quotes(const HistoryRange& range) override {
    return read<SampledQuote>("samples", "quote", range, quote_row, order_of_quote);
  }
  Result<std::vector<ExecutionRow>, std::string> executions(const HistoryRange& range) override {
    return read<ExecutionRow>("events", "execution", range, execution_row, order_of_execution);
  }

 private:
  template <class Row, class Make, class Order>
  Result<std::vector<Row>, std::string> read(const char* policy, const char* measurement,
                                             const HistoryRange& range, Make make, Order order) {
    std::vector<Row> rows;
    for (std::size_t from = 0;; from += rows_a_question) {
      const std::string question = fmt::format(
          R"(SELECT * FROM "{}"."{}"."{}" WHERE time >= {} AND time < {} AND engine = '{}' LIMIT {} OFFSET {})",
          database_, policy, measurement, range.from.ns_utc, range.to.ns_utc, in_quotes(engine_),
          rows_a_question, from);
      const auto answer = talk_.ask(question);
      if (!answer) return fail(answer.error());
      std::size_t count = 0;
      for (const nlohmann::json& series : *answer) {
        for (const nlohmann::json& values : series.value("values", nlohmann::json::array())) {
          ++count;
          auto row = make(point_of(series.value("columns", nlohmann::json::array()), values));
          if (!row)
            return fail(fmt::format("influx: a row of {} that makes no sense", measurement));
          rows.push_back(std::move(*row));
        }
      }
      if (count < rows_a_question) break;
    }
    sort_rows(rows, order);
    return rows;
  }

  InfluxTalk talk_;
  std::string database_, engine_;
};

// Folds the journal as an engine does that starts again, and looks when it would have looked.
class JournalHistory final : public HistorySource {
 public:
  JournalHistory(std::filesystem::path journal, const InfluxConfig& config, std::string engine)
      : journal_(std::move(journal)), every_(config.quotes_every), engine_(std::move(engine)) {}

  Result<std::vector<SampledQuote>, std::string> quotes(const HistoryRange& range) override {
    std::vector<SampledQuote> rows;
    core::Engine core;
    HistorySamples samples(engine_);
    HistoryCadence due(every_);
    Universe names;
    CoreStatus status;
    HistoryLines lines;
    const auto wrong = fold(core, [&](const Event& event, Instant now, const Actions&) {
      if (const auto* started = std::get_if<Started>(&event)) {
        names = *started->universe;
        samples.restart();
        due.restart();
      }
      if (!std::holds_alternative<Timer>(event) || !due.due(now)) return;
      core.status(status);
      samples.quotes(status.books, names, status.wall, lines);
      if (range.holds(status.wall)) collect(lines, rows, quote_row);
      lines = {};
    });
    if (wrong) return fail(*wrong);
    sort_rows(rows, order_of_quote);
    return rows;
  }

  Result<std::vector<ExecutionRow>, std::string> executions(const HistoryRange& range) override {
    std::vector<ExecutionRow> rows;
    core::Engine core;
    HistoryFeed feed(engine_);
    HistoryClock clock;
    HistoryLines lines;
    const auto wrong = fold(core, [&](const Event& event, Instant now, const Actions& actions) {
      if (!concerns_history(event, actions)) return feed.passed();
      const HistoryMark mark = clock.next(event, now);
      const bool market = !report::History::concerns_event(event.index());
      feed.on({mark, now, market ? nullptr : &event, &actions}, &lines);
      collect(lines, rows, execution_row);
      lines = {};
    });
    if (wrong) return fail(*wrong);
    std::erase_if(rows, [&](const ExecutionRow& row) { return !range.holds(row.at); });
    sort_rows(rows, order_of_execution);
    return rows;
  }

 private:
  std::optional<std::string> fold(
      core::Engine& core,
      const std::function<void(const Event&, Instant, const Actions&)>& observe) const {
    auto reader = io::JournalReader::open(journal_);
    if (!reader) return reader.error().detail;
    FoldOptions options;
    options.observe = observe;
    const auto folded = fold_journal(*reader, core, options);
    if (!folded) return folded.error().detail;
    if (folded->difference)
      return fmt::format("{}: this program decides otherwise than the one that wrote the journal",
                         journal_.string());
    return std::nullopt;
  }

  template <class Row, class Make>
  static void collect(const HistoryLines& lines, std::vector<Row>& rows, Make make) {
    std::string_view rest = lines.text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (const auto point = io::read_line(rest.substr(0, end))) {
        if (auto row = make(*point)) rows.push_back(std::move(*row));
      }
      rest.remove_prefix(end + 1);
    }
  }

  std::filesystem::path journal_;
  Duration every_;
  std::string engine_;
};

}  // namespace

std::optional<SampledQuote> quote_row(const io::LinePoint& point) {
  if (!point.measurement.empty() && point.measurement != "quote") return std::nullopt;
  SampledQuote row{point.at,
                   std::string(point.tag("venue")),
                   std::string(point.tag("pair")),
                   std::string(point.text("state")),
                   exact(point, "bid_exact"),
                   exact(point, "bid_quantity_exact"),
                   exact(point, "ask_exact"),
                   exact(point, "ask_quantity_exact")};
  return row.venue.empty() || row.state.empty() ? std::nullopt : std::optional(std::move(row));
}

std::optional<ExecutionRow> execution_row(const io::LinePoint& point) {
  if (!point.measurement.empty() && point.measurement != "execution") return std::nullopt;
  const io::LineValue* number = point.field("execution");
  const auto* id = number != nullptr ? std::get_if<std::int64_t>(number) : nullptr;
  const auto bought = exact(point, "bought_exact"), sold = exact(point, "sold_exact"),
             residual = exact(point, "residual_exact"), realised = exact(point, "realised_exact");
  if (id == nullptr || !bought || !sold || !residual || !realised) return std::nullopt;
  return ExecutionRow{point.at,
                      static_cast<std::uint64_t>(*id),
                      std::string(point.tag("pair")),
                      std::string(point.tag("outcome")),
                      *bought,
                      *sold,
                      *residual,
                      *realised,
                      std::string(point.text("reporting")),
                      exact(point, "earned_exact")};
}

Result<std::unique_ptr<HistorySource>, std::string> influx_history(const InfluxConfig& config,
                                                                   const std::string& engine) {
  if (config.server.empty()) return fail(std::string("influx.server: none is named"));
  auto talk = InfluxTalk::with(config);
  if (!talk) return fail(talk.error());
  return std::unique_ptr<HistorySource>(
      std::make_unique<InfluxHistory>(std::move(*talk), config.database, engine));
}

std::unique_ptr<HistorySource> journal_history(const std::filesystem::path& journal,
                                               const InfluxConfig& config,
                                               const std::string& engine) {
  return std::make_unique<JournalHistory>(journal, config, engine);
}

}  // namespace ats::services
