// Bitfinex's row of the registry.
#include "venues/bitfinex/checksum.hpp"
#include "venues/bitfinex/client.hpp"
#include "venues/bitfinex/decoder.hpp"
#include "venues/bitfinex/key_rights.hpp"
#include "venues/bitfinex/metadata.hpp"
#include "venues/bitfinex/server.hpp"

namespace ats::venues {

const Protocol& bitfinex_protocol() {
  static const Protocol protocol = [] {
    BookRules rules;
    rules.sequence = SequenceRule::None;
    rules.connection_sequence = true;
    rules.checksum = bitfinex::book_checksum;
    rules.checksum_levels = bitfinex::checksum_levels;
    // The length subscribed to. The venue keeps each side within it by itself, deleting before it adds: a
    // cut of ours changes nothing, and bounds what a stream gone wrong could make us keep.
    rules.depth = 25;
    rules.audit_every = seconds(20);
    rules.poll_every = seconds(3);  // thirty a minute are certainly allowed
    rules.max_age = seconds(16);    // every channel has a heartbeat each 15 s
    Protocol p{};
    p.name = "bitfinex";
    p.urls = {.rest = "https://api.bitfinex.com",
              .market = "wss://api-pub.bitfinex.com/ws/2",
              .trading = "wss://api.bitfinex.com/ws/2"};
    p.rules = rules;
    // `amount` of an update counts from what is left, and nothing says what AMOUNT_ORIG tells afterwards.
    p.amends = AmendRule::Price;
    // 25 channels a connection; ours are two an instrument, its book and its prints.
    p.market_policy = {
        .silence_max = seconds(20), .ping_every = seconds(15), .life = {}, .instruments_max = 12};
    p.trading_policy = {.silence_max = seconds(20), .ping_every = seconds(15)};
    p.metadata_requests = bitfinex::metadata_requests;
    p.read_metadata = bitfinex::read_metadata;
    p.depth_request = bitfinex::depth_request;
    p.make_decoder = bitfinex::make_decoder;
    p.make_discovery = bitfinex::make_discovery;
    p.make_client = bitfinex::make_client;
    p.make_server = bitfinex::make_server;
    p.simulated_listing = bitfinex::simulated_listing;
    p.simulated_credentials = bitfinex::simulated_credentials;
    p.key_requests = bitfinex::key_requests;
    p.read_key_rights = bitfinex::read_key_rights;
    return p;
  }();
  return protocol;
}

}  // namespace ats::venues
