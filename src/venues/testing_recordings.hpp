// For tests only: the recorded sessions under shared/data/raw, as a list of what came in.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>
#include <zlib.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace ats::venues {

struct Recorded {
  enum class Kind { Header, Connect, Send, Frame, Http, Fixture } kind = Kind::Frame;
  std::int64_t ns = 0;
  std::string connection;  // or the name of the fixture
  std::string url;
  std::string data;
};

inline std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as well
  EXPECT_NE(file, nullptr) << path;
  if (file == nullptr) return lines;
  std::string rest;
  std::vector<char> chunk(1 << 20);
  int got = 0;
  while ((got = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0) {
    rest.append(chunk.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      lines.push_back(rest.substr(begin, end - begin));
    }
    rest.erase(0, begin);
  }
  if (!rest.empty()) lines.push_back(rest);
  EXPECT_GE(got, 0) << path;
  gzclose(file);
  return lines;
}

// frames-jsonl/1, `<ns> <frame>` lines, and fixtures ({"test"|"file"|"note", "raw"|"text"}).
inline std::vector<Recorded> read_recording(const std::string& path) {
  std::vector<Recorded> all;
  simdjson::dom::parser parser;
  for (const std::string& line : read_lines(path)) {
    Recorded entry;
    if (!line.empty() && line[0] != '{') {
      const std::size_t space = line.find(' ');
      std::from_chars(line.data(), line.data() + space, entry.ns);
      entry.data = line.substr(space + 1);
      all.push_back(std::move(entry));
      continue;
    }
    simdjson::dom::object fields;
    EXPECT_EQ(parser.parse(line).get_object().get(fields), simdjson::SUCCESS) << path;
    const auto text = [&](std::string_view key) {
      std::string_view value;
      return fields.at_key(key).get_string().get(value) == simdjson::SUCCESS ? std::string(value)
                                                                             : std::string();
    };
    const std::string kind = text("t");
    entry.kind = kind == "header"    ? Recorded::Kind::Header
                 : kind == "connect" ? Recorded::Kind::Connect
                 : kind == "send"    ? Recorded::Kind::Send
                 : kind == "recv"    ? Recorded::Kind::Frame
                 : kind == "http"    ? Recorded::Kind::Http
                                     : Recorded::Kind::Fixture;
    if (fields.at_key("ts_ns").get_int64().get(entry.ns) != simdjson::SUCCESS) entry.ns = 0;
    entry.url = text("url");
    if (entry.kind == Recorded::Kind::Fixture) {
      entry.connection = text("test") + text("file") + text("note");
      entry.data = text("raw") + text("text");
    } else {
      entry.connection = text("conn");
      entry.data = text("data");
    }
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace ats::venues
