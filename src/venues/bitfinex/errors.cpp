#include "venues/bitfinex/errors.hpp"

namespace ats::venues::bitfinex {
namespace {

struct CodeRow {
  std::int64_t code;
  Reaction reaction;
  RejectReason reject;
};

// 10001 is any failure of an order and says what in words.
constexpr CodeRow codes[] = {
    {10000, Reaction::Unknown, RejectReason::Other},
    {10008, Reaction::Unknown, RejectReason::Other},
    {10020, Reaction::Refused, RejectReason::InvalidOrder},
    {10050, Reaction::Refused, RejectReason::Other},
    {10100, Reaction::Refused, RejectReason::AuthFailed},
    {10111, Reaction::Refused, RejectReason::AuthFailed},
    {10112, Reaction::Refused, RejectReason::AuthFailed},
    {10113, Reaction::Refused, RejectReason::AuthFailed},
    {10114, Reaction::BadNonce, RejectReason::VenueBusy},
    {10200, Reaction::Refused, RejectReason::AuthFailed},
    {11000, Reaction::Refused, RejectReason::VenueBusy},
    {11010, Reaction::Refused, RejectReason::RateLimited},
    {20060, Reaction::Refused, RejectReason::InstrumentClosed},
};

struct WordRow {
  std::string_view part;  // the first row whose words stand in the text counts
  Reaction reaction;
  RejectReason reject;
};

constexpr WordRow words[] = {
    {"ERR_RATE_LIMIT", Reaction::Refused, RejectReason::RateLimited},
    {"ratelimit", Reaction::Refused, RejectReason::RateLimited},
    {"rate limit", Reaction::Refused, RejectReason::RateLimited},
    {"nonce", Reaction::BadNonce, RejectReason::VenueBusy},
    {"not enough", Reaction::Refused, RejectReason::InsufficientFunds},
    {"nsufficient", Reaction::Refused, RejectReason::InsufficientFunds},
    {"minimum size", Reaction::Refused, RejectReason::InvalidOrder},
    {"maximum size", Reaction::Refused, RejectReason::InvalidOrder},
    {"uplicate", Reaction::Refused, RejectReason::DuplicateId},
    {"cid", Reaction::Refused, RejectReason::DuplicateId},
    {"Order not found", Reaction::UnknownOrder, RejectReason::Other},
    {"maintenance", Reaction::Refused, RejectReason::InstrumentClosed},
    {"paused", Reaction::Refused, RejectReason::InstrumentClosed},
    {"symbol: invalid", Reaction::Refused, RejectReason::InvalidOrder},
    {"apikey", Reaction::Refused, RejectReason::AuthFailed},
    {"auth", Reaction::Refused, RejectReason::AuthFailed},
    {"temporarily_unavailable", Reaction::Unknown, RejectReason::Other},
    {"ERR_UNK", Reaction::Unknown, RejectReason::Other},
    {"nvalid", Reaction::Refused, RejectReason::InvalidOrder},
};

}  // namespace

Meaning meaning_of(std::int64_t code, std::string_view text) {
  for (const CodeRow& row : codes) {
    if (row.code == code) return {row.reaction, row.reject};
  }
  for (const WordRow& row : words) {
    if (text.find(row.part) != std::string_view::npos) return {row.reaction, row.reject};
  }
  return {};
}

}  // namespace ats::venues::bitfinex
