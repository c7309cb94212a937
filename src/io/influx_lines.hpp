// InfluxDB's line protocol: points as text, one a line, and back.
//
//   measurement,tag=value,… field=1i,other="text",… 1700000000000000000
//
// Exact amounts are written twice, since the protocol's numbers are binary floating point: `bid` for the eye, and `bid_exact`,
// a text, for whoever counts with it.
//
// Invariants: measurement and keys are the program's own words, [a-z0-9_] (asserted); what comes from outside (values of tags,
// texts) can neither end a line nor begin another tag, field or point. In a tag, a control character becomes a blank and a
// backslash a slash (the protocol has no spelling for them), in a text only line ends and NUL become blanks. What is written reads back
// the same but for that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace ats::io {

// Appends points to a text: point(), tags, fields, end(), in this order (asserted).
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) {}

  LineWriter& point(std::string_view measurement);
  // An empty one is left out: the protocol has none.
  LineWriter& tag(std::string_view key, std::string_view value);
  LineWriter& integer(std::string_view key, std::int64_t value);
  // For statistics and for the eye. What is no number is left out.
  LineWriter& number(std::string_view key, double value);
  LineWriter& text(std::string_view key, std::string_view value);
  LineWriter& flag(std::string_view key, bool value);
  // `key` for the eye and `key`_exact.
  LineWriter& exact(std::string_view key, Decimal value);
  // False: it has no field, which is no point, and nothing was written.
  bool end(WallTime at);

 private:
  enum class Stage : std::uint8_t { Outside, Tags, Fields };
  void field(std::string_view key);

  std::string& out_;
  std::size_t begun_ = 0;  // where the point begins
  Stage stage_ = Stage::Outside;
};

using LineValue = std::variant<std::int64_t, double, std::string, bool>;

struct LinePoint {
  std::string measurement;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::pair<std::string, LineValue>> fields;
  WallTime at;

  // Empty: it has no such tag.
  std::string_view tag(std::string_view key) const;
  const LineValue* field(std::string_view key) const;
  // Empty: no such text.
  std::string_view text(std::string_view key) const;
};

// One line, without its end. Nothing: it is no point as LineWriter writes them.
std::optional<LinePoint> read_line(std::string_view line);

}  // namespace ats::io
