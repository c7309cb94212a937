// The one list of venues: each folder defines `const Protocol& <name>_protocol()` in ats::venues and is
// named here once.
#include "venues/client.hpp"
#include "venues/table_rules.hpp"

// clang-format off
#define ATS_VENUES(venue) \
  venue(binance)          \
  venue(binance_usdm)     \
  venue(binance_coinm)    \
  venue(coinbase)         \
  venue(kraken)           \
  venue(bitfinex)         \
  venue(upbit)
// clang-format on

namespace ats::venues {

#define ATS_DECLARE(name) const Protocol& name##_protocol();
ATS_VENUES(ATS_DECLARE)
#undef ATS_DECLARE

std::span<const Protocol* const> protocols() {
#define ATS_ADDRESS(name) &name##_protocol(),
  static const Protocol* const all[] = {ATS_VENUES(ATS_ADDRESS) nullptr};
#undef ATS_ADDRESS
  return std::span(all).first(std::size(all) - 1);
}

const Protocol* find_protocol(std::string_view name) {
  for (const Protocol* protocol : protocols()) {
    if (protocol->name == name) return protocol;
  }
  return nullptr;
}

bool bind_rules(Universe& universe) {
  bool all_known = true;
  for (std::size_t i = 0; i < universe.venues().size(); ++i) {
    VenueInfo& venue = universe.venue(VenueId{static_cast<VenueId::rep>(i)});
    const Protocol* protocol = find_protocol(venue.name.view());
    if (protocol == nullptr) {
      all_known = false;
    } else {
      venue.book = protocol->rules;
      venue.amends = protocol->amends;
    }
  }
  for (const Instrument& i : universe.instruments()) {
    if (i.rest_symbol.view() != table_spelling) continue;
    universe.venue(i.venue).book = table_rules;
    universe.venue(i.venue).amends = AmendRule::Nothing;
  }
  return all_known;
}

}  // namespace ats::venues
