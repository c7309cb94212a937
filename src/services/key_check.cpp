#include "services/key_check.hpp"

#include <fmt/format.h>

#include <optional>

#include "io/clock.hpp"
#include "io/http.hpp"
#include "io/net_address.hpp"

namespace ats::services {
namespace {

constexpr Duration answer_within = seconds(10);

std::string explain(const VenueConfig& venue, venues::KeyFault fault) {
  using venues::KeyFault;
  const auto line = [&](std::string_view what) { return fmt::format("{}: {}", venue.name, what); };
  switch (fault) {
    case KeyFault::Rejected:
      return line(
          "refuses the key: not a key there, the secret of another one, or not to be used "
          "from this address; compare both with the venue's page of keys");
    case KeyFault::Expired:
      return line("the key has expired; make a new one there");
    case KeyFault::AddressRefused:
      return line("the key may not be used from this address; add it on the venue's page of keys");
    case KeyFault::ClockSkew:
      return line(
          "its clock and ours differ, or another process uses the key at this moment; set "
          "the clock by NTP, then try again");
    case KeyFault::RateLimited:
      return line("has had too many questions from here; try again in a minute");
    case KeyFault::Unavailable:
      return line("is in maintenance or out of order; try again later");
    case KeyFault::NotOffered:
      return line(fmt::format(
          "{} does not answer what a key may do; is it the venue's own address?", venue.urls.rest));
    case KeyFault::Malformed:
      return line(fmt::format("{} gave an answer that makes no sense", venue.urls.rest));
  }
  return line(name(fault));
}

}  // namespace

Result<security::KeyRights, std::string> ask_key_rights(io::Reactor& reactor,
                                                        const VenueConfig& venue,
                                                        const io::TlsContext* tls,
                                                        const venues::Credentials& credentials) {
  const venues::Protocol& protocol = *venues::find_protocol(venue.name);
  if (protocol.key_requests == nullptr)
    return fail(fmt::format("{}: no way is known to ask it what a key may do", venue.name));
  const auto url = io::parse_url(venue.urls.rest);
  if (!url) {
    return fail(fmt::format("venue.{}.rest_url: '{}': {}", venue.name, venue.urls.rest,
                            io::name(url.error())));
  }
  io::HttpClientOptions options;
  options.host = url->host;
  options.port = url->port;
  options.tls = url->tls ? tls : nullptr;
  io::HttpClient client(reactor, std::move(options));
  const venues::Now now{io::OsClock::now(), io::OsClock::wall()};
  std::vector<HttpResponse> answers;
  for (const HttpRequest& request : protocol.key_requests(credentials, now)) {
    std::optional<Result<HttpResponse, TransportError>> answer;
    client.request(request, answer_within, [&](auto result) { answer = std::move(result); });
    while (!answer) reactor.poll(milliseconds(50));
    if (!*answer) {
      return fail(fmt::format("{}: no answer from {}: {}", venue.name, venue.urls.rest,
                              name(answer->error())));
    }
    answers.push_back(std::move(**answer));
  }
  const auto rights = protocol.read_key_rights(answers, credentials.key);
  if (!rights) return fail(explain(venue, rights.error()));
  return *rights;
}

}  // namespace ats::services
