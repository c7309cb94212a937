// RFC 6455 frames, without sockets: bytes in, messages out, in place. A message that came in one frame is
// handed over where it lies in the receive buffer; only fragments are copied together, and what is
// compressed (RFC 7692) is inflated as it comes. Allocates nothing once the buffer for those two has grown
// to what the traffic needs.
//
// Invariants:
//  - Every byte is unmasked, inflated and checked once, however often a frame that is not whole yet is
//    offered.
//  - What is wrong is told as soon as it has come, before the rest of its frame is waited for.
//  - No message, inflated or not, is larger than message_max.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "io/net_queue.hpp"
#include "io/utf8_check.hpp"
#include "io/websocket_deflate.hpp"

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
  BadDeflate,  // not DEFLATE, or cut off within a block
  InflatedTooLarge,
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
  FrameReader(WsRole role, std::size_t message_max,
              const std::optional<DeflateAgreement>& deflate = {});

  enum class Step : std::uint8_t { NeedMore, Message, Failed };

  // Reads from the start of `bytes`, which it may unmask in place, up to one whole message. In every case
  // consumed() bytes are done with and must not be offered again; what is left must be, as it now is, with
  // more behind. After Message, message() is valid until the bytes are moved or next() is called. Failed
  // is final.
  Step next(std::span<char> bytes);

  std::size_t consumed() const { return consumed_; }
  const WsMessage& message() const { return message_; }
  FrameError error() const { return error_; }

 private:
  struct Header {
    bool fin = false;
    bool compressed = false;
    bool masked = false;
    Opcode opcode = Opcode::Text;
    std::size_t size = 0;  // of the header itself
    std::uint64_t payload = 0;
  };
  // False: more is needed to know, or it is wrong and dead_.
  bool read_header(std::span<char> bytes, Header& header);
  // The next bytes of a message that is put together in kept_. False: wrong.
  bool keep(Opcode kind, bool compressed, std::string_view piece);
  bool checked(Opcode kind, std::size_t from, Inflater::Step step);
  bool inflated(Inflater::Step step);
  Step finish_message();
  Step failed(FrameError error);

  const WsRole role_;
  const std::size_t message_max_;
  std::optional<Inflater> inflater_;
  ByteQueue kept_{0};  // the message that comes in fragments or compressed
  // Its kind, once its first frame is whole; Continuation: there is none.
  Opcode message_kind_ = Opcode::Continuation;
  bool compressed_ = false;      // that message is
  std::uint64_t wire_size_ = 0;  // payload bytes of its whole frames, as they came
  bool kept_delivered_ = false;  // kept_ was the last message: drop it now
  std::size_t seen_ = 0;         // payload bytes dealt with of the frame that is not whole yet
  Utf8Check utf8_;               // of the message, where it is not checked at one go
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
// overlap. A client passes the mask's four bytes, a server null. `compressed`: the payload is a Deflater's.
std::size_t write_frame(char* out, Opcode opcode, std::string_view payload, const char* mask,
                        bool compressed = false);

// out[i] = in[i] ^ mask[i % 4]; `in` and `out` may be the same.
void apply_mask(char* out, const char* in, std::size_t size, const char* mask);

}  // namespace ats::io
