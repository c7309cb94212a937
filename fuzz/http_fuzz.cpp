// The HTTP readers take any bytes, cut anywhere: they stay within what they were offered, and a message
// that is read whole is the same message when it comes in pieces.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.hpp"
#include "io/http_parse.hpp"
#include "io/net_address.hpp"
#include "io/net_queue.hpp"

namespace {

using namespace ats::io;

constexpr HttpLimits limits{.header_max = 2048, .body_max = 4096};

template <class Message>
std::string essence(const Message& message) {
  std::string text;
  if constexpr (requires { message.target; }) text = message.method + "\n" + message.target;
  if constexpr (requires { message.status; }) text = std::to_string(message.status);
  for (const auto& header : message.headers) text += "\n" + header.name + ":" + header.value;
  return text + "\n\n" + message.body;
}

void begin(HttpRequestReader& reader) { reader.begin(); }
void begin(HttpResponseReader& reader) { reader.begin(false); }

template <class Reader>
std::vector<std::string> read(const std::string& wire, std::size_t piece, HttpStep& last) {
  Reader reader(limits);
  std::vector<std::string> messages;
  std::string buffer;
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t n = std::min(piece, wire.size() - at);
    buffer.append(wire, at, n);
    at += n;
    while (!buffer.empty()) {
      const HttpProgress progress = reader.read(buffer);
      last = progress.step;
      ATS_ASSERT(progress.consumed <= buffer.size());
      if (progress.step != HttpStep::NeedMore && progress.step != HttpStep::Done) return messages;
      buffer.erase(0, progress.consumed);
      if (progress.step == HttpStep::NeedMore) break;
      static_cast<void>(reader.keep_alive());
      const auto message = reader.take();
      ATS_ASSERT(message.body.size() <= limits.body_max);
      messages.push_back(essence(message));
      begin(reader);
    }
  }
  return messages;
}

template <class Reader>
void check(const std::string& wire, std::size_t piece) {
  HttpStep whole_end{}, pieces_end{};
  const auto whole = read<Reader>(wire, std::max<std::size_t>(1, wire.size()), whole_end);
  const auto pieces = read<Reader>(wire, piece, pieces_end);
  // Where a header comes near its limit, how much of it came at once decides.
  if (whole_end == HttpStep::TooLarge || pieces_end == HttpStep::TooLarge) return;
  ATS_ASSERT(whole == pieces);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t piece = 1 + data[0] % 64u;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  check<HttpRequestReader>(bytes, piece);
  check<HttpResponseReader>(bytes, piece);
  static_cast<void>(parse_url(bytes));

  // What our own writer takes, our own reader reads back as the same body and target.
  const ats::HttpRequest request{
      "POST", "/" + bytes.substr(0, 16), {{"X", bytes.substr(0, 32)}}, bytes.substr(0, 1024)};
  if (writable(request)) {
    ByteQueue wire(256);
    append_request(wire, request, "localhost");
    HttpRequestReader reader(limits);
    const HttpProgress progress = reader.read(wire.view());
    // Beast is stricter than writable() about characters; what it takes must be what was meant.
    if (progress.step == HttpStep::Done) {
      const ats::HttpRequest back = reader.take();
      ATS_ASSERT(progress.consumed == wire.size() && back.body == request.body &&
                 back.target == request.target);
    }
  }
  return 0;
}
