// Records of a journal from anywhere: an event or an action is refused by name, or it is read and written back
// as the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.hpp"
#include "domain/codec.hpp"

using namespace ats;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  std::vector<std::byte> again;
  DecodedEvent event;
  if (decode_event(bytes, event).ok()) {
    encode_event(event.event, event.now, again);
    ATS_ASSERT(std::ranges::equal(again, bytes));
  }
  again.clear();
  if (const auto action = decode_action(bytes); action.ok()) {
    encode_action(*action, again);
    ATS_ASSERT(std::ranges::equal(again, bytes));
  }
  return 0;
}
