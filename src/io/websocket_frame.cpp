#include "io/websocket_frame.hpp"

#include <simdjson.h>

#include <cstring>
#include <optional>

#include "base/assert.hpp"

namespace ats::io {

namespace {

constexpr std::size_t control_max = 125;

std::uint64_t big_endian(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool is_control(Opcode opcode) { return opcode >= Opcode::Close; }

std::optional<Opcode> opcode_of(unsigned bits) {
  if (bits <= 2 || (bits >= 8 && bits <= 10)) return static_cast<Opcode>(bits);
  return std::nullopt;
}

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool valid_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

const char* name(FrameError error) {
  switch (error) {
    case FrameError::ReservedBits:
      return "reserved bits set";
    case FrameError::UnknownOpcode:
      return "unknown opcode";
    case FrameError::ControlFragmented:
      return "control frame in fragments";
    case FrameError::ControlTooLong:
      return "control frame too long";
    case FrameError::LengthNotMinimal:
      return "length not in its shortest form";
    case FrameError::LengthTooLarge:
      return "length beyond 63 bits";
    case FrameError::NotMasked:
      return "frame from a client not masked";
    case FrameError::Masked:
      return "frame from a server masked";
    case FrameError::NothingToContinue:
      return "continuation of nothing";
    case FrameError::MessageNotFinished:
      return "new message before the last was finished";
    case FrameError::MessageTooLarge:
      return "message too large";
    case FrameError::BadUtf8:
      return "text is not UTF-8";
    case FrameError::BadClosePayload:
      return "close frame of one byte";
    case FrameError::BadCloseCode:
      return "close code not allowed on the wire";
  }
  return "?";
}

std::uint16_t close_code_for(FrameError error) {
  switch (error) {
    case FrameError::BadUtf8:
      return close_code::bad_payload;
    case FrameError::MessageTooLarge:
      return close_code::too_large;
    default:
      return close_code::protocol_error;
  }
}

FrameReader::FrameReader(WsRole role, std::size_t message_max)
    : role_(role), message_max_(message_max) {}

FrameReader::Step FrameReader::failed(FrameError error) {
  dead_ = true;
  error_ = error;
  return Step::Failed;
}

FrameReader::Step FrameReader::deliver(Opcode opcode, std::string_view payload) {
  if (opcode == Opcode::Text && !valid_utf8(payload)) return failed(FrameError::BadUtf8);
  message_ = {opcode, payload};
  return Step::Message;
}

FrameReader::Step FrameReader::next(std::span<char> bytes) {
  consumed_ = 0;
  if (dead_) return Step::Failed;
  if (fragments_delivered_) {
    fragments_.clear();
    fragments_delivered_ = false;
  }
  while (true) {
    char* const at = bytes.data() + consumed_;
    const std::size_t left = bytes.size() - consumed_;
    if (left < 2) return Step::NeedMore;
    const auto first = static_cast<unsigned char>(at[0]);
    const auto second = static_cast<unsigned char>(at[1]);
    const bool fin = (first & 0x80) != 0;
    const bool masked = (second & 0x80) != 0;
    if ((first & 0x70) != 0) return failed(FrameError::ReservedBits);
    const auto opcode = opcode_of(first & 0x0F);
    if (!opcode) return failed(FrameError::UnknownOpcode);
    if (masked != (role_ == WsRole::Server)) {
      return failed(masked ? FrameError::Masked : FrameError::NotMasked);
    }
    const unsigned short_length = second & 0x7F;
    const bool in_message = fragmented_ != Opcode::Continuation;
    if (is_control(*opcode)) {
      if (!fin) return failed(FrameError::ControlFragmented);
      if (short_length > control_max) return failed(FrameError::ControlTooLong);
    } else if (*opcode == Opcode::Continuation) {
      if (!in_message) return failed(FrameError::NothingToContinue);
    } else if (in_message) {
      return failed(FrameError::MessageNotFinished);
    }

    const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const std::size_t header = 2 + extended + (masked ? 4 : 0);
    if (left < 2 + extended) return Step::NeedMore;
    std::uint64_t length = short_length;
    if (extended != 0) {
      length = big_endian(at + 2, extended);
      if (length >> 63 != 0) return failed(FrameError::LengthTooLarge);
      if (length <= (extended == 2 ? 125u : 0xFFFFu)) return failed(FrameError::LengthNotMinimal);
    }
    // Before waiting for a payload that will never be taken.
    if (!is_control(*opcode) && length > message_max_ - fragments_.size()) {
      return failed(FrameError::MessageTooLarge);
    }
    if (left < header || left - header < length) return Step::NeedMore;

    const std::size_t size = static_cast<std::size_t>(length);
    char* const payload = at + header;
    if (masked) apply_mask(payload, payload, size, payload - 4);
    consumed_ += header + size;
    const std::string_view text(payload, size);
    if (is_control(*opcode)) return deliver(*opcode, text);
    if (!in_message && fin) return deliver(*opcode, text);
    if (!in_message) fragmented_ = *opcode;
    fragments_.insert(fragments_.end(), text.begin(), text.end());
    if (fin) {
      const Opcode kind = fragmented_;
      fragmented_ = Opcode::Continuation;
      fragments_delivered_ = true;
      return deliver(kind, {fragments_.data(), fragments_.size()});
    }
  }
}

Result<ClosePayload, FrameError> parse_close(std::string_view payload) {
  if (payload.empty()) return ClosePayload{};
  if (payload.size() == 1) return fail(FrameError::BadClosePayload);
  ClosePayload close;
  close.code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
  close.text = payload.substr(2);
  if (!valid_close_code(close.code)) return fail(FrameError::BadCloseCode);
  if (!valid_utf8(close.text)) return fail(FrameError::BadUtf8);
  return close;
}

std::size_t frame_size(std::size_t payload, bool masked) {
  const std::size_t extended = payload <= 125 ? 0 : payload <= 0xFFFF ? 2 : 8;
  return 2 + extended + (masked ? 4 : 0) + payload;
}

std::size_t write_frame(char* out, Opcode opcode, std::string_view payload, const char* mask) {
  const std::size_t n = payload.size();
  const unsigned mask_bit = mask != nullptr ? 0x80 : 0;
  char* at = out;
  *at++ = static_cast<char>(0x80u | static_cast<unsigned>(opcode));
  const std::size_t extended = n <= 125 ? 0 : n <= 0xFFFF ? 2 : 8;
  *at++ = static_cast<char>(mask_bit | (extended == 0   ? static_cast<unsigned>(n)
                                        : extended == 2 ? 126u
                                                        : 127u));
  for (std::size_t i = extended; i > 0; --i) *at++ = static_cast<char>(n >> (8 * (i - 1)) & 0xFF);
  if (mask != nullptr) {
    std::memcpy(at, mask, 4);
    at += 4;
    apply_mask(at, payload.data(), n, mask);
  } else if (n != 0) {
    std::memcpy(at, payload.data(), n);
  }
  return static_cast<std::size_t>(at - out) + n;
}

void apply_mask(char* out, const char* in, std::size_t size, const char* mask) {
  char key[8];
  std::memcpy(key, mask, 4);
  std::memcpy(key + 4, mask, 4);
  std::uint64_t wide_key = 0;
  std::memcpy(&wide_key, key, 8);
  std::size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    std::uint64_t a = 0, b = 0;
    std::memcpy(&a, in + i, 8);
    std::memcpy(&b, in + i + 8, 8);
    a ^= wide_key;
    b ^= wide_key;
    std::memcpy(out + i, &a, 8);
    std::memcpy(out + i + 8, &b, 8);
  }
  for (; i < size; ++i) out[i] = static_cast<char>(in[i] ^ key[i % 8]);
}

}  // namespace ats::io
