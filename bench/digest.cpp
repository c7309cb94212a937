#include <bit>
#include <cstring>

#include "frames.hpp"

namespace ats::bench {

// A sum over the levels first: multiplications in a chain would cost more than some decoders do.
void Digest::add(std::span<const Level> levels) {
  std::uint64_t sum = levels.size();
  for (const Level& level : levels) {
    sum = std::rotl(sum, 5) + static_cast<std::uint64_t>(level.price.units) +
          std::rotl(static_cast<std::uint64_t>(level.quantity.units), 32);
  }
  add(sum);
}

void Digest::add(const Level& level) { add(std::span(&level, 1)); }

void Digest::add(const FillId& id) {
  const std::string_view text = id.view();
  std::uint64_t sum = text.size();
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    sum = std::rotl(sum, 5) + word;
  }
  for (; at < text.size(); ++at) sum = std::rotl(sum, 5) + static_cast<std::uint8_t>(text[at]);
  add(sum);
}

void Digest::on(const Event& event) {
  ++events_;
  add(event.index());
  if (const auto* delta = std::get_if<BookDelta>(&event)) {
    add(delta->instrument.value);
    add(static_cast<std::uint64_t>(delta->times.venue_time.ns_utc));
    add(delta->first ^ std::rotl(delta->last, 32));
    add(delta->checksum.value_or(0));
    add(delta->bids);
    add(delta->asks);
  } else if (const auto* quote = std::get_if<Quote>(&event)) {
    add(quote->instrument.value);
    add(quote->sequence);
    add(quote->bid);
    add(quote->ask);
  } else if (const auto* trade = std::get_if<Trade>(&event)) {
    add(trade->instrument.value);
    add(static_cast<std::uint64_t>(trade->times.venue_time.ns_utc));
    add(static_cast<std::uint64_t>(trade->taker_side));
    add(Level{trade->price, trade->quantity});
    add(trade->id);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    add(snapshot->instrument.value);
    add(static_cast<std::uint64_t>(snapshot->times.venue_time.ns_utc));
    add(snapshot->last);
    add(snapshot->checksum.value_or(0));
    add(snapshot->bids);
    add(snapshot->asks);
  }
}

}  // namespace ats::bench
