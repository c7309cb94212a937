#include "services/capture_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "domain/codec.hpp"
#include "io/capture_reader.hpp"
#include "services/capture_copy.hpp"
#include "services/capture_export.hpp"
#include "services/command_line.hpp"

namespace ats::services {
namespace {

using Json = nlohmann::ordered_json;

// ---- info and verify ----------------------------------------------------------------------------------

struct Counts {
  std::array<std::uint64_t, io::capture_kind_count> records{};
  std::uint64_t bytes = 0;
  std::uint64_t lost_records = 0;
  std::uint64_t lost_bytes = 0;
};

struct Contents {
  std::map<std::tuple<std::string, std::string, std::string>, Counts> streams;  // venue, name, URL
  Counts all;
  std::uint64_t undecodable = 0;  // events that are not what the codec writes
};

void count(const io::CaptureRecord& record, Counts& to) {
  ++to.records[static_cast<std::size_t>(record.kind)];
  to.bytes += record.data.size();
  to.lost_records += record.lost_records;
  to.lost_bytes += record.lost_bytes;
}

// Reads every record; the error is the first damage.
Status<std::string> read_all(io::CaptureReader& reader, Contents& out) {
  io::CaptureRecord record;
  DecodedEvent event;
  for (;;) {
    const auto more = reader.next(record);
    if (!more) return fail(more.error().detail);
    if (!*more) return Done{};
    count(record, out.all);
    count(record, out.streams[{record.from->venue, record.from->connection, record.from->url}]);
    if (record.kind == io::CaptureKind::Event && reader.event_codec() == codec_version &&
        !decode_event(std::as_bytes(std::span(record.data)), event))
      ++out.undecodable;
  }
}

Json counts_json(const Counts& counts) {
  Json kinds = Json::object();
  for (std::size_t k = 1; k < io::capture_kind_count; ++k)
    kinds[io::name(static_cast<io::CaptureKind>(k))] = counts.records[k];
  return kinds;
}

std::string kinds_text(const Counts& counts) {
  std::string text;
  for (std::size_t k = 1; k < io::capture_kind_count; ++k) {
    if (counts.records[k] != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts.records[k],
                          io::name(static_cast<io::CaptureKind>(k)));
  }
  return text.empty() ? "nothing" : text;
}

std::string time_text(std::int64_t ns) {
  return ns == 0 ? "no clock" : format_rfc3339(WallTime{ns});
}

int tell_capture(const std::string& path, bool verify, bool json) {
  auto reader = io::CaptureReader::open(path);
  if (!reader) return failure(reader.error().detail);
  Contents contents;
  const auto read = read_all(*reader, contents);
  if (!read) return failure(read.error());
  if (verify) {
    // The heads of all blocks were read at opening; the preambles are read as they are needed.
    for (const auto& segment : reader->segments()) {
      if (!segment.frame.preamble) continue;
      auto one = io::CaptureReader::open(segment.path);
      const auto preamble = one ? one->preamble() : fail(one.error());
      if (!preamble) return failure(preamble.error().detail);
    }
    if (contents.undecodable != 0)
      return failure(
          fmt::format("{}: {} events are not what their codec writes", path, contents.undecodable));
  }
  const auto& torn = reader->torn_tail();
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  Json segments = Json::array();
  std::string table;
  for (const auto& s : reader->segments()) {
    bytes += s.bytes;
    records += s.records();
    segments.push_back({{"file", s.path.filename().string()},
                        {"bytes", s.bytes},
                        {"blocks", s.frame.blocks.size()},
                        {"records", s.records()},
                        {"first_record", s.frame.first_record},
                        {"first_ts_ns", s.earliest},
                        {"last_ts_ns", s.latest},
                        {"closed", s.frame.closed}});
    table += fmt::format("  {:<20} {:>12} bytes {:>10} records {:>7} blocks  {} to {}{}\n",
                         s.path.filename().string(), s.bytes, s.records(), s.frame.blocks.size(),
                         time_text(s.earliest), time_text(s.latest),
                         s.frame.closed ? "" : "  not closed");
  }
  Json streams = Json::array();
  for (const auto& [stream, counts] : contents.streams) {
    const auto& [venue, connection, url] = stream;
    streams.push_back({{"venue", venue},
                       {"connection", connection},
                       {"url", url},
                       {"bytes", counts.bytes},
                       {"records", counts_json(counts)}});
    table += fmt::format("  {} {}{}{}: {}\n", venue, connection, url.empty() ? "" : " ", url,
                         kinds_text(counts));
  }
  if (json) {
    Json document = {{"capture", path},
                     {"sound", true},
                     {"bytes", bytes},
                     {"records", records},
                     {"kinds", counts_json(contents.all)},
                     {"lost_records", contents.all.lost_records},
                     {"lost_bytes", contents.all.lost_bytes},
                     {"torn_tail", nullptr},
                     {"segments", std::move(segments)},
                     {"streams", std::move(streams)}};
    if (torn) {
      document["torn_tail"] = {{"file", torn->segment.filename().string()},
                               {"offset", torn->tail.offset},
                               {"bytes", torn->tail.bytes},
                               {"records", nullptr}};
      if (torn->tail.records) document["torn_tail"]["records"] = *torn->tail.records;
    }
    const std::string text = document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    return exit_done;
  }
  fmt::print("{}: {}{} records in {} bytes, {} lost while recording\n{}", path,
             verify ? "sound, " : "", records, bytes, contents.all.lost_records, table);
  if (torn) {
    fmt::print(
        "  {}: {} bytes at byte {} are of an unfinished block{}: what a crash left; the next "
        "recording cuts them off\n",
        torn->segment.filename().string(), torn->tail.bytes, torn->tail.offset,
        torn->tail.records ? fmt::format(" of {} records", *torn->tail.records) : "");
  }
  return exit_done;
}

// ---- what they share ----------------------------------------------------------------------------------

// "2024-08-08T23:55:00Z" or nanoseconds since 1970.
bool parse_time(const std::string& text, std::int64_t& out) {
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    const auto ns = parse_scaled(text, 0);
    if (!ns || !plausible_ns(*ns)) return false;
    out = *ns;
    return true;
  }
  WallTime time;
  if (!parse_rfc3339(text.data(), text.size(), time)) return false;
  out = time.ns_utc;
  return true;
}

struct Options {
  std::vector<std::string> files;
  std::string from;
  std::string to;
  std::vector<std::string> venues;
  std::string venue;
  std::string symbol;
  std::string out;
  std::string as = "incremental_book_L2";
  int level = 3;
  bool json = false;
};

// Empty: the options are sound.
std::string read_times(const Options& options, std::int64_t& from, std::int64_t& to) {
  for (const auto& [name, text, ns] :
       {std::tuple{"--from", &options.from, &from}, std::tuple{"--to", &options.to, &to}}) {
    if (!text->empty() && !parse_time(*text, *ns))
      return fmt::format("{}: expected a time such as 2024-08-08T23:55:00Z, not '{}'", name, *text);
  }
  return {};
}

int copy(const Options& options) {
  CopyOptions copy;
  copy.venues = options.venues;
  copy.venue = options.venue;
  copy.symbol = options.symbol;
  if (auto wrong = read_times(options, copy.from_ns, copy.to_ns); !wrong.empty())
    return usage_error(wrong);
  Progress progress;
  std::vector<RecordingFile> files;
  for (const std::string& path : options.files) {
    auto file = RecordingFile::open(path, &progress);
    if (!file) return failure(file.error());
    files.push_back(*std::move(file));
  }
  io::CaptureOptions capture;
  capture.level = options.level;
  const auto written = copy_recordings(files, copy, options.out, capture);
  if (!written) return failure(written.error());
  if (options.json) {
    const Json document = {{"capture", options.out},
                           {"records", written->records},
                           {"plain_bytes", written->plain_bytes},
                           {"stored_bytes", written->stored_bytes},
                           {"segments", written->segments}};
    fmt::print("{}\n", document.dump(1));
  } else {
    fmt::print("{}: {} records in {} bytes ({} before packing)\n", options.out, written->records,
               written->stored_bytes, written->plain_bytes);
  }
  return exit_done;
}

int write_out(const Options& options) {
  ExportOptions to;
  to.venue = options.venue;
  to.symbol = options.symbol;
  if (!parse_export_kind(options.as, to)) {
    return usage_error(fmt::format(
        "--as {}: expected incremental_book_L2, book_snapshot_N, quotes, trades, frames or events",
        options.as));
  }
  if (auto wrong = read_times(options, to.from_ns, to.to_ns); !wrong.empty())
    return usage_error(wrong);
  Progress progress;
  auto file = RecordingFile::open(options.files.front(), &progress);
  if (!file) return failure(file.error());
  const bool to_stdout = options.out.empty() || options.out == "-";
  std::FILE* out = to_stdout ? stdout : std::fopen(options.out.c_str(), "wb");
  if (out == nullptr) return failure(options.out + ": cannot be made");
  const auto rows = export_recording(*file, to, out);
  const bool closed = to_stdout || std::fclose(out) == 0;
  if (!rows) return failure(rows.error());
  if (!closed) return failure(options.out + ": cannot be written");
  if (options.json && !to_stdout)
    fmt::print("{}\n", Json{{"file", options.out}, {"as", options.as}, {"rows", *rows}}.dump(1));
  return exit_done;
}

void add_copy_options(CLI::App& app, Options& options) {
  app.add_option("--out", options.out, "folder of the new capture")->required();
  app.add_option("--level", options.level, "of zstd, 1 to 19")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  app.add_flag("--json", options.json, "the figures as JSON");
}

void add_time_options(CLI::App& app, Options& options) {
  app.add_option("--from", options.from, "from this time on, e.g. 2024-08-08T23:55:00Z");
  app.add_option("--to", options.to, "up to this time, not included");
}

}  // namespace

int capture_command(int argc, const char* const* argv) {
  Options options;
  CLI::App app("Looks into captures and makes them (docs/capture.md).", "ats capture");
  app.require_subcommand(1);
  CLI::App* info = app.add_subcommand("info", "what a capture holds");
  CLI::App* verify = app.add_subcommand("verify", "reads all of it, every checksum and event");
  for (CLI::App* one : {info, verify}) {
    one->add_option("capture", options.files, "folder or segment")->required()->expected(1);
    one->add_flag("--json", options.json, "one JSON document");
    one->footer(fmt::format("Example:\n  ats capture {} capture --json", one->get_name()));
  }
  CLI::App* cut = app.add_subcommand("cut", "a part of a capture, by time and venue");
  cut->add_option("capture", options.files, "folder or segment")->required()->expected(1);
  add_time_options(*cut, options);
  cut->add_option("--venue", options.venues, "only these venues")->delimiter(',');
  add_copy_options(*cut, options);
  cut->footer(
      "Example:\n  ats capture cut capture --from 2024-08-08T23:55:00Z --to 2024-08-08T23:56:00Z "
      "--out minute");
  CLI::App* merge = app.add_subcommand("merge", "several captures as one, by their clocks");
  merge->add_option("captures", options.files, "folders or segments")->required();
  add_copy_options(*merge, options);
  merge->footer("Example:\n  ats capture merge one two --out both");
  CLI::App* import =
      app.add_subcommand("import", "recordings of other forms (docs/scan.md) as a capture");
  import->add_option("files", options.files, "recordings, plain, gzip or zstd")->required();
  import->add_option("--venue", options.venue, "whose they are, where they do not say");
  import->add_option("--symbol", options.symbol, "of a table that does not say");
  add_time_options(*import, options);
  add_copy_options(*import, options);
  import->footer(
      "Examples:\n  ats capture import kraken.jsonl.gz --out capture\n"
      "  ats capture import BTCUSDT-trades-2024-08-08.csv.zst --out capture");
  CLI::App* to = app.add_subcommand(
      "export", "tables in Tardis' columns, or JSON lines, of a capture or another recording");
  to->add_option("recording", options.files, "capture or file")->required()->expected(1);
  to->add_option("--as", options.as,
                 "incremental_book_L2, book_snapshot_N, quotes, trades: CSV; frames, events: JSON "
                 "lines")
      ->capture_default_str();
  to->add_option("--venue", options.venue, "only this venue");
  to->add_option("--symbol", options.symbol, "only this instrument");
  add_time_options(*to, options);
  to->add_option("--out", options.out, "file; else standard output");
  to->add_flag("--json", options.json, "with --out: the figures as JSON");
  to->footer(
      "Examples:\n  ats capture export capture --as book_snapshot_5 --symbol BTC/USDT > top5.csv\n"
      "  ats capture export capture --as frames --out capture.jsonl");
  app.footer("Example:\n  ats capture info capture   (ats capture info --help says more)");
  if (const auto code = parse_command_line(app, argc, argv)) return *code;
  if (*info || *verify) return tell_capture(options.files.front(), verify->parsed(), options.json);
  if (*to) return write_out(options);
  return copy(options);
}

}  // namespace ats::services
