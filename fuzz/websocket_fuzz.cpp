// Whatever bytes come and wherever the stream is cut, the frame reader tells the same messages and the
// same error; what the writer wrote it reads back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "io/websocket_frame.hpp"

namespace {

using namespace ats::io;

constexpr std::size_t message_max = 4096;

struct Outcome {
  std::vector<std::pair<Opcode, std::string>> messages;
  bool failed = false;
  FrameError error{};
  bool operator==(const Outcome&) const = default;
};

Outcome read(WsRole role, const std::string& wire, std::size_t piece,
             const std::optional<DeflateAgreement>& deflate = {}) {
  FrameReader reader(role, message_max, deflate);
  Outcome outcome;
  std::string buffer;
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t n = std::min(piece, wire.size() - at);
    buffer.append(wire, at, n);
    at += n;
    while (true) {
      const auto step = reader.next({buffer.data(), buffer.size()});
      ATS_ASSERT(reader.consumed() <= buffer.size());
      if (step == FrameReader::Step::Failed) {
        outcome.failed = true;
        outcome.error = reader.error();
        return outcome;
      }
      if (step == FrameReader::Step::Message) {
        ATS_ASSERT(reader.message().payload.size() <= message_max);
        outcome.messages.emplace_back(reader.message().opcode, reader.message().payload);
      }
      buffer.erase(0, reader.consumed());
      if (step == FrameReader::Step::NeedMore) break;
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const WsRole role = (data[0] & 1) != 0 ? WsRole::Server : WsRole::Client;
  const std::size_t piece = 1 + data[1] % 64u;
  std::optional<DeflateAgreement> deflate;
  if ((data[0] & 2) != 0) deflate.emplace();
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);

  const Outcome whole = read(role, bytes, std::max<std::size_t>(1, bytes.size()), deflate);
  ATS_ASSERT(read(role, bytes, piece, deflate) == whole);
  for (const auto& [opcode, payload] : whole.messages) {
    if (opcode == Opcode::Close) static_cast<void>(parse_close(payload));
  }

  const bool masked = role == WsRole::Server;
  const std::string payload = bytes.substr(0, message_max);
  const char mask[4] = {static_cast<char>(data[0]), static_cast<char>(data[1]), '\x5a', '\xff'};
  std::string wire(frame_size(payload.size(), masked), '\0');
  ATS_ASSERT(write_frame(wire.data(), Opcode::Binary, payload, masked ? mask : nullptr) ==
             wire.size());
  const Outcome back = read(role, wire, piece);
  ATS_ASSERT(!back.failed && back.messages.size() == 1 && back.messages[0].second == payload);
  return 0;
}
