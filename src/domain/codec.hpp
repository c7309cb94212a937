// The one binary form of events and actions: what the journal holds, what replay compares. Little
// endian, no padding, no pointers; the same value gives the same bytes on every machine. Pure.
// Bytes from outside are never trusted: a decoder answers a named error, never undefined behaviour.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"

namespace ats {

// Bump when a field is added or moved: a journal of another version is refused, not misread.
constexpr std::uint16_t codec_version = 14;

enum class CodecError : std::uint8_t { Truncated, UnknownKind, BadValue, TrailingBytes };
const char* name(CodecError error);

// Appends. `now` is the time the core is given with the event.
void encode_event(const Event& event, Instant now, std::vector<std::byte>& out);
void encode_action(const Action& action, std::vector<std::byte>& out);

// Owns what a decoded event points at; valid until the next decode into it. BookRules of venues are
// not encoded (they are code): the reader of a journal binds them by venue name after Started.
struct DecodedEvent {
  Event event;
  Instant now;
  std::vector<Level> bids;
  std::vector<Level> asks;
  std::vector<LeaseShare> shares;
  std::vector<LeaseHold> holds;
  std::vector<LeaseUse> uses;
  std::vector<LeasePosition> positions;
  Universe universe;
  CoreConfig config;
};
Status<CodecError> decode_event(std::span<const std::byte> bytes, DecodedEvent& out);
Result<Action, CodecError> decode_action(std::span<const std::byte> bytes);

}  // namespace ats
