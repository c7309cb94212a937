#include "venues/client.hpp"

namespace ats::venues {

const char* name(FrameOutcome outcome) {
  switch (outcome) {
    case FrameOutcome::Decoded:
      return "decoded";
    case FrameOutcome::Ignored:
      return "ignored";
    case FrameOutcome::Malformed:
      return "malformed";
    case FrameOutcome::UnknownKind:
      return "unknown_kind";
    case FrameOutcome::UnknownSymbol:
      return "unknown_symbol";
    case FrameOutcome::NumberFault:
      return "number_fault";
    case FrameOutcome::OtherProtocol:
      return "other_protocol";
  }
  return "?";
}

const char* name(SendOutcome outcome) {
  switch (outcome) {
    case SendOutcome::Sent:
      return "sent";
    case SendOutcome::NotConnected:
      return "not_connected";
    case SendOutcome::RateLimited:
      return "rate_limited";
    case SendOutcome::Invalid:
      return "invalid";
  }
  return "?";
}

const char* name(MetadataError error) {
  switch (error) {
    case MetadataError::Malformed:
      return "malformed";
    case MetadataError::PairNotListed:
      return "pair_not_listed";
    case MetadataError::Unsupported:
      return "unsupported";
  }
  return "?";
}

}  // namespace ats::venues
