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

const char* name(KeyFault fault) {
  switch (fault) {
    case KeyFault::Rejected:
      return "rejected";
    case KeyFault::Expired:
      return "expired";
    case KeyFault::AddressRefused:
      return "address_refused";
    case KeyFault::ClockSkew:
      return "clock_skew";
    case KeyFault::RateLimited:
      return "rate_limited";
    case KeyFault::Unavailable:
      return "unavailable";
    case KeyFault::NotOffered:
      return "not_offered";
    case KeyFault::Malformed:
      return "malformed";
  }
  return "?";
}

int integer_digits(Decimal price) {
  int digits = 0;
  for (Int128 at = Decimal::one; digits < 20 && price.raw() >= at; at *= 10) ++digits;
  for (Int128 at = Decimal::one / 10; digits <= 0 && digits > -18 && price.raw() < at; at /= 10) {
    --digits;
  }
  return digits;
}

}  // namespace ats::venues
