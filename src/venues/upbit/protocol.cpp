// Upbit's row of the registry.
#include "venues/client.hpp"
#include "venues/upbit/client.hpp"
#include "venues/upbit/decoder.hpp"
#include "venues/upbit/key_rights.hpp"
#include "venues/upbit/metadata.hpp"
#include "venues/upbit/server.hpp"

namespace ats::venues {

const Protocol& upbit_protocol() {
  static const Protocol protocol{
      .name = "upbit",
      .urls = {.rest = "https://api.upbit.com",
               .market = "wss://api.upbit.com/websocket/v1",
               .trading = "wss://api.upbit.com/websocket/v1/private"},
      .rules = {.sequence = SequenceRule::WholeBook,
                .checksum = nullptr,
                .depth = 15,
                .snapshot_by_request = false,
                .audit_every = seconds(15),
                .poll_every = milliseconds(500),  // ten a second are allowed
                .max_age = seconds(10)},          // the keep-alive is asked for every four
      .market_policy = {.silence_max = seconds(12), .ping_every = seconds(30)},
      .trading_policy = {.silence_max = seconds(15), .ping_every = seconds(30)},
      .metadata_requests = upbit::metadata_requests,
      .read_metadata = upbit::read_metadata,
      .depth_request = upbit::depth_request,
      .make_decoder = upbit::make_decoder,
      .make_discovery = upbit::make_discovery,
      .make_client = upbit::make_client,
      .make_server = upbit::make_server,
      .simulated_listing = upbit::simulated_listing,
      .simulated_credentials = upbit::simulated_credentials,
      .key_requests = upbit::key_requests,
      .read_key_rights = upbit::read_key_rights,
  };
  return protocol;
}

}  // namespace ats::venues
