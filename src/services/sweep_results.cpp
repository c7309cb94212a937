#include "services/sweep_results.hpp"

#include <fmt/format.h>

#include <utility>

namespace ats::services {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

fs::path file_of(const fs::path& folder) { return folder / "results.jsonl"; }

// Of what a file has of whole lines; `whole`: so many bytes are. Without any it has no head.
Result<SweepResults, std::string> read_file(const fs::path& file, std::uintmax_t& whole) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(file.string() + ": cannot be read");
  SweepResults out;
  whole = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    if (in.eof()) break;  // cut short: its end is not there
    ++number;
    const auto parsed = ordered_json::parse(line, nullptr, false);
    if (number == 1) {
      if (!parsed.is_object() || !parsed.contains("sweep"))
        return fail(file.string() + ":1: is no head of a sweep");
      out.head = parsed;
    } else {
      auto run = parse_run(parsed);
      if (!run) return fail(fmt::format("{}:{}: is no result of a run", file.string(), number));
      const std::size_t key = run->run;
      out.runs.insert_or_assign(key, *std::move(run));
    }
    whole += line.size() + 1;
  }
  return out;
}

std::string line_of(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

// What differs first, for a person.
std::string difference(const ordered_json& a, const ordered_json& b) {
  for (const auto& [key, value] : a.items()) {
    if (!b.contains(key) || b.at(key) != value) return key;
  }
  return "something";
}

}  // namespace

ordered_json run_json(const SweepRun& run) {
  ordered_json out{{"run", run.run}, {"values", run.values}};
  if (!run.error.empty()) {
    out["error"] = run.error;
    return out;
  }
  const report::ReturnMoments& r = run.returns;
  out["summary"] = run.summary;
  out["returns"] = {{"count", r.count},
                    {"mean", r.mean},
                    {"deviation", r.deviation},
                    {"skewness", r.skewness},
                    {"kurtosis", r.kurtosis}};
  return out;
}

std::optional<SweepRun> parse_run(const ordered_json& line) {
  SweepRun out;
  // A field of another type than run_json() writes throws.
  try {
    line.at("run").get_to(out.run);
    line.at("values").get_to(out.values);
    if (line.contains("error")) {
      line.at("error").get_to(out.error);
      return out;
    }
    out.summary = line.at("summary");
    const ordered_json& r = line.at("returns");
    r.at("count").get_to(out.returns.count);
    r.at("mean").get_to(out.returns.mean);
    r.at("deviation").get_to(out.returns.deviation);
    r.at("skewness").get_to(out.returns.skewness);
    r.at("kurtosis").get_to(out.returns.kurtosis);
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return out;
}

Result<SweepResults, std::string> read_results(const fs::path& folder) {
  std::uintmax_t whole = 0;
  auto read = read_file(file_of(folder), whole);
  if (read && whole == 0) return fail(file_of(folder).string() + ": has nothing in it");
  return read;
}

Result<SweepResults, std::string> merge_results(const std::vector<fs::path>& folders) {
  std::optional<SweepResults> out;
  for (const fs::path& folder : folders) {
    auto part = read_results(folder);
    if (!part) return part;
    if (!out) {
      out = *std::move(part);
      continue;
    }
    if (out->head != part->head) {
      return fail(fmt::format("{}: is of another sweep than {}: their '{}' differ", folder.string(),
                              folders.front().string(), difference(out->head, part->head)));
    }
    for (auto& [number, run] : part->runs) {
      const auto [there, added] = out->runs.emplace(number, run);
      if (!added && run_json(there->second) != run_json(run)) {
        return fail(
            fmt::format("{}: its run {} has another result than that of a folder before: "
                        "the same run on another machine has to be the same",
                        folder.string(), number));
      }
    }
  }
  if (!out) return fail(std::string("name the folders that are to be merged"));
  return *std::move(out);
}

std::optional<std::string> write_results(const fs::path& folder, const SweepResults& results) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  std::ofstream out(file_of(folder), std::ios::binary | std::ios::trunc);
  out << line_of(results.head);
  for (const auto& [number, run] : results.runs) out << line_of(run_json(run));
  if (out.flush()) return std::nullopt;
  return file_of(folder).string() + ": cannot be written";
}

Result<SweepWriter, std::string> SweepWriter::open(const fs::path& folder,
                                                   const ordered_json& head) {
  SweepWriter writer;
  const fs::path file = file_of(folder);
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (fs::exists(file, ec) && fs::file_size(file, ec) > 0) {
    std::uintmax_t whole = 0;
    auto there = read_file(file, whole);
    if (!there) return fail(there.error());
    // A head that was cut short: nothing has been tried.
    if (whole > 0 && there->head != head) {
      return fail(
          fmt::format("{}: is of another sweep ('{}' differs); name another folder with --out",
                      file.string(), difference(head, there->head)));
    }
    writer.runs_ = std::move(there->runs);
    fs::resize_file(file, whole, ec);
    if (ec) return fail(file.string() + ": cannot be written");
  }
  writer.out_.open(file, std::ios::binary | std::ios::app);
  if (fs::file_size(file, ec) == 0) writer.out_ << line_of(head);
  if (!writer.out_.flush()) return fail(file.string() + ": cannot be written");
  return writer;
}

bool SweepWriter::add(const SweepRun& run) {
  out_ << line_of(run_json(run));
  return static_cast<bool>(out_.flush());
}

}  // namespace ats::services
