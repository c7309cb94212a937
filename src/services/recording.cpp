#include "services/recording.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <charconv>

#include "security/signing.hpp"
#include "services/recording_books.hpp"
#include "services/recording_quotes.hpp"
#include "services/recording_table.hpp"

namespace ats::services {
namespace {

using Read = Result<std::optional<Record>, std::string>;

std::string_view without_leading_space(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// A recording without its own word for it: Binance's REST depth answer is the one REST body that recorders
// write between the frames. No frame of any venue begins like this.
bool is_depth_body(std::string_view data) {
  data = without_leading_space(data);
  if (!data.starts_with('{')) return false;
  return without_leading_space(data.substr(1)).starts_with("\"lastUpdateId\"");
}

Record bare(std::string_view data, std::int64_t ns) {
  Record record;
  record.kind = is_depth_body(data) ? RecordKind::Rest : RecordKind::Frame;
  record.ns = ns;
  record.data = data;
  return record;
}

// ---- frames-jsonl: {"t":"recv","ts_ns":…,"conn":…,"data":"<frame>"} --------------------------------

class FramesJsonl final : public RecordReader {
 public:
  Read read(std::string_view line) override {
    if (without_leading_space(line).empty()) return std::optional<Record>();
    simdjson::dom::object fields;
    std::string_view kind;
    if (parser_.parse(line.data(), line.size()).get_object().get(fields) != simdjson::SUCCESS)
      return fail(std::string(R"(not JSON, expected {"t":…,"ts_ns":…,"data":"…"})"));
    if (fields.at_key("t").get_string().get(kind) != simdjson::SUCCESS)
      return fail(std::string(R"(no "t", expected {"t":…,"ts_ns":…,"data":"…"})"));
    Record record;
    if (kind == "header") {
      record.kind = RecordKind::Other;
      record.venue = text(fields, "venue");
      return std::optional(record);
    }
    if (kind == "recv") {
      record.kind = RecordKind::Frame;
    } else if (kind == "http") {
      record.kind = RecordKind::Rest;
    } else if (kind == "connect") {
      record.kind = RecordKind::Connect;
    } else if (kind == "disconnect") {
      record.kind = RecordKind::Disconnect;
    } else if (kind == "lost") {
      record.kind = RecordKind::Lost;
      if (fields.at_key("records").get_uint64().get(record.lost) != simdjson::SUCCESS)
        return fail(std::string(R"("records" is missing, expected how many were lost)"));
    } else if (kind == "send") {
      record.kind = RecordKind::Other;
      record.sent = true;
    } else {
      return fail(fmt::format(
          R"("t" is "{}", expected header, connect, disconnect, send, recv, http or lost)", kind));
    }
    if (fields.at_key("ts_ns").get_int64().get(record.ns) != simdjson::SUCCESS ||
        !plausible_ns(record.ns))
      return fail(std::string(R"("ts_ns" is missing or wrong, expected nanoseconds since 1970)"));
    record.url = text(fields, "url");
    record.connection = text(fields, "conn");
    record.venue = text(fields, "venue");
    if (fields.at_key("bin").get_bool().get(record.binary) != simdjson::SUCCESS)
      record.binary = false;
    bool told = fields.at_key("data").get_string().get(record.data) == simdjson::SUCCESS;
    // What is no text is written in base64.
    if (std::string_view packed;
        !told && fields.at_key("b64").get_string().get(packed) == simdjson::SUCCESS) {
      auto bytes = security::from_base64(packed);
      if (!bytes) return fail(std::string("\"b64\" is not base64, expected the frame's bytes"));
      bytes_ = *std::move(bytes);
      record.data = {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
      told = true;
    }
    if (!told && record.kind != RecordKind::Connect && record.kind != RecordKind::Disconnect &&
        record.kind != RecordKind::Lost)
      return fail(std::string(R"("data" is missing, expected the frame as a string)"));
    return std::optional(record);
  }

 private:
  static std::string_view text(const simdjson::dom::object& fields, std::string_view key) {
    std::string_view value;
    return fields.at_key(key).get_string().get(value) == simdjson::SUCCESS ? value
                                                                           : std::string_view();
  }
  simdjson::dom::parser parser_;
  std::vector<std::uint8_t> bytes_;
};

bool is_frames_jsonl(std::string_view line) {
  return line.starts_with(R"({"t":")") || line.starts_with(R"({"t": ")");
}

// ---- ns-json: <nanoseconds> <frame> ----------------------------------------------------------------

// Nanoseconds and what follows the space behind them; nothing for another line.
std::optional<Record> split_ns(std::string_view line) {
  std::int64_t ns = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), ns);
  const auto digits = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || !plausible_ns(ns) || digits + 1 >= line.size() || *end != ' ')
    return std::nullopt;
  return bare(line.substr(digits + 1), ns);
}

class NsJson final : public RecordReader {
 public:
  Read read(std::string_view line) override {
    if (line.empty()) return std::optional<Record>();
    const auto record = split_ns(line);
    if (!record) return fail(std::string("expected <nanoseconds since 1970> <frame>"));
    return record;
  }
};

bool is_ns_json(std::string_view line) {
  const auto record = split_ns(line);
  return record && (record->data.starts_with('{') || record->data.starts_with('['));
}

// ---- fixtures: {"file"|"test"|"note":…,"raw"|"text":"<frame>"} ----------------------------------------

class Fixtures final : public RecordReader {
 public:
  Read read(std::string_view line) override {
    if (without_leading_space(line).empty()) return std::optional<Record>();
    simdjson::dom::object fields;
    std::string_view frame;
    if (parser_.parse(line.data(), line.size()).get_object().get(fields) == simdjson::SUCCESS) {
      if (fields.at_key("raw").get_string().get(frame) == simdjson::SUCCESS)
        return std::optional(bare(frame, 0));
      if (fields.at_key("text").get_string().get(frame) == simdjson::SUCCESS)
        return std::optional(bare(answer_in(frame), 0));
    }
    return fail(std::string(R"(expected {…,"raw":"<frame>"})"));
  }

 private:
  // A text may begin with what was asked ("GET", "> [{"type":…", "= "): the frame is what was answered, from
  // the first line on that begins as JSON does.
  static std::string_view answer_in(std::string_view text) {
    for (std::string_view rest = text; !rest.empty();) {
      if (rest.front() == '{' || rest.front() == '[') return rest;
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    return text;
  }

  simdjson::dom::parser parser_;
};

bool is_fixtures(std::string_view line) {
  return line.starts_with('{') && Fixtures().read(line).ok();
}

// ---- bare frames, one a line -----------------------------------------------------------------------

class BareFrames final : public RecordReader {
 public:
  Read read(std::string_view line) override {
    if (without_leading_space(line).empty()) return std::optional<Record>();
    return std::optional(bare(line, 0));
  }
};

bool is_frame(std::string_view line) { return line.starts_with('{') || line.starts_with('['); }

bool is_table(std::string_view line) { return !table_layout(line).empty(); }

template <class Reader>
std::unique_ptr<RecordReader> make() {
  return std::make_unique<Reader>();
}

// The first that recognises the file reads it: narrow forms before the wide one.
using enum RecordingForm;
constexpr std::array formats = {
    RecordingFormat{"frames-jsonl", R"({"t":"recv","ts_ns":…,"data":"<frame>"} lines)", Frames,
                    is_frames_jsonl, make<FramesJsonl>, nullptr, nullptr},
    RecordingFormat{"ns-json", "<nanoseconds> <frame> lines", Frames, is_ns_json, make<NsJson>,
                    nullptr, nullptr},
    RecordingFormat{"quotes-csv", "a table with the columns ts_ns,venue,symbol,bid,…", Quotes,
                    is_quotes, nullptr, make_quote_reader, nullptr},
    RecordingFormat{
        "table-csv",
        "a table of Tardis (exchange,symbol,timestamp,…), Binance Vision or last prices", Table,
        is_table, nullptr, nullptr, nullptr},
    RecordingFormat{"books-json", R"(a list [{"venue","base","quote","bids","asks"}])", Books,
                    is_books_json, nullptr, nullptr, parse_books},
    RecordingFormat{"fixtures", R"({"file":…,"raw":"<frame>"} lines)", Frames, is_fixtures,
                    make<Fixtures>, nullptr, nullptr},
    RecordingFormat{"frames", "bare frames, one a line", Frames, is_frame, make<BareFrames>,
                    nullptr, nullptr},
};
constexpr RecordingFormat capture = {
    "capture", "a folder of capture-000001.atc, …", Capture, nullptr, nullptr, nullptr, nullptr};

}  // namespace

std::span<const RecordingFormat> recording_formats() { return formats; }

const RecordingFormat& capture_format() { return capture; }

const RecordingFormat* recognise(std::string_view first_line) {
  for (const RecordingFormat& format : formats) {
    if (format.recognises(first_line)) return &format;
  }
  return nullptr;
}

}  // namespace ats::services
