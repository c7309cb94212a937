// Coinbase's row of the registry.
#include "venues/client.hpp"
#include "venues/coinbase/client.hpp"
#include "venues/coinbase/decoder.hpp"
#include "venues/coinbase/key_rights.hpp"
#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/server.hpp"

namespace ats::venues {

const Protocol& coinbase_protocol() {
  static const Protocol protocol{
      .name = "coinbase",
      .urls = {.rest = "https://api.coinbase.com",
               .market = "wss://advanced-trade-ws.coinbase.com/",
               .trading = "wss://advanced-trade-ws-user.coinbase.com/"},
      .rules = {.sequence = SequenceRule::None,
                .checksum = nullptr,
                .depth = 0,
                .connection_sequence = true,
                .snapshot_by_request = false,
                .audit_every = seconds(20),
                .poll_every = milliseconds(500),  // ten a second are allowed
                .max_age = seconds(5)},           // a heartbeat each second
      .market_policy = {.silence_max = seconds(10), .ping_every = seconds(15)},
      .trading_policy = {.silence_max = seconds(10), .ping_every = seconds(15)},
      .metadata_requests = coinbase::metadata_requests,
      .read_metadata = coinbase::read_metadata,
      .depth_request = coinbase::depth_request,
      .make_decoder = coinbase::make_decoder,
      .make_discovery = coinbase::make_discovery,
      .make_client = coinbase::make_client,
      .make_server = coinbase::make_server,
      .simulated_listing = coinbase::simulated_listing,
      .simulated_credentials = coinbase::simulated_credentials,
      .key_requests = coinbase::key_requests,
      .read_key_rights = coinbase::read_key_rights,
  };
  return protocol;
}

}  // namespace ats::venues
