#include "venues/client.hpp"

namespace ats::venues {

const char* name(FrameOutcome outcome) {
  switch (outcome) {
    case FrameOutcome::Decoded:
      return "Decoded";
    case FrameOutcome::Ignored:
      return "Ignored";
    case FrameOutcome::Malformed:
      return "Malformed";
    case FrameOutcome::UnknownKind:
      return "UnknownKind";
    case FrameOutcome::UnknownSymbol:
      return "UnknownSymbol";
    case FrameOutcome::NumberFault:
      return "NumberFault";
    case FrameOutcome::OtherProtocol:
      return "OtherProtocol";
  }
  return "?";
}

const char* name(SendOutcome outcome) {
  switch (outcome) {
    case SendOutcome::Sent:
      return "Sent";
    case SendOutcome::NotConnected:
      return "NotConnected";
    case SendOutcome::RateLimited:
      return "RateLimited";
    case SendOutcome::Invalid:
      return "Invalid";
  }
  return "?";
}

const char* name(MetadataError error) {
  switch (error) {
    case MetadataError::Malformed:
      return "Malformed";
    case MetadataError::PairNotListed:
      return "PairNotListed";
    case MetadataError::Unsupported:
      return "Unsupported";
  }
  return "?";
}

}  // namespace ats::venues
