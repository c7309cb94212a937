// Any bytes as values of a point: one line, that reads back to itself; and any bytes as a line: read or not, without harm.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "io/influx_lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ats::io;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_line(text));
  const std::size_t half = size / 2;
  std::string out;
  LineWriter lines(out);
  lines.point("m").tag("t", text.substr(0, half)).text("s", text.substr(half)).end({1});
  if (out.find('\n') != out.size() - 1) std::abort();
  const auto read = read_line(std::string_view(out).substr(0, out.size() - 1));
  if (!read || read->tags.size() > 1 || read->fields.size() != 1 || read->at.ns_utc != 1)
    std::abort();
  std::string again;
  LineWriter(again).point("m").tag("t", read->tag("t")).text("s", read->text("s")).end({1});
  if (again != out) std::abort();
  return 0;
}
