#include "services/monitor.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "io/net_address.hpp"
#include "io/process_usage.hpp"
#include "io/server.hpp"
#include "services/metrics_page.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

HttpResponse plain(int status, std::string body, const char* type = "text/plain; charset=utf-8") {
  return {status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, std::move(body)};
}

struct Place {
  std::string address;
  std::uint16_t port = 0;
  bool loopback() const { return address.starts_with("127."); }
};

std::optional<Place> place_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  Place place{std::string(text.substr(0, colon))};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, place.port);
  if (error != std::errc() || end != last) return std::nullopt;
  const auto address = io::numeric_address(place.address, place.port);
  if (!address || address->storage.ss_family != AF_INET) return std::nullopt;
  return place;
}

// Nothing: plain.
Result<std::optional<io::TlsContext>, std::string> dress_of(const std::string& listen,
                                                            const Monitor::Identity& identity) {
  const auto place = place_of(listen);
  if (!place) {
    return fail(fmt::format(
        "monitoring.listen: '{}': expected an address such as 127.0.0.1 and a port", listen));
  }
  if (place->loopback()) return std::optional<io::TlsContext>();
  if (identity.cert.empty() || identity.key.empty()) {
    return fail(fmt::format(
        "monitoring.listen: '{}' is not on loopback, so it needs risk.tls_cert and risk.tls_key",
        listen));
  }
  auto tls = io::TlsContext::server(identity.cert, identity.key);
  if (!tls) return fail(fmt::format("risk.tls_cert, risk.tls_key: {}", io::name(tls.error())));
  return std::optional(std::move(*tls));
}

}  // namespace

class Monitor::Parts final : private io::ServerHandler {
 public:
  Parts(io::Reactor& process, const MonitorSource& source) : bridge_(process), source_(source) {}

  ~Parts() override {
    // What was asked is answered here and now; what comes later is told that nobody answers.
    bridge_.close();
    reactor_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::optional<std::string> listen(const std::string& where, const Identity& identity) {
    auto dress = dress_of(where, identity);
    if (!dress) return dress.error();
    tls_ = std::move(*dress);
    const auto place = place_of(where);
    auto server = io::HttpServer::listen(reactor_, *this,
                                         {.address = place->address,
                                          .port = place->port,
                                          .tls = tls_ ? &*tls_ : nullptr,
                                          .limits = {8192, 8192}});
    if (!server) {
      return fmt::format(
          "monitoring.listen: {}: {}; choose another port, or 0 for any that is free", where,
          io::name(server.error()));
    }
    server_ = std::move(*server);
    address_ = fmt::format("{}:{}", place->address, server_->port());
    thread_ = std::thread([this] { reactor_.run(); });
    return std::nullopt;
  }

  const std::string& address() const { return address_; }
  bool over_tls() const { return tls_.has_value(); }

 private:
  enum class Asked : std::uint8_t { Metrics, Health, Readiness };
  struct Waiting {
    Asked asked;
    io::Responder responder;
    Instant until;
  };

  // --- the monitor's thread ---

  void on_request(const HttpRequest& request, io::Responder responder) override {
    if (request.method != "GET") {
      responder.respond(plain(405, "GET only\n"));
    } else if (request.target == "/metrics") {
      ask(Asked::Metrics, responder);
    } else if (request.target == "/healthz") {
      ask(Asked::Health, responder);
    } else if (request.target == "/readyz") {
      ask(Asked::Readiness, responder);
    } else {
      responder.respond(plain(404, "/metrics, /healthz or /readyz\n"));
    }
  }
  std::optional<HttpResponse> on_upgrade(const HttpRequest&) override {
    return plain(404, "no WebSocket here\n");
  }
  void on_open(io::SessionId, std::string_view) override {}
  void on_message(io::SessionId, io::Opcode, std::string_view, Instant) override {}
  void on_close(io::SessionId, const io::WsClosed&) override {}

  // One question for all who wait: a loop that stands still is not asked a thousand times when it goes on.
  void ask(Asked asked, const io::Responder& responder) {
    const Instant until = io::OsClock::now() + answer_within;
    waiting_.push_back({asked, responder, until});
    reactor_.after(answer_within, [this] { give_up(); });
    if (std::exchange(under_way_, true)) return;
    const bool taken = bridge_.submit([this] {
      auto view = std::make_shared<MonitorView>();
      source_.monitored(*view);
      reactor_.post([this, view] { answer(*view); });
    });
    if (!taken) under_way_ = false;
  }

  void give_up() {
    const Instant now = io::OsClock::now();
    std::erase_if(waiting_, [&](const Waiting& w) {
      if (now < w.until) return false;
      w.responder.respond(plain(503, "the process's loop does not answer\n"));
      return true;
    });
  }

  void answer(const MonitorView& view) {
    under_way_ = false;
    std::optional<std::string> page;
    for (const Waiting& w : std::exchange(waiting_, {})) {
      switch (w.asked) {
        case Asked::Metrics:
          if (!page) page = metrics_page(view, io::process_usage());
          w.responder.respond(plain(200, *page, metrics_content_type));
          break;
        case Asked::Health:
          w.responder.respond(plain(200, "ok\n"));
          break;
        case Asked::Readiness: {
          const json body{{"ready", view.not_ready.empty()},
                          {"role", view.role},
                          {"not_ready", view.not_ready},
                          {"degraded", view.degraded}};
          w.responder.respond(
              plain(view.not_ready.empty() ? 200 : 503, body.dump() + "\n", "application/json"));
          break;
        }
      }
    }
  }

  io::CallBridge bridge_;
  const MonitorSource& source_;
  io::Reactor reactor_;
  std::string address_;
  std::vector<Waiting> waiting_;
  bool under_way_ = false;
  std::optional<io::TlsContext> tls_;
  std::unique_ptr<io::HttpServer> server_;
  std::thread thread_;
};

Monitor::Monitor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Monitor::~Monitor() = default;
const std::string& Monitor::address() const { return parts_->address(); }

std::string Monitor::url() const {
  return (parts_->over_tls() ? "https://" : "http://") + parts_->address();
}

bool Monitor::can_listen(std::string_view text) { return place_of(text).has_value(); }

Status<std::string> Monitor::check(const std::string& listen, const Identity& identity) {
  const auto dress = dress_of(listen, identity);
  if (!dress) return fail(dress.error());
  return Done{};
}

Result<std::unique_ptr<Monitor>, std::string> Monitor::open(io::Reactor& reactor,
                                                            const MonitorSource& source,
                                                            const std::string& listen,
                                                            const Identity& identity) {
  auto parts = std::make_unique<Parts>(reactor, source);
  if (auto error = parts->listen(listen, identity)) return fail(std::move(*error));
  return std::unique_ptr<Monitor>(new Monitor(std::move(parts)));
}

}  // namespace ats::services
