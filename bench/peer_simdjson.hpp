// What the decoders on simdjson share. All of it, this header too, is compiled for machines with AVX2, and
// only there: an inline function shared with ours would be taken from here and could not be inlined there.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "frames.hpp"
#include "peers.hpp"

namespace ats::bench {

std::unique_ptr<PeerDecoder> make_upbit_on_simdjson(VenueId venue, const Universe& universe);
std::unique_ptr<PeerDecoder> make_coinbase_on_simdjson(VenueId venue, const Universe& universe);
std::unique_ptr<PeerDecoder> make_bitfinex_on_simdjson(VenueId venue, const Universe& universe);

namespace {

namespace ondemand = simdjson::ondemand;

static_assert(FrameSet::padding >= simdjson::SIMDJSON_PADDING);

// The few symbols of a venue. Of its own, not ours: this file is compiled for another processor, and an
// inline function that it shared with our decoders could not be inlined there any more.
struct Symbol {
  std::string text;
  InstrumentId instrument;
  int price_scale;
  int qty_scale;
};
std::vector<Symbol> symbols_of(VenueId venue, const Universe& universe) {
  std::vector<Symbol> out;
  for (const Instrument& i : universe.instruments()) {
    if (i.venue == venue)
      out.push_back({std::string(i.symbol.view()), i.id, i.price_scale, i.qty_scale});
  }
  return out;
}
const Symbol* find(const std::vector<Symbol>& symbols, std::string_view text) {
  for (const Symbol& symbol : symbols) {
    if (symbol.text == text) return &symbol;
  }
  return nullptr;
}

[[gnu::always_inline]] inline bool units(std::string_view text, int scale, std::int64_t& out) {
  const auto parsed = parse_scaled(text, scale);
  if (!parsed) return false;
  out = *parsed;
  return true;
}

// A number in a string, the next field of the object.
[[gnu::always_inline]] inline bool quoted(ondemand::object& object, std::string_view key, int scale,
                                          std::int64_t& out) {
  std::string_view text;
  return object.find_field(key).get_string().get(text) == simdjson::SUCCESS &&
         units(text, scale, out);
}

// The characters of a bare number or word, up to what ends them.
[[gnu::always_inline]] inline std::string_view token(ondemand::value value) {
  std::string_view text = value.raw_json_token();
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A bare number, kept exact: its characters up to what ends them.
[[gnu::always_inline]] inline bool bare(ondemand::object& object, std::string_view key, int scale,
                                        std::int64_t& out) {
  ondemand::value value;
  return object.find_field(key).get(value) == simdjson::SUCCESS && units(token(value), scale, out);
}

// Opens a frame with the padding that lies behind it.
[[gnu::always_inline]] inline bool open(ondemand::parser& parser, std::string_view frame,
                                        ondemand::document& document) {
  return parser.iterate(frame.data(), frame.size(), frame.size() + FrameSet::padding)
             .get(document) == simdjson::SUCCESS;
}

}  // namespace

}  // namespace ats::bench
