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
#include "io/process_usage.hpp"
#include "io/server.hpp"
#include "services/metrics_page.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr std::string_view loopback = "127.0.0.1:";

HttpResponse plain(int status, std::string body, const char* type = "text/plain; charset=utf-8") {
  return {status, {{"Content-Type", type}, {"Cache-Control", "no-store"}}, std::move(body)};
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  if (!text.starts_with(loopback)) return std::nullopt;
  text.remove_prefix(loopback.size());
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(port)
                                                                  : std::nullopt;
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

  std::optional<std::string> listen(const std::string& where) {
    const auto port = port_of(where);
    if (!port) return fmt::format("monitoring.listen: {}: expected 127.0.0.1 and a port", where);
    auto server = io::HttpServer::listen(reactor_, *this, {.port = *port, .limits = {8192, 8192}});
    if (!server) {
      return fmt::format(
          "monitoring.listen: {}: {}; choose another port, or 0 for any that is free", where,
          io::name(server.error()));
    }
    server_ = std::move(*server);
    address_ = fmt::format("{}{}", loopback, server_->port());
    thread_ = std::thread([this] { reactor_.run(); });
    return std::nullopt;
  }

  const std::string& address() const { return address_; }

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
  std::unique_ptr<io::HttpServer> server_;
  std::thread thread_;
};

Monitor::Monitor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Monitor::~Monitor() = default;
const std::string& Monitor::address() const { return parts_->address(); }

bool Monitor::can_listen(std::string_view text) { return port_of(text).has_value(); }

Result<std::unique_ptr<Monitor>, std::string> Monitor::open(io::Reactor& reactor,
                                                            const MonitorSource& source,
                                                            const std::string& listen) {
  auto parts = std::make_unique<Parts>(reactor, source);
  if (auto error = parts->listen(listen)) return fail(std::move(*error));
  return std::unique_ptr<Monitor>(new Monitor(std::move(parts)));
}

}  // namespace ats::services
