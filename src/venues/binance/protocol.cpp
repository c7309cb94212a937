// The rows of the registry: spot, and the two futures products, whose market data alone is understood.
#include "venues/binance/client.hpp"
#include "venues/binance/decoder.hpp"
#include "venues/binance/key_rights.hpp"
#include "venues/binance/metadata.hpp"
#include "venues/binance/server.hpp"
#include "venues/client.hpp"

namespace ats::venues {
namespace {

using namespace binance;

template <Product product>
std::unique_ptr<MarketDecoder> make_decoder(VenueId venue, const Universe& universe) {
  return std::make_unique<Decoder>(product, venue, universe);
}

std::unique_ptr<Client> make_client(const ClientSetup& setup) {
  return std::make_unique<SpotClient>(setup);
}

std::unique_ptr<Server> make_server(ExchangeApi& exchange) {
  return std::make_unique<SpotServer>(exchange);
}

constexpr ChannelPolicy channel_policy{seconds(60), seconds(15)};
// A connection lives 24 hours and carries 1024 streams; ours are two an instrument, diffs and trades. A diff is
// sent only when something changed, and there is no channel of heartbeats: what proves a connection alive on
// which nothing is traded are pongs, asked for three times within the age at which books are stale. Five
// messages a second are allowed, pings among them.
constexpr ChannelPolicy market_policy{.silence_max = seconds(15),
                                      .ping_every = seconds(3),
                                      .life = hours(24),
                                      .instruments_max = 512,
                                      .pongs_are_heartbeats = true};

BookRules rules(SequenceRule sequence) {
  return {.sequence = sequence, .snapshot_by_request = true, .max_age = seconds(10)};
}

// A hundred levels of a book weigh 5 of the 6000 that a minute allows.
BookRules audited(BookRules rules) {
  rules.audit_every = seconds(10);
  rules.poll_every = milliseconds(500);
  return rules;
}

// Instruments come from recordings only: orders in contracts, other filters, other paths.
std::vector<HttpRequest> no_metadata_requests(std::span<const WantedPair>) { return {}; }
Status<MetadataError> no_metadata(std::span<const HttpResponse>, std::span<const WantedPair>,
                                  VenueId, Universe&) {
  return fail(MetadataError::Unsupported);
}

Protocol futures(std::string_view name, VenueUrls urls,
                 std::unique_ptr<MarketDecoder> (*decoder)(VenueId, const Universe&)) {
  return {name,           std::move(urls), rules(SequenceRule::PrevLinked),
          channel_policy, channel_policy,  no_metadata_requests,
          no_metadata,    nullptr,         decoder,
          make_discovery, nullptr,         nullptr,
          nullptr,        nullptr,         nullptr,
          nullptr};
}

}  // namespace

const Protocol& binance_protocol() {
  static const Protocol protocol{"binance",
                                 {"https://api.binance.com",
                                  "wss://stream.binance.com:9443/stream",
                                  "wss://ws-api.binance.com:443/ws-api/v3",
                                  {"https://api-gcp.binance.com", "https://api1.binance.com"},
                                  {"wss://stream.binance.com:443/stream"},
                                  {"wss://ws-api.binance.com:9443/ws-api/v3"}},
                                 audited(rules(SequenceRule::Spanning)),
                                 market_policy,
                                 channel_policy,
                                 metadata_requests,
                                 read_metadata,
                                 depth_request,
                                 make_decoder<Product::Spot>,
                                 make_discovery,
                                 make_client,
                                 make_server,
                                 simulated_listing,
                                 simulated_credentials,
                                 key_requests,
                                 read_key_rights};
  return protocol;
}

const Protocol& binance_usdm_protocol() {
  static const Protocol protocol =
      futures("binance_usdm", {"https://fapi.binance.com", "wss://fstream.binance.com/stream", ""},
              make_decoder<Product::Usdm>);
  return protocol;
}

const Protocol& binance_coinm_protocol() {
  static const Protocol protocol =
      futures("binance_coinm", {"https://dapi.binance.com", "wss://dstream.binance.com/stream", ""},
              make_decoder<Product::Coinm>);
  return protocol;
}

}  // namespace ats::venues
