#include "services/metadata.hpp"

#include <fmt/format.h>

#include <optional>

#include "io/http.hpp"
#include "io/net_address.hpp"

namespace ats::services {
namespace {

std::optional<std::string> ask_venue(io::Reactor& reactor, const VenueConfig& venue,
                                     const io::TlsContext* tls,
                                     std::span<const venues::WantedPair> pairs,
                                     Universe& universe) {
  const venues::Protocol* protocol = venues::find_protocol(venue.name);
  ATS_ASSERT(protocol != nullptr);
  const auto url = io::parse_url(venue.urls.rest);
  if (!url) {
    return fmt::format("venue.{}.rest_url: '{}': {}", venue.name, venue.urls.rest,
                       io::name(url.error()));
  }
  io::HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.tls = url->tls ? tls : nullptr;
  io::HttpClient client(reactor, std::move(options));

  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : protocol->metadata_requests(pairs)) {
    std::optional<Result<HttpResponse, TransportError>> answer;
    client.request(request, seconds(10),
                   [&](Result<HttpResponse, TransportError> a) { answer = std::move(a); });
    while (!answer) reactor.poll(milliseconds(50));
    if (!*answer) {
      return fmt::format("{}: no metadata from {}: {}", venue.name, venue.urls.rest,
                         name(answer->error()));
    }
    if ((*answer)->status != 200) {
      return fmt::format("{}: {} answered HTTP {} to the question for metadata", venue.name,
                         venue.urls.rest, (*answer)->status);
    }
    answers.push_back(std::move(**answer));
  }
  const VenueId id = universe.add_venue(venue.name, protocol->rules);
  std::size_t listed = 0;
  for (const venues::WantedPair& pair : pairs) {
    const auto read = protocol->read_metadata(answers, std::span(&pair, 1), id, universe);
    if (read) {
      ++listed;
    } else if (read.error() != venues::MetadataError::PairNotListed) {
      return fmt::format("{}: the metadata of {}/{} cannot be used: {}", venue.name, pair.base,
                         pair.quote, name(read.error()));
    }
  }
  if (listed == 0) return fmt::format("{}: lists none of the pairs in general.pairs", venue.name);
  return std::nullopt;
}

}  // namespace

std::vector<venues::WantedPair> wanted_pairs(const Config& config) {
  std::vector<venues::WantedPair> out;
  for (const std::string& pair : config.pairs) {
    const std::size_t slash = pair.find('/');
    out.push_back({pair.substr(0, slash), pair.substr(slash + 1)});
  }
  return out;
}

Status<std::string> load_instruments(io::Reactor& reactor, const Config& config,
                                     const io::TlsContext* tls, Universe& universe) {
  const auto pairs = wanted_pairs(config);
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    if (auto error = ask_venue(reactor, venue, tls, pairs, universe))
      return fail(std::move(*error));
  }
  return Done{};
}

}  // namespace ats::services
