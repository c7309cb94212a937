#include "services/sim_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "io/clock.hpp"
#include "io/server.hpp"
#include "services/config.hpp"
#include "services/sim_setup.hpp"
#include "services/sim_venue.hpp"
#include "sim/market.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr std::string_view port_order[] = {"",         "binance", "upbit",
                                           "coinbase", "kraken",  "bitfinex"};

std::uint16_t port_of(std::uint16_t base, std::string_view venue) {
  if (base == 0) return 0;
  const auto* found = std::ranges::find(port_order, venue);
  return static_cast<std::uint16_t>(base + (found - std::begin(port_order)));
}

HttpResponse json_answer(int status, const json& body) {
  return {status, {{"Content-Type", "application/json"}}, body.dump()};
}

}  // namespace

class SimServer::World final : public io::ServerHandler {
 public:
  World(const SimServerOptions& options, Universe universe)
      : options_(options), universe_(std::move(universe)) {}

  // On the caller's thread, before the thread starts.
  std::optional<std::string> listen() {
    io::HttpServerOptions http;
    http.port = options_.port_base;
    auto control = io::HttpServer::listen(reactor_, *this, http);
    if (!control) return port_error(options_.port_base, control.error());
    control_ = std::move(*control);
    const Instant now = io::OsClock::now();
    const WallTime wall = io::OsClock::wall();
    Rng rng(options_.seed);
    for (std::size_t v = 0; v < universe_.venues().size(); ++v) {
      const VenueId id{static_cast<VenueId::rep>(v)};
      const std::string name(universe_.venue(id).name.view());
      auto venue = std::make_unique<SimVenueServer>(reactor_, universe_, id, rng.fork(v + 1));
      venue->set_time(now, wall);
      const venues::Protocol& protocol = *venues::find_protocol(name);
      std::string seed;
      for (int i = 0; i < 4; ++i) seed += fmt::format("{:016x}", rng.next());
      const venues::Credentials account = protocol.simulated_credentials(seed);
      venue->open_account(account.key, std::string(account.secret.reveal()));
      const bool withdraw =
          std::ranges::find(options_.withdrawal_rights, name) != options_.withdrawal_rights.end();
      venue->set_grants(withdraw, options_.key_life.ns > 0 ? wall + options_.key_life : WallTime{});
      for (const SimulatedFunds& funds : simulated_funds(universe_)) {
        if (funds.venue == id) venue->deposit(funds.asset, funds.amount);
      }
      const std::uint16_t port = port_of(options_.port_base, name);
      if (const auto failed = venue->listen(port)) return port_error(port, *failed);
      told_.push_back({name, urls(protocol, venue->port()), account});
      venues_.push_back(std::move(venue));
    }
    std::vector<sim::Exchange*> exchanges;
    for (const auto& venue : venues_) exchanges.push_back(&venue->exchange());
    market_.emplace(sim::calibrated_market(universe_, activity, edges), std::move(exchanges),
                    options_.seed, now);
    return std::nullopt;
  }

  void start() {
    market_tick();
    thread_ = std::thread([this] { reactor_.run(); });
  }

  ~World() override {
    if (thread_.joinable()) {
      reactor_.stop();
      thread_.join();
    }
  }

  const std::vector<SimVenue>& told() const { return told_; }
  // What its accounts pay, the same for all that it lists. Its instruments never change.
  FeeSchedule fees(std::string_view venue) const {
    const VenueId id = universe_.find_venue(venue);
    for (const Instrument& i : universe_.instruments()) {
      if (i.venue == id) return i.fees;
    }
    return {};
  }
  std::string control_url() const { return fmt::format("http://127.0.0.1:{}", control_->port()); }

  // From any thread: asked on the reactor's.
  std::string state_from_outside() {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<std::string> answer;
    reactor_.post([&] {
      const std::lock_guard guard(mutex);
      answer = state().dump();
      wake.notify_all();
    });
    std::unique_lock guard(mutex);
    wake.wait(guard, [&] { return answer.has_value(); });
    return std::move(*answer);
  }

 private:
  // Busier than a calm hour of the recorded books, and with dislocations every few seconds, so that a
  // minute shows everything (docs/simulation.md says how far that is from life).
  static constexpr double activity = 4;
  static constexpr double edges = 12;
  static constexpr Duration step_every = milliseconds(5);

  static std::string port_error(std::uint16_t port, io::ListenError error) {
    return fmt::format("port {}: {}; choose another --port-base", port, io::name(error));
  }

  static venues::VenueUrls urls(const venues::Protocol& protocol, std::uint16_t port) {
    // The live URLs with another scheme, host and port: the paths are the exchange's own.
    const auto here = [&](const std::string& live, const char* scheme) {
      const std::size_t host = live.find("://") + 3;
      const std::size_t path = live.find('/', host);
      return fmt::format("{}://127.0.0.1:{}{}", scheme, port,
                         path == std::string::npos ? "" : live.substr(path));
    };
    return {here(protocol.urls.rest, "http"), here(protocol.urls.market, "ws"),
            here(protocol.urls.trading, "ws")};
  }

  void market_tick() {
    const Instant now = io::OsClock::now();
    const WallTime wall = io::OsClock::wall();
    for (const auto& venue : venues_) venue->set_time(now, wall);
    while (market_->next() <= now) market_->step();
    for (const auto& venue : venues_) venue->deliver();
    reactor_.after(step_every, [this] { market_tick(); });
  }

  SimVenueServer* find(const std::string& name) {
    for (const auto& venue : venues_) {
      if (venue->name() == name) return venue.get();
    }
    return nullptr;
  }

  void on_request(const HttpRequest& request, io::Responder responder) override {
    if (request.method == "GET" && request.target == "/venues") {
      responder.respond(json_answer(200, venues_json()));
    } else if (request.method == "GET" && request.target == "/state") {
      responder.respond(json_answer(200, state()));
    } else if (request.method == "POST" && request.target == "/faults") {
      responder.respond(inject(request.body));
    } else {
      responder.respond(json_answer(404, {{"error", "GET /venues, GET /state or POST /faults"}}));
    }
  }
  std::optional<HttpResponse> on_upgrade(const HttpRequest&) override {
    return json_answer(404, {{"error", "no WebSocket here"}});
  }
  void on_open(io::SessionId, std::string_view) override {}
  void on_message(io::SessionId, io::Opcode, std::string_view, Instant) override {}
  void on_close(io::SessionId, const io::WsClosed&) override {}

  json venues_json() const {
    json out = json::object();
    for (const SimVenue& venue : told_) {
      out[venue.name] = {{"rest", venue.urls.rest},
                         {"market", venue.urls.market},
                         {"trading", venue.urls.trading},
                         {"key", venue.credentials.key},
                         {"secret", std::string(venue.credentials.secret.reveal())}};
    }
    return out;
  }

  json state() const {
    json out{{"venues", json::object()}};
    for (const auto& venue : venues_) out["venues"][venue->name()] = venue->state();
    return out;
  }

  HttpResponse inject(const std::string& body) {
    const auto wrong = [](std::string_view what) { return json_answer(400, {{"error", what}}); };
    const json order = json::parse(body, nullptr, false);
    if (!order.is_object())
      return wrong("expected an object {\"venue\", \"kind\", \"for_ms\" or \"count\"}");
    const auto text = [&](const char* key) {
      const auto found = order.find(key);
      return found != order.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto number = [&](const char* key) -> std::int64_t {
      const auto found = order.find(key);
      return found != order.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
    };
    SimVenueServer* venue = find(text("venue"));
    if (venue == nullptr) return wrong("no such venue");
    const auto kind = sim::parse_fault_kind(text("kind"));
    if (!kind) return wrong("no such kind of fault");
    sim::FaultOrder fault;
    fault.kind = *kind;
    const std::int64_t for_ms = number("for_ms");
    const std::int64_t count = number("count");
    if (for_ms < 0 || for_ms > 3'600'000 || count < 0 || count > 1'000'000 ||
        (for_ms == 0 && count == 0)) {
      return wrong("for_ms (1 to 3600000) or count (1 to 1000000) is needed");
    }
    fault.length = milliseconds(for_ms);
    fault.count = for_ms > 0 ? 0 : static_cast<std::uint32_t>(count);
    if (const std::int64_t by = number("by_ms"); by != 0)
      fault.by = milliseconds(std::clamp<std::int64_t>(by, -3'600'000, 3'600'000));
    venue->inject(fault);
    return json_answer(200, {{"ok", true}});
  }

  const SimServerOptions options_;
  const Universe universe_;
  io::Reactor reactor_;
  std::unique_ptr<io::HttpServer> control_;
  std::vector<std::unique_ptr<SimVenueServer>> venues_;
  std::vector<SimVenue> told_;
  std::optional<sim::Market> market_;
  std::thread thread_;
};

std::vector<std::string> simulated_venues() {
  std::vector<std::string> names;
  for (const venues::Protocol* protocol : venues::protocols()) {
    if (protocol->make_server != nullptr) names.emplace_back(protocol->name);
  }
  return names;
}

SimServer::SimServer(std::unique_ptr<World> world) : world_(std::move(world)) {}
SimServer::~SimServer() = default;

Result<std::unique_ptr<SimServer>, std::string> SimServer::start(const SimServerOptions& options) {
  if (options.port_base > 65'530) return fail(std::string("--port-base: at most 65530"));
  for (const std::string& name : options.withdrawal_rights) {
    if (std::ranges::find(options.venues, name) == options.venues.end())
      return fail("--withdrawal-rights: '" + name + "' is none of the venues served");
  }
  for (const std::string& name : options.venues) {
    const venues::Protocol* protocol = venues::find_protocol(name);
    if (protocol == nullptr || protocol->make_server == nullptr) {
      return fail("'" + name + "' is not a venue that can be simulated");
    }
  }
  auto universe = simulated_universe(options.venues, options.pairs);
  if (!universe) return fail(universe.error());
  auto world = std::make_unique<World>(options, std::move(*universe));
  if (auto error = world->listen()) return fail(std::move(*error));
  world->start();
  return std::unique_ptr<SimServer>(new SimServer(std::move(world)));
}

std::string SimServer::control_url() const { return world_->control_url(); }
const std::vector<SimVenue>& SimServer::venues() const { return world_->told(); }
std::map<std::string, venues::Credentials> SimServer::point(Config& config) const {
  std::map<std::string, venues::Credentials> credentials;
  for (const SimVenue& venue : venues()) {
    for (VenueConfig& known : config.venues) {
      if (known.name != venue.name) continue;
      known.enabled = true;
      known.urls = venue.urls;
      const FeeSchedule fees = world_->fees(venue.name);
      known.maker_fee = fees.maker;
      known.taker_fee = fees.taker;
    }
    credentials[venue.name] = venue.credentials;
  }
  return credentials;
}

std::string SimServer::state_json() const { return world_->state_from_outside(); }

}  // namespace ats::services
