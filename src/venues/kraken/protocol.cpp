// Kraken's row of the registry.
#include "venues/client.hpp"
#include "venues/kraken/checksum.hpp"
#include "venues/kraken/client.hpp"
#include "venues/kraken/decoder.hpp"
#include "venues/kraken/key_rights.hpp"
#include "venues/kraken/metadata.hpp"
#include "venues/kraken/server.hpp"

namespace ats::venues {

const Protocol& kraken_protocol() {
  static const Protocol protocol{
      .name = "kraken",
      .urls = {.rest = "https://api.kraken.com",
               .market = "wss://ws.kraken.com/v2",
               .trading = "wss://ws-auth.kraken.com/v2"},
      .rules = {.sequence = SequenceRule::None,
                .checksum = kraken::book_checksum,
                .depth = 10,
                .snapshot_by_request = false,
                .audit_every = seconds(20),
                .poll_every = seconds(2),  // one a second is allowed
                .max_age = seconds(5)},    // a heartbeat each second
      .market_policy = {.silence_max = seconds(10), .ping_every = seconds(15)},
      .trading_policy = {.silence_max = seconds(30), .ping_every = seconds(10)},
      .metadata_requests = kraken::metadata_requests,
      .read_metadata = kraken::read_metadata,
      .depth_request = kraken::depth_request,
      .make_decoder = kraken::make_decoder,
      .make_discovery = kraken::make_discovery,
      .make_client = kraken::make_client,
      .make_server = kraken::make_server,
      .simulated_listing = kraken::simulated_listing,
      .simulated_credentials = kraken::simulated_credentials,
      .key_requests = kraken::key_requests,
      .read_key_rights = kraken::read_key_rights,
      .amends = AmendRule::PriceAndQuantity,
  };
  return protocol;
}

}  // namespace ats::venues
