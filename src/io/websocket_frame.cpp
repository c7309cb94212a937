#include "io/websocket_frame.hpp"

#include <algorithm>
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
    case FrameError::BadDeflate:
      return "compressed data damaged";
    case FrameError::InflatedTooLarge:
      return "message too large once inflated";
  }
  return "?";
}

std::uint16_t close_code_for(FrameError error) {
  switch (error) {
    case FrameError::BadUtf8:
    case FrameError::BadDeflate:
      return close_code::bad_payload;
    case FrameError::MessageTooLarge:
    case FrameError::InflatedTooLarge:
      return close_code::too_large;
    default:
      return close_code::protocol_error;
  }
}

FrameReader::FrameReader(WsRole role, std::size_t message_max,
                         const std::optional<DeflateAgreement>& deflate)
    : role_(role), message_max_(message_max) {
  if (deflate) inflater_.emplace(*deflate);
}

FrameReader::Step FrameReader::failed(FrameError error) {
  dead_ = true;
  error_ = error;
  return Step::Failed;
}

bool FrameReader::read_header(std::span<char> bytes, Header& header) {
  const auto wrong = [this](FrameError error) {
    failed(error);
    return false;
  };
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  header.fin = (first & 0x80) != 0;
  header.masked = (second & 0x80) != 0;
  const auto opcode = opcode_of(first & 0x0F);
  if (!opcode) return wrong(FrameError::UnknownOpcode);
  header.opcode = *opcode;
  // RFC 7692 section 6: the first bit marks the first frame of a compressed message, and no other frame.
  const unsigned reserved = first & 0x70u;
  const bool may_compress = inflater_ && (*opcode == Opcode::Text || *opcode == Opcode::Binary);
  if (reserved != 0 && !(reserved == 0x40 && may_compress)) return wrong(FrameError::ReservedBits);
  header.compressed = reserved != 0;
  if (header.masked != (role_ == WsRole::Server)) {
    return wrong(header.masked ? FrameError::Masked : FrameError::NotMasked);
  }
  const unsigned short_length = second & 0x7F;
  const bool in_message = message_kind_ != Opcode::Continuation;
  if (is_control(*opcode)) {
    if (!header.fin) return wrong(FrameError::ControlFragmented);
    if (short_length > control_max) return wrong(FrameError::ControlTooLong);
  } else if (*opcode == Opcode::Continuation) {
    if (!in_message) return wrong(FrameError::NothingToContinue);
  } else if (in_message) {
    return wrong(FrameError::MessageNotFinished);
  }

  const std::size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended) return false;
  header.payload = short_length;
  if (extended != 0) {
    header.payload = big_endian(bytes.data() + 2, extended);
    if (header.payload >> 63 != 0) return wrong(FrameError::LengthTooLarge);
    if (header.payload <= (extended == 2 ? 125u : 0xFFFFu)) {
      return wrong(FrameError::LengthNotMinimal);
    }
  }
  // Before waiting for a payload that will never be taken.
  if (!is_control(*opcode) && header.payload > message_max_ - wire_size_) {
    return wrong(FrameError::MessageTooLarge);
  }
  header.size = 2 + extended + (header.masked ? 4 : 0);
  return bytes.size() >= header.size;
}

FrameReader::Step FrameReader::next(std::span<char> bytes) {
  consumed_ = 0;
  if (dead_) return Step::Failed;
  if (kept_delivered_) {
    kept_.clear();
    kept_delivered_ = false;
  }
  while (true) {
    const std::span<char> rest = bytes.subspan(consumed_);
    Header header;
    if (!read_header(rest, header)) return dead_ ? Step::Failed : Step::NeedMore;
    const std::size_t came = static_cast<std::size_t>(
        std::min<std::uint64_t>(header.payload, rest.size() - header.size));
    const bool whole = came == header.payload;
    char* const payload = rest.data() + header.size;
    if (header.masked) {
      const char* mask = payload - 4;
      const char turned[4] = {mask[seen_ % 4], mask[(seen_ + 1) % 4], mask[(seen_ + 2) % 4],
                              mask[(seen_ + 3) % 4]};
      apply_mask(payload + seen_, payload + seen_, came - seen_, turned);
    }
    const bool control = is_control(header.opcode);
    const bool begins = message_kind_ == Opcode::Continuation;
    const Opcode kind = begins ? header.opcode : message_kind_;
    const bool compressed = begins ? header.compressed : compressed_;
    const bool in_place = control || (begins && header.fin && !compressed);

    const std::string_view fresh(payload + seen_, came - seen_);
    if (!in_place) {
      if (!keep(kind, compressed, fresh)) return Step::Failed;
    } else if (kind == Opcode::Text && !control) {
      const bool at_one_go = whole && seen_ == 0;
      const bool ok =
          at_one_go ? valid_utf8(fresh) : utf8_.feed(fresh) && (!whole || utf8_.complete());
      if (!ok) return failed(FrameError::BadUtf8);
    }
    if (!whole) {
      seen_ = came;
      return Step::NeedMore;
    }
    seen_ = 0;
    consumed_ += header.size + came;
    if (in_place) {
      message_ = {header.opcode, {payload, came}};
      return Step::Message;
    }
    message_kind_ = kind;
    compressed_ = compressed;
    wire_size_ += header.payload;
    if (header.fin) return finish_message();
  }
}

bool FrameReader::keep(Opcode kind, bool compressed, std::string_view piece) {
  const std::size_t before = kept_.size();
  Inflater::Step step = Inflater::Step::Done;
  if (compressed) {
    step = inflater_->feed(piece, kept_, message_max_);
  } else {
    kept_.append(piece);
  }
  return checked(kind, before, step);
}

// The text that came before the damage is looked at first: what is told is what was wrong first, wherever
// the stream was cut.
bool FrameReader::checked(Opcode kind, std::size_t from, Inflater::Step step) {
  if (kind == Opcode::Text && !utf8_.feed(kept_.view().substr(from))) {
    failed(FrameError::BadUtf8);
    return false;
  }
  return inflated(step);
}

bool FrameReader::inflated(Inflater::Step step) {
  switch (step) {
    case Inflater::Step::Done:
      return true;
    case Inflater::Step::Damaged:
      failed(FrameError::BadDeflate);
      return false;
    case Inflater::Step::TooLarge:
      failed(FrameError::InflatedTooLarge);
      return false;
  }
  return false;
}

FrameReader::Step FrameReader::finish_message() {
  if (compressed_) {
    const std::size_t before = kept_.size();
    const Inflater::Step step = inflater_->finish(kept_, message_max_);
    if (!checked(message_kind_, before, step)) return Step::Failed;
  }
  if (message_kind_ == Opcode::Text && !utf8_.complete()) return failed(FrameError::BadUtf8);
  message_ = {message_kind_, kept_.view()};
  message_kind_ = Opcode::Continuation;
  wire_size_ = 0;
  kept_delivered_ = true;
  return Step::Message;
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

std::size_t write_frame(char* out, Opcode opcode, std::string_view payload, const char* mask,
                        bool compressed) {
  const std::size_t n = payload.size();
  const unsigned mask_bit = mask != nullptr ? 0x80 : 0;
  char* at = out;
  *at++ = static_cast<char>((compressed ? 0xC0u : 0x80u) | static_cast<unsigned>(opcode));
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
