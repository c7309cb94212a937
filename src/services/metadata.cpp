#include "services/metadata.hpp"

#include <fmt/format.h>

#include <optional>

#include "io/net_address.hpp"

namespace ats::services {
namespace {

constexpr Duration answer_within = seconds(10);

// Puts what the venue lists of the pairs into the universe; how many, or what is wrong.
Result<std::size_t, std::string> read_pairs(const VenueConfig& venue, VenueId id,
                                            const MetadataPart& part, Universe& universe) {
  const venues::Protocol& protocol = *venues::find_protocol(venue.name);
  std::size_t listed = 0;
  for (const venues::WantedPair& pair : part.pairs) {
    const auto read = protocol.read_metadata(part.answers, std::span(&pair, 1), id, universe);
    if (read) {
      ++listed;
    } else if (read.error() != venues::MetadataError::PairNotListed) {
      return fail(fmt::format("{}: the metadata of {}/{} cannot be used: {}", venue.name, pair.base,
                              pair.quote, name(read.error())));
    }
  }
  return listed;
}

Result<std::size_t, std::string> read_pairs(const VenueConfig& venue, VenueId id,
                                            const std::vector<MetadataPart>& parts,
                                            Universe& universe) {
  std::size_t listed = 0;
  for (const MetadataPart& part : parts) {
    auto read = read_pairs(venue, id, part, universe);
    if (!read) return read;
    listed += *read;
  }
  return listed;
}

// The answers stand in the order of the questions.
void tell_seen(const VenueConfig& venue, const std::vector<MetadataPart>& parts,
               const SeenAnswer& seen) {
  for (const MetadataPart& part : parts) {
    const auto requests = venues::find_protocol(venue.name)->metadata_requests(part.pairs);
    for (std::size_t i = 0; i < part.answers.size() && i < requests.size(); ++i)
      seen(venue.name, venue.urls.rest + requests[i].target, part.answers[i]);
  }
}

// What the account pays, where the configuration says so.
void take_own_fees(const VenueConfig& venue, VenueId id, Universe& universe) {
  if (!venue.maker_fee && !venue.taker_fee) return;
  for (std::size_t n = 0; n < universe.instruments().size(); ++n) {
    Instrument own = universe.instruments()[n];
    if (own.venue != id) continue;
    own.fees.maker = venue.maker_fee.value_or(own.fees.maker);
    own.fees.taker = venue.taker_fee.value_or(own.fees.taker);
    universe.add_instrument(own);
  }
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

MetadataQuestion::MetadataQuestion(io::Reactor& reactor, const VenueConfig& venue,
                                   const io::TlsContext* tls, std::vector<venues::WantedPair> pairs,
                                   Answer answer)
    : venue_(venue), answer_(std::move(answer)) {
  io::HttpClientOptions options;
  const auto url = io::parse_url(venue.urls.rest);
  ATS_ASSERT(url.ok());  // checked when the configuration was read
  options.host = url->host;
  options.port = url->port;
  options.tls = url->tls ? tls : nullptr;
  client_ = std::make_unique<io::HttpClient>(reactor, std::move(options));
  waiting_.push_back(std::move(pairs));
  begin();
}

void MetadataQuestion::begin() {
  if (waiting_.empty()) return finish(std::move(done_));
  part_ = {std::move(waiting_.back()), {}};
  waiting_.pop_back();
  requests_ = venues::find_protocol(venue_.name)->metadata_requests(part_.pairs);
  ask_next();
}

void MetadataQuestion::ask_next() {
  if (part_.answers.size() == requests_.size()) {
    Universe scratch;
    const VenueId id = scratch.add_venue(venue_.name, {});
    const auto listed = read_pairs(venue_, id, part_, scratch);
    if (listed && *listed == 0) return split();
    done_.push_back(std::move(part_));
    return begin();
  }
  client_->request(
      requests_[part_.answers.size()], answer_within,
      [this](Result<HttpResponse, TransportError> answer) {
        if (!answer) {
          return finish(fail(fmt::format("{}: no metadata from {}: {}", venue_.name,
                                         venue_.urls.rest, name(answer.error()))));
        }
        if (answer->status == 400 || answer->status == 404) return split();
        if (answer->status != 200) {
          return finish(fail(fmt::format("{}: {} answered HTTP {} to the question for metadata",
                                         venue_.name, venue_.urls.rest, answer->status)));
        }
        part_.answers.push_back(std::move(*answer));
        ask_next();
      });
}

// Refused, or nothing of it is listed: which pair it is for shows when each half is asked alone.
void MetadataQuestion::split() {
  const auto& pairs = part_.pairs;
  if (pairs.size() > 1) {
    const auto middle = pairs.begin() + static_cast<std::ptrdiff_t>(pairs.size() / 2);
    waiting_.emplace_back(middle, pairs.end());
    waiting_.emplace_back(pairs.begin(), middle);
  }
  begin();
}

// The owner may destroy the question from within its answer.
void MetadataQuestion::finish(Result<std::vector<MetadataPart>, std::string> result) {
  const Answer answer = std::move(answer_);
  answer(std::move(result));
}

Status<std::string> load_instruments(io::Reactor& reactor, const Config& config,
                                     const io::TlsContext* tls, Universe& universe,
                                     const SeenAnswer& seen) {
  const auto pairs = wanted_pairs(config);
  for (const VenueConfig& venue : config.venues) {
    if (!venue.enabled) continue;
    if (const auto url = io::parse_url(venue.urls.rest); !url) {
      return fail(fmt::format("venue.{}.rest_url: '{}': {}", venue.name, venue.urls.rest,
                              io::name(url.error())));
    }
    std::optional<Result<std::vector<MetadataPart>, std::string>> answers;
    const MetadataQuestion question(reactor, venue, tls, pairs,
                                    [&](auto result) { answers = std::move(result); });
    while (!answers) reactor.poll(milliseconds(50));
    if (!*answers) return fail(answers->error());
    if (seen) tell_seen(venue, **answers, seen);
    const venues::Protocol& protocol = *venues::find_protocol(venue.name);
    const VenueId id = universe.add_venue(venue.name, protocol.rules, protocol.amends);
    const auto listed = read_pairs(venue, id, **answers, universe);
    if (!listed) return fail(listed.error());
    if (*listed == 0)
      return fail(fmt::format("{}: lists none of the pairs in general.pairs", venue.name));
    take_own_fees(venue, id, universe);
  }
  return Done{};
}

InstrumentWatch::InstrumentWatch(io::Reactor& reactor, const Config& config,
                                 const io::TlsContext* tls, Universe& universe, Duration every,
                                 EventSink& sink)
    : reactor_(reactor),
      config_(config),
      tls_(tls),
      universe_(universe),
      every_(every),
      sink_(sink),
      pairs_(wanted_pairs(config)) {}

InstrumentWatch::~InstrumentWatch() {
  reactor_.cancel(timer_);
  reactor_.cancel(next_);
}

void InstrumentWatch::start() {
  if (every_.ns <= 0) return;
  timer_ = reactor_.after(every_, [this] {
    refresh();
    start();
  });
}

void InstrumentWatch::refresh() {
  if (busy_) return;
  busy_ = true;
  ask(0);
}

void InstrumentWatch::ask(std::size_t venue) {
  while (venue < config_.venues.size() && !config_.venues[venue].enabled) ++venue;
  if (venue == config_.venues.size()) {
    busy_ = false;
    ++counters_.rounds;
    return;
  }
  const VenueConfig& asked = config_.venues[venue];
  question_ = std::make_unique<MetadataQuestion>(
      reactor_, asked, tls_, pairs_, [this, venue, &asked](auto answers) {
        if (answers) {
          compare(asked, *answers);
        } else {
          ++counters_.failures;
          counters_.last_failure = answers.error();
        }
        // Not from within the old question's own client.
        next_ = reactor_.after(milliseconds(1), [this, venue] { ask(venue + 1); });
      });
}

void InstrumentWatch::compare(const VenueConfig& venue, const std::vector<MetadataPart>& parts) {
  const VenueId id = universe_.find_venue(venue.name);
  Universe fresh;
  const VenueId there = fresh.add_venue(venue.name, {});
  const auto listed = read_pairs(venue, there, parts, fresh);
  if (!listed) {
    ++counters_.failures;
    counters_.last_failure = listed.error();
    return;
  }
  const std::size_t known = universe_.instruments().size();
  for (std::size_t n = 0; n < known; ++n) {
    const Instrument held = universe_.instruments()[n];
    if (held.venue != id) continue;
    Instrument told = held;
    const InstrumentId found = fresh.find_instrument(there, held.symbol.view());
    if (found.valid()) {
      told = fresh.instrument(found);
      told.id = held.id;
      told.venue = held.venue;
      told.pair = held.pair;
      told.base = held.base;
      told.quote = held.quote;
      told.fees = held.fees;
    } else {
      told.status = InstrumentStatus::Halted;
    }
    if (told == held) continue;
    ++counters_.changes;
    if (told.price_scale == held.price_scale && told.qty_scale == held.qty_scale)
      universe_.add_instrument(told);
    sink_.on(InstrumentChanged{told});
  }
}

}  // namespace ats::services
