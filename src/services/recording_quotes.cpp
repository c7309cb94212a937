#include "services/recording_quotes.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace ats::services {
namespace {

constexpr std::string_view head = "ts_ns,venue,symbol,bid,bid_qty,ask,ask_qty";
constexpr std::size_t columns = 7;

class QuotesCsv final : public QuoteReader {
 public:
  Result<std::optional<QuoteRow>, std::string> read(std::string_view line) override {
    if (!head_read_) {
      if (line != head)
        return fail(fmt::format("the columns are {}, expected {}", line.substr(0, 200), head));
      head_read_ = true;
      return std::optional<QuoteRow>();
    }
    if (line.empty()) return std::optional<QuoteRow>();
    std::array<std::string_view, columns> cells;
    for (std::size_t i = 0; i < columns; ++i) {
      const std::size_t comma = line.find(',');
      if ((comma == std::string_view::npos) != (i + 1 == columns))
        return fail(fmt::format("expected {} columns: {}", columns, head));
      cells[i] = line.substr(0, comma);
      line.remove_prefix(std::min(line.size(), cells[i].size() + 1));
    }
    QuoteRow row;
    const char* const end = cells[0].data() + cells[0].size();
    const auto read_to = std::from_chars(cells[0].data(), end, row.ns);
    if (read_to.ec != std::errc() || read_to.ptr != end || !plausible_ns(row.ns))
      return fail(fmt::format("ts_ns is \"{}\", expected nanoseconds since 1970", cells[0]));
    if (row.ns < last_ns_)
      return fail(
          fmt::format("ts_ns {} is before {} of an earlier row: expected rows in order of time",
                      row.ns, last_ns_));
    last_ns_ = row.ns;
    row.venue = cells[1];
    row.symbol = cells[2];
    if (row.venue.empty() || row.symbol.empty())
      return fail(std::string("expected a venue and a symbol"));
    const std::array<std::pair<const char*, Decimal*>, 4> numbers = {
        {{"bid", &row.bid},
         {"bid_qty", &row.bid_quantity},
         {"ask", &row.ask},
         {"ask_qty", &row.ask_quantity}}};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto [name, number] = numbers[i];
      const auto parsed = Decimal::parse(cells[3 + i]);
      if (!parsed || parsed->negative() || parsed->is_zero())
        return fail(fmt::format("{} is \"{}\" ({}), expected a decimal number above 0", name,
                                cells[3 + i], parsed ? "not above 0" : ats::name(parsed.error())));
      *number = *parsed;
    }
    return std::optional(row);
  }

 private:
  bool head_read_ = false;
  std::int64_t last_ns_ = 0;
};

}  // namespace

bool is_quotes(std::string_view first_line) { return first_line.starts_with("ts_ns,"); }

std::unique_ptr<QuoteReader> make_quote_reader() { return std::make_unique<QuotesCsv>(); }

}  // namespace ats::services
