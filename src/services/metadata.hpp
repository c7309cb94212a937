// Asks the venues of the configuration what they list: at start, when the wanted pairs are put into the
// universe, and again on a timer, when what has changed becomes an event for the core.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "io/http.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "services/config.hpp"

namespace ats::services {

// Adds to `universe` (ids that are there stay). Waits for the answers, at most about ten seconds a venue.
// A pair that a venue does not list is left out there; a venue that lists none of them, or does not
// answer, is an error that says so. `seen`, where it is told, sees each answer with the URL that was asked.
using SeenAnswer =
    std::function<void(std::string_view venue, std::string_view url, const HttpResponse& answer)>;
Status<std::string> load_instruments(io::Reactor& reactor, const Config& config,
                                     const io::TlsContext* tls, Universe& universe,
                                     const SeenAnswer& seen = {});

std::vector<venues::WantedPair> wanted_pairs(const Config& config);

// What a venue answered to the questions for some pairs.
struct MetadataPart {
  std::vector<venues::WantedPair> pairs;
  std::vector<HttpResponse> answers;
};

// All metadata questions of one venue, one after the other. Venues refuse a whole question for one pair they
// do not list: such a question is asked again in halves, until the pair stands alone and is left out.
class MetadataQuestion {
 public:
  using Answer = std::function<void(Result<std::vector<MetadataPart>, std::string>)>;
  // The answer comes from within Reactor::poll(), once, unless the question is destroyed before.
  MetadataQuestion(io::Reactor& reactor, const VenueConfig& venue, const io::TlsContext* tls,
                   std::vector<venues::WantedPair> pairs, Answer answer);

 private:
  void begin();
  void ask_next();
  void split();
  void finish(Result<std::vector<MetadataPart>, std::string> result);

  const VenueConfig& venue_;
  Answer answer_;
  std::unique_ptr<io::HttpClient> client_;
  std::vector<std::vector<venues::WantedPair>> waiting_;  // the last one is asked next
  MetadataPart part_;                                     // being asked
  std::vector<HttpRequest> requests_;
  std::vector<MetadataPart> done_;
};

// Watches what the venues say of the instruments of a universe. An instrument whose metadata changed, or
// that its venue lists no more (it is Halted then), is told as InstrumentChanged; the universe takes the new
// figures along unless its scales changed: decoders count in the old ones until a restart, and the core halts
// the pair. Fees stay as they are: those of the account were learnt from the account. A venue that does not answer leaves everything as it was, and is counted.
class InstrumentWatch {
 public:
  struct Counters {
    std::uint64_t rounds = 0;    // of questions to every venue
    std::uint64_t failures = 0;  // venues that gave no usable answer in a round
    std::uint64_t changes = 0;   // told
    std::string last_failure;    // for people
  };
  // Everything outlives the watch. `every` zero: only refresh().
  InstrumentWatch(io::Reactor& reactor, const Config& config, const io::TlsContext* tls,
                  Universe& universe, Duration every, EventSink& sink);
  ~InstrumentWatch();

  void start();
  // Asks now; nothing while a round is under way.
  void refresh();
  const Counters& counters() const { return counters_; }

 private:
  void ask(std::size_t venue);
  void compare(const VenueConfig& venue, const std::vector<MetadataPart>& parts);

  io::Reactor& reactor_;
  const Config& config_;
  const io::TlsContext* tls_;
  Universe& universe_;
  const Duration every_;
  EventSink& sink_;
  std::vector<venues::WantedPair> pairs_;
  std::unique_ptr<MetadataQuestion> question_;
  io::TimerId timer_;
  io::TimerId next_;  // the next venue's turn
  bool busy_ = false;
  Counters counters_;
};

}  // namespace ats::services
