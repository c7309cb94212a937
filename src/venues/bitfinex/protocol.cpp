// Bitfinex's row of the registry.
#include "venues/bitfinex/checksum.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/metadata.hpp"
#include "venues/client.hpp"

namespace ats::venues {

const Protocol& bitfinex_protocol() {
  static const Protocol protocol = [] {
    BookRules rules;
    rules.sequence = SequenceRule::None;
    rules.connection_sequence = true;
    rules.checksum = bitfinex::book_checksum;
    rules.checksum_levels = bitfinex::checksum_levels;
    // The venue keeps each side within the length asked for by itself, deleting before it adds. This is
    // no cut, only a bound on what a stream gone wrong can make us keep.
    rules.depth = 100;
    rules.max_age = seconds(16);  // every channel has a heartbeat each 15 s
    Protocol p{};
    p.name = "bitfinex";
    p.urls = {.rest = "https://api.bitfinex.com",
              .market = "wss://api-pub.bitfinex.com/ws/2",
              .trading = "wss://api.bitfinex.com/ws/2"};
    p.rules = rules;
    p.market_policy = {.silence_max = seconds(20), .ping_every = seconds(15)};
    p.trading_policy = {.silence_max = seconds(20), .ping_every = seconds(15)};
    p.metadata_requests = bitfinex::metadata_requests;
    p.read_metadata = bitfinex::read_metadata;
    p.make_decoder = bitfinex::make_decoder;
    p.make_discovery = bitfinex::make_discovery;
    p.simulated_listing = bitfinex::simulated_listing;
    p.simulated_credentials = bitfinex::simulated_credentials;
    return p;
  }();
  return protocol;
}

}  // namespace ats::venues
