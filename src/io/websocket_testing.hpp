// What the tests of WebSocket frames share: bytes offered as a socket would bring them. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/websocket_frame.hpp"

namespace ats::io {

struct Outcome {
  std::vector<std::pair<Opcode, std::string>> messages;
  bool failed = false;
  FrameError error{};
  std::size_t left = 0;  // bytes not consumed
  bool operator==(const Outcome&) const = default;
};

// Offers the bytes in pieces as a socket would: consumed ones are gone, the rest comes again.
inline Outcome read_in_pieces(WsRole role, const std::string& wire,
                              const std::vector<std::size_t>& cuts,
                              std::size_t message_max = 1 << 20,
                              const std::optional<DeflateAgreement>& deflate = {}) {
  FrameReader reader(role, message_max, deflate);
  Outcome outcome;
  std::string buffer;
  std::size_t from = 0;
  std::vector<std::size_t> ends = cuts;
  ends.push_back(wire.size());
  for (const std::size_t end : ends) {
    buffer += wire.substr(from, end - from);
    from = end;
    while (true) {
      const auto step = reader.next({buffer.data(), buffer.size()});
      if (step == FrameReader::Step::Failed) {
        outcome.failed = true;
        outcome.error = reader.error();
        return outcome;
      }
      if (step == FrameReader::Step::Message) {
        outcome.messages.emplace_back(reader.message().opcode, reader.message().payload);
      }
      buffer.erase(0, reader.consumed());
      if (step == FrameReader::Step::NeedMore) break;
    }
  }
  outcome.left = buffer.size();
  return outcome;
}

inline Outcome read(WsRole role, const std::string& wire, std::size_t message_max = 1 << 20,
                    const std::optional<DeflateAgreement>& deflate = {}) {
  return read_in_pieces(role, wire, {}, message_max, deflate);
}

inline std::string frame(Opcode opcode, const std::string& payload, bool masked) {
  std::string out(frame_size(payload.size(), masked), '\0');
  const char mask[] = "\x11\x22\x33\xf4";
  EXPECT_EQ(write_frame(out.data(), opcode, payload, masked ? mask : nullptr), out.size());
  return out;
}

inline FrameError error_of(WsRole role, const std::string& wire, std::size_t message_max = 1 << 20,
                           const std::optional<DeflateAgreement>& deflate = {}) {
  const Outcome outcome = read(role, wire, message_max, deflate);
  EXPECT_TRUE(outcome.failed);
  return outcome.error;
}

// One frame with every bit of its head told: for what write_frame never writes.
inline std::string raw_frame(unsigned first_byte, const std::string& payload, bool masked = false) {
  std::string out = frame(Opcode::Binary, payload, masked);
  out[0] = static_cast<char>(first_byte);
  return out;
}

}  // namespace ats::io
