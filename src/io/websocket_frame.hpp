// RFC 6455 frames, without sockets: bytes in, messages out, in place. A message that came in one frame is
// handed over where it lies in the receive buffer; only fragments are copied together. Allocates nothing
// once the fragment buffer has grown to what the traffic needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ats::io {

enum class Opcode : std::uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

// Which side of the connection we are: a client must receive unmasked frames, a server masked ones.
enum class WsRole : std::uint8_t { Client, Server };

enum class FrameError : std::uint8_t {
  ReservedBits,  // an extension that was not agreed on
  UnknownOpcode,
  ControlFragmented,
  ControlTooLong,  // over 125 bytes
  LengthNotMinimal,
  LengthTooLarge,  // top bit of a 64-bit length
  NotMasked,       // from a client
  Masked,          // from a server
  NothingToContinue,
  MessageNotFinished,  // a new message within a fragmented one
  MessageTooLarge,
  BadUtf8,
  BadClosePayload,  // one byte
  BadCloseCode,
};
const char* name(FrameError error);

// Close codes of RFC 6455 section 7.4.1.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t not_told = 1005;  // never on the wire
constexpr std::uint16_t bad_payload = 1007;
constexpr std::uint16_t too_large = 1009;
}  // namespace close_code

// The code to tell a peer that sent this.
std::uint16_t close_code_for(FrameError error);

struct WsMessage {
  Opcode opcode = Opcode::Text;  // never Continuation
  std::string_view payload;
};

class FrameReader {
 public:
  FrameReader(WsRole role, std::size_t message_max);

  enum class Step : std::uint8_t { NeedMore, Message, Failed };

  // Reads from the start of `bytes`, which it may unmask in place, up to one whole message. In every case
  // consumed() bytes are done with and must not be offered again; what is left must be, with more behind.
  // After Message, message() is valid until the bytes are moved or next() is called. Failed is final.
  Step next(std::span<char> bytes);

  std::size_t consumed() const { return consumed_; }
  const WsMessage& message() const { return message_; }
  FrameError error() const { return error_; }

 private:
  Step failed(FrameError error);
  Step deliver(Opcode opcode, std::string_view payload);

  const WsRole role_;
  const std::size_t message_max_;
  std::vector<char> fragments_;
  Opcode fragmented_ =
      Opcode::Continuation;           // kind of the message in fragments_; Continuation: none
  bool fragments_delivered_ = false;  // fragments_ was the last message: drop it now
  bool dead_ = false;
  FrameError error_{};
  std::size_t consumed_ = 0;
  WsMessage message_;
};

struct ClosePayload {
  std::uint16_t code = close_code::not_told;
  std::string_view text;  // UTF-8
};
Result<ClosePayload, FrameError> parse_close(std::string_view payload);

constexpr std::size_t frame_header_max = 14;

// Size of a whole frame, one fragment, FIN set.
std::size_t frame_size(std::size_t payload, bool masked);
// Writes it to `out`, which has room for frame_size(); returns its size. `payload` and `out` may not
// overlap. A client passes the mask's four bytes, a server null.
std::size_t write_frame(char* out, Opcode opcode, std::string_view payload, const char* mask);

// out[i] = in[i] ^ mask[i % 4]; `in` and `out` may be the same.
void apply_mask(char* out, const char* in, std::size_t size, const char* mask);

}  // namespace ats::io
