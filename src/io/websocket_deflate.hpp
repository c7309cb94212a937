// permessage-deflate (RFC 7692): how two sides agree on it, and the two directions of it, message by
// message. Only websocket_deflate.cpp sees zlib.
//
// Invariants:
//  - What is inflated never passes the limit it was given, whatever the bytes promise: a bomb costs the
//    limit and no more.
//  - A message is whole only when its last block ended: one that was cut off within is Damaged.
//  - Nothing is allocated per message once the buffers have grown to what the traffic needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/net_queue.hpp"

namespace ats::io {

// What we are willing to do. Bits are the base-2 logarithm of a window.
struct DeflateOptions {
  bool enabled = false;
  int send_bits = 15;           // 9 to 15: the window we compress with at most
  int receive_bits = 15;        // 8 to 15: the peer is asked to keep to this
  bool send_afresh = false;     // each of our messages starts without memory of the last
  bool receive_afresh = false;  // the peer is asked for the same
  std::size_t send_min = 256;   // shorter messages are sent as they are
  int level = 6;                // zlib's, 1 to 9
};

// What was agreed on, as seen from our side.
struct DeflateAgreement {
  // zlib cannot compress raw data with a window of 256 bytes; who is held to that sends plain messages.
  bool may_send = true;
  int send_bits = 15;
  bool send_afresh = false;
  int receive_bits = 15;
  bool receive_afresh = false;
  bool operator==(const DeflateAgreement&) const = default;
};

// The value of the client's Sec-WebSocket-Extensions; empty when not enabled.
std::string deflate_offer(const DeflateOptions& options);

// What the client makes of the server's Sec-WebSocket-Extensions. Not Agreed or None: the connection must
// be failed (RFC 6455 section 4.1, RFC 7692 section 7.1).
struct DeflateAnswer {
  enum class Kind : std::uint8_t { None, Agreed, Refused } kind = Kind::None;
  DeflateAgreement agreement;
};
DeflateAnswer read_deflate_answer(std::span<const std::string_view> headers,
                                  const DeflateOptions& offered);

// The server takes the first offer that it can keep to: what to answer, and what holds from then on.
struct DeflateChoice {
  std::string header;
  DeflateAgreement agreement;
};
std::optional<DeflateChoice> choose_deflate(std::span<const std::string_view> headers,
                                            const DeflateOptions& options);

// One item of a Sec-WebSocket-Extensions header (RFC 6455 section 9.1).
struct Extension {
  struct Parameter {
    std::string name;
    std::optional<std::string> value;
  };
  std::string name;
  std::vector<Parameter> parameters;
};
// Nothing when a header breaks the grammar.
std::optional<std::vector<Extension>> parse_extensions(std::span<const std::string_view> headers);

class Inflater {
 public:
  explicit Inflater(const DeflateAgreement& agreement);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  enum class Step : std::uint8_t {
    Done,
    Damaged,   // not DEFLATE, or the message ends within a block
    TooLarge,  // more than `max` bytes in `out`
  };
  // Appends to `out` what the next bytes of a message stand for.
  Step feed(std::string_view bytes, ByteQueue& out, std::size_t max);
  // The message has come to its end.
  Step finish(ByteQueue& out, std::size_t max);

 private:
  struct Impl;
  Step run(std::string_view bytes, ByteQueue& out, std::size_t max);
  const bool afresh_;
  std::unique_ptr<Impl> impl_;
};

class Deflater {
 public:
  Deflater(const DeflateAgreement& agreement, int level);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // The payload of the frame that carries this message; valid until the next call.
  std::string_view message(std::string_view payload);

 private:
  struct Impl;
  const bool afresh_;
  std::unique_ptr<Impl> impl_;
  ByteQueue out_;
};

}  // namespace ats::io
