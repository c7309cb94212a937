// For tests only: the frames of the recordings beside the repository.
#pragma once

#include <zlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "venues/kraken/json.hpp"

namespace ats::venues::kraken {

struct RecordedLine {
  std::string kind;  // recv, http, …
  std::string conn;
  std::string url;
  std::string data;
};

inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
  if (file == nullptr) return lines;
  std::string text;
  std::vector<char> block(1 << 16);
  for (int n = 0; (n = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0;)
    text.append(block.data(), static_cast<std::size_t>(n));
  gzclose(file);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Every line but the header of a frames-jsonl file.
inline std::vector<RecordedLine> recording(const std::filesystem::path& path) {
  std::vector<RecordedLine> lines;
  Json source;
  for (const std::string& line : lines_of(path)) {
    json::object object;
    std::string_view text;
    RecordedLine recorded;
    if (!source.open(line, object) || !text_field(object, "t", text)) continue;
    recorded.kind = text;
    if (recorded.kind == "header") continue;
    if (text_field(object, "conn", text)) recorded.conn = text;
    if (text_field(object, "url", text)) recorded.url = text;
    if (text_field(object, "data", text)) recorded.data = text;
    lines.push_back(std::move(recorded));
  }
  return lines;
}

inline std::vector<std::string> received(const std::filesystem::path& path) {
  std::vector<std::string> frames;
  for (RecordedLine& line : recording(path)) {
    if (line.kind == "recv") frames.push_back(std::move(line.data));
  }
  return frames;
}

}  // namespace ats::venues::kraken
