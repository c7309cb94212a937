// Tests and benchmarks only: what risk approved, as a journal holds it. Only the gate makes an approval; the
// journal's reader restores one, and so these are decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/codec.hpp"

namespace ats {

struct JournalBytes {
  std::vector<std::byte> bytes;
  template <class T>
  void put(const T& value) {
    const auto* at = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), at, at + sizeof value);
  }
  // Of an action: its kind, and the order with the serial of its approval.
  JournalBytes(std::uint8_t kind, const OrderRequest& o, std::uint64_t serial) {
    put(kind), put(o.id), put(o.execution), put(o.instrument), put(o.side), put(o.time_in_force);
    put(o.price), put(o.quantity), put(o.unwind), put(o.post_only), put(serial);
  }
};

inline Place approved(const OrderRequest& order, std::uint64_t serial = 1) {
  const JournalBytes journal(0, order, serial);
  return std::get<Place>(decode_action(journal.bytes).value());
}

// Moves the order from the terms that stood.
inline Amend approved_amend(const OrderRequest& order, const OrderTerms& standing,
                            std::string_view venue_order_id = {}, std::uint64_t serial = 1) {
  JournalBytes journal(15, order, serial);
  journal.put(standing.price), journal.put(standing.quantity);
  journal.put(static_cast<std::uint8_t>(venue_order_id.size()));
  for (const char c : venue_order_id) journal.put(c);
  return std::get<Amend>(decode_action(journal.bytes).value());
}

}  // namespace ats
