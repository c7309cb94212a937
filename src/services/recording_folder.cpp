#include "services/recording_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "io/capture_reader.hpp"
#include "services/recording_file.hpp"

namespace ats::services {
namespace {

namespace fs = std::filesystem;

constexpr int deepest = 4;  // folders below the folder

WallTime changed_at(const fs::path& path) {
  std::error_code ec;
  const auto at = fs::last_write_time(path, ec);
  if (ec) return {};
  const auto utc = std::chrono::file_clock::to_sys(at).time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(utc).count()};
}

// Nothing: it is no recording, or one of books alone.
std::optional<RecordingFolder::Entry> look_at(const fs::directory_entry& at, std::string name) {
  const auto file = RecordingFile::open(at.path().string(), nullptr);
  if (!file || !file->holds_records()) return std::nullopt;
  RecordingFolder::Entry entry{std::move(name), std::string(file->format().name), 0, {}};
  std::error_code ec;
  const auto add = [&](const fs::directory_entry& part) {
    if (!part.is_regular_file(ec)) return;
    entry.bytes += part.file_size(ec);
    entry.changed = std::max(entry.changed, changed_at(part.path()));
  };
  if (!at.is_directory(ec)) {
    add(at);
  } else {
    for (fs::directory_iterator part(at.path(), ec), end; part != end; part.increment(ec)) {
      if (ec) break;
      add(*part);
    }
  }
  return entry;
}

bool below(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && path != folder;
}

}  // namespace

RecordingFolder::Listing RecordingFolder::list() const {
  Listing out;
  std::error_code ec;
  fs::recursive_directory_iterator at(folder_, fs::directory_options::skip_permission_denied, ec);
  // Links are not followed: they could lead out of it, or in a circle.
  for (const fs::recursive_directory_iterator end; !ec && at != end; at.increment(ec)) {
    if (at->is_symlink(ec)) continue;
    const bool folder = at->is_directory(ec);
    const bool capture = folder && io::CaptureReader::is_capture(at->path());
    if (folder && (capture || at.depth() + 1 >= deepest)) at.disable_recursion_pending();
    if (folder ? !capture : !at->is_regular_file(ec)) continue;
    auto entry = look_at(*at, at->path().lexically_relative(folder_).generic_string());
    if (!entry) continue;
    if (out.entries.size() == names_most) {
      out.more = true;
      break;
    }
    out.entries.push_back(*std::move(entry));
  }
  std::ranges::sort(out.entries, {}, &Entry::name);
  return out;
}

Result<fs::path, std::string> RecordingFolder::path_of(std::string_view name) const {
  const fs::path asked(name);
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("recording '{}': {}", name, what));
  };
  if (name.empty() || name.find('\0') != std::string_view::npos || asked.is_absolute())
    return wrong("expected a path below the folder of recordings, as ListRecordings names it");
  for (const fs::path& part : asked) {
    if (part == "..")
      return wrong("expected a path below the folder of recordings, as ListRecordings names it");
  }
  std::error_code ec;
  const fs::path folder = fs::canonical(folder_, ec);
  if (ec) return wrong("there is no folder of recordings here");
  const fs::path path = fs::canonical(folder / asked, ec);
  if (ec || !below(path, folder)) return wrong("there is none of that name");
  return path;
}

}  // namespace ats::services
