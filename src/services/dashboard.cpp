#include "services/dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "io/call_bridge.hpp"
#include "io/clock.hpp"
#include "io/server.hpp"
#include "io/tls.hpp"
#include "services/access.hpp"
#include "services/api_answer.hpp"
#include "services/dashboard_acts.hpp"
#include "services/dashboard_pages.hpp"
#include "services/equity_series.hpp"
#include "services/shared_answers.hpp"
#include "services/version.hpp"
#include "services/web_page.hpp"

namespace ats::services {
namespace {

using nlohmann::json;

constexpr std::string_view usual_address = "127.0.0.1";
constexpr std::uint16_t usual_port = 8420;
constexpr Duration look_every = seconds(1);
// How soon a page is shut whose user was disabled, or whose session is over.
constexpr Duration still_every = seconds(5);
constexpr std::size_t curve_points = 500;
constexpr Duration fetched_within = seconds(30);

struct Place {
  std::string address = std::string(usual_address);
  std::uint16_t port = usual_port;
  bool any_port = false;  // where that one is taken
};

Place place_of(const std::string& listen) {
  if (listen == "auto") return {std::string(usual_address), usual_port, true};
  const std::size_t colon = listen.rfind(':');
  Place place{listen.substr(0, colon)};
  std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), place.port);
  return place;
}

Result<std::optional<io::TlsContext>, std::string> dress_of(const DashboardConfig& config) {
  const bool loopback = place_of(config.listen).address.starts_with("127.");
  if (config.tls_cert.empty() != config.tls_key.empty())
    return fail(std::string("dashboard.tls_cert and dashboard.tls_key: both, or none"));
  if (config.tls_cert.empty()) {
    if (loopback) return std::optional<io::TlsContext>();
    return fail(
        fmt::format("dashboard.listen: '{}' is not on loopback, so it needs "
                    "dashboard.tls_cert and dashboard.tls_key (`ats tls init`)",
                    config.listen));
  }
  auto tls = io::TlsContext::server(config.tls_cert, config.tls_key);
  if (!tls)
    return fail(fmt::format("dashboard.tls_cert, dashboard.tls_key: {}", io::name(tls.error())));
  return std::optional(std::move(*tls));
}

// What every answer carries. The page's scripts and styles are its own files and nothing else.
void secure(HttpResponse& response, bool tls) {
  const auto add = [&](const char* name, const char* value) {
    if (response.header(name) == nullptr) response.headers.push_back({name, value});
  };
  add("Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; "
      "frame-ancestors 'none'");
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  add("Cache-Control", "no-store");
  if (tls) add("Strict-Transport-Security", "max-age=31536000");
}

std::string_view path_of(const std::string& target) {
  return std::string_view(target).substr(0, target.find('?'));
}
std::string_view query_of(const std::string& target) {
  const std::size_t mark = target.find('?');
  return mark == target.npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

// Of a client that makes none: nobody else's, so that it is asked for once.
std::string made_up_id() { return "dashboard-" + random_id() + random_id(); }

}  // namespace

class Dashboard::Parts final : private io::ServerHandler {
 public:
  explicit Parts(DashboardSetup setup)
      : setup_(std::move(setup)),
        bridge_(reactor_),
        acts_([this](AskedAt at, const std::string& engine) { return find(at, engine); },
              [] { return io::OsClock::wall(); }),
        pages_(reactor_, answers_,
               {[this](io::SessionId id, std::string_view text) {
                  return server_->send_text(id, text);
                },
                [this](io::SessionId id) { return server_->unsent(id); },
                [this](AskedAt at, const std::string& engine) { return find(at, engine); }}) {}

  ~Parts() override {
    reactor_.stop();
    if (thread_.joinable()) thread_.join();
    reactor_.cancel(look_timer_);
    reactor_.cancel(still_timer_);
    reactor_.cancel(equity_timer_);
    sources_.clear();
    access_.reset();
    bridge_.close();
  }

  std::optional<std::string> open() {
    auto dress = dress_of(setup_.config);
    if (!dress) return dress.error();
    tls_ = std::move(*dress);
    if (auto wrong = open_access()) return wrong;
    if (auto wrong = listen()) return wrong;
    for (const DashboardSource& source : setup_.sources) {
      sources_.push_back({source.is, std::make_unique<ApiSource>(reactor_, source.name,
                                                                 source.address, source.channel)});
    }
    started_ = io::OsClock::wall();
    if (const std::string token = access_->setup_link_token(started_); !token.empty())
      first_link_ = url_ + "/#/setup?token=" + token;
    thread_ = std::thread([this] {
      look();
      look_at_pages();
      read_equity();
      reactor_.run();
    });
    return std::nullopt;
  }

  const std::string& url() const { return url_; }
  const std::optional<std::string>& first_link() const { return first_link_; }
  DashboardStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  struct Source {
    AskedAt is;
    std::unique_ptr<ApiSource> source;
  };

  std::optional<std::string> open_access() {
    AccessOptions options;
    options.config = setup_.access;
    options.tls = tls_.has_value();
    options.post = [this](std::function<void()> call) { bridge_.submit(std::move(call)); };
    options.carry_out = [this](const Approval& approval, const Caller& approver, Answer answer) {
      acts_.carry_out(approval, approver, std::move(answer));
    };
    options.approvals_changed = [this] { show_approvals(); };
    const std::filesystem::path folder = setup_.data_dir / "dashboard";
    auto access = Access::open(folder, std::move(options));
    if (!access) return access.error();
    access_ = std::move(*access);
    acts_.use(*access_);
    auto equity = EquitySeries::open(folder / "equity.db");
    if (!equity) return equity.error();
    equity_ = std::move(*equity);
    return std::nullopt;
  }

  std::optional<std::string> listen() {
    const Place place = place_of(setup_.config.listen);
    io::HttpServerOptions options;
    options.address = place.address;
    options.port = place.port;
    options.tls = tls_ ? &*tls_ : nullptr;
    options.limits = {.header_max = 16 * 1024, .body_max = 256 * 1024};
    options.websocket.message_max = 16 * 1024;
    options.websocket.ping_every = seconds(15);
    options.websocket.pong_within = seconds(15);
    options.connections_max = 1'000;
    options.request_within = seconds(10);
    options.idle_within = seconds(60);
    auto server = io::HttpServer::listen(reactor_, *this, options);
    if (!server && server.error() == io::ListenError::PortInUse && place.any_port) {
      options.port = 0;
      server = io::HttpServer::listen(reactor_, *this, options);
    }
    if (!server) {
      return fmt::format(
          "dashboard.listen: {}:{}: {}; choose another port, or 0 for any that is free",
          place.address, place.port, io::name(server.error()));
    }
    server_ = std::move(*server);
    const std::string at = fmt::format("{}:{}", place.address, server_->port());
    // All addresses are no address to go to.
    const std::string named = setup_.config.hosts.empty() ? "localhost" : setup_.config.hosts[0];
    url_ =
        fmt::format("{}://{}", tls_ ? "https" : "http",
                    place.address != "0.0.0.0" ? at : fmt::format("{}:{}", named, server_->port()));
    hosts_ = {at, fmt::format("localhost:{}", server_->port()),
              fmt::format("127.0.0.1:{}", server_->port())};
    for (const std::string& host : setup_.config.hosts) {
      hosts_.push_back(host);
      hosts_.push_back(fmt::format("{}:{}", host, server_->port()));
    }
    return std::nullopt;
  }

  // --- whom to ask ---

  ApiSource* find(AskedAt at, const std::string& engine) const {
    const auto has = [&](AskedAt is, const std::string& name) -> ApiSource* {
      for (const Source& s : sources_) {
        if (s.is == is && (name.empty() || s.source->name() == name)) return s.source.get();
      }
      return nullptr;
    };
    // An engine keeps its own limits where there is no role for several.
    if (at == AskedAt::Risk && engine.empty()) {
      if (ApiSource* role = has(AskedAt::Risk, {})) return role;
    }
    return has(at == AskedAt::Notifier ? at : AskedAt::Engine, engine);
  }

  // --- requests ---

  void on_request(const HttpRequest& request, io::Responder responder) override {
    ++requests_;
    const auto answer = [this, responder](HttpResponse response) {
      if (response.status == 401 || response.status == 403) ++refused_;
      secure(response, tls_.has_value());
      responder.respond(response);
    };
    if (!host_is_ours(request)) {
      return answer(api_error(ApiError::PermissionDenied,
                              "this server is not called that (dashboard.hosts)", "host"));
    }
    const std::string_view path = path_of(request.target);
    if (!path.starts_with("/api/")) return answer(file(request, path));
    if (path == "/api/openapi.json") return answer(document(request));
    const std::string from = responder.from();
    const WallTime now = io::OsClock::wall();
    if (access_->serve(request, from, now, answer)) return;
    auto caller = access_->who(request, from, now);
    if (!caller) return answer(caller.error());
    if (path == "/api/v1/system" || path == "/api/v1/equity" || path == "/api/v1/stream")
      return answer(own(request, path, *caller));
    ApiMatch match = find_api_method(request.method, path);
    if (match.method == nullptr) {
      if (match.allowed.empty())
        return answer(api_error(ApiError::NotFound, "there is no such path (/api/openapi.json)"));
      HttpResponse no = api_error(ApiError::Unimplemented, "it takes " + match.allowed);
      no.headers.push_back({"Allow", match.allowed});
      return answer(std::move(no));
    }
    if (auto no = access_->refuse(*caller, request, match.method->permission))
      return answer(std::move(*no));
    ask(request, *caller, std::move(match), answer);
  }

  bool host_is_ours(const HttpRequest& request) const {
    const std::string* host = request.header("Host");
    return host != nullptr && std::ranges::any_of(hosts_, [&](const std::string& ours) {
             return io::equals_ignoring_case(ours, *host);
           });
  }

  HttpResponse file(const HttpRequest& request, std::string_view path) const {
    if (request.method != "GET" && request.method != "HEAD")
      return {405, {{"Allow", "GET, HEAD"}}, "GET only\n"};
    const WebFile* found = find_web_file(path);
    if (found == nullptr) {
      return {404,
              {{"Content-Type", "text/plain; charset=utf-8"}},
              path == "/"
                  ? "This program was built without the dashboard's page; its API is here.\n"
                  : "There is nothing here.\n"};
    }
    HttpResponse out{200, {{"Content-Type", std::string(found->type)}}, {}};
    out.headers.push_back({"ETag", std::string(found->etag)});
    out.headers.push_back({"Vary", "Accept-Encoding"});
    // A file below assets has its content in its name.
    const bool for_ever = path.starts_with("/assets/");
    out.headers.push_back(
        {"Cache-Control", for_ever ? "public, max-age=31536000, immutable" : "no-cache"});
    const std::string* known = request.header("If-None-Match");
    if (known != nullptr && *known == found->etag) {
      out.status = 304;
      return out;
    }
    const std::string* takes = request.header("Accept-Encoding");
    if (!found->gzip.empty() && takes != nullptr && io::list_holds(*takes, "gzip")) {
      out.headers.push_back({"Content-Encoding", "gzip"});
      out.body = found->gzip;
    } else {
      out.body = found->bytes;
    }
    return out;
  }

  HttpResponse document(const HttpRequest& request) {
    if (request.method != "GET") return {405, {{"Allow", "GET"}}, {}};
    if (openapi_.empty()) openapi_ = openapi_document(version());
    return {200, {{"Content-Type", "application/json"}}, openapi_};
  }

  HttpResponse own(const HttpRequest& request, std::string_view path, const Caller& caller) {
    if (auto no = access_->refuse(caller, request, security::Permission::View))
      return std::move(*no);
    if (request.method != "GET") {
      HttpResponse no = api_error(ApiError::Unimplemented, "it takes GET");
      no.headers.push_back({"Allow", "GET"});
      return no;
    }
    if (path == "/api/v1/stream")
      return {426, {{"Upgrade", "websocket"}}, "a WebSocket is given here\n"};
    if (path == "/api/v1/equity") return equity_answer(query_of(request.target));
    HttpResponse out = json_answer(json::object());
    out.body = system_json();
    return out;
  }

  void ask(const HttpRequest& request, const Caller& caller, ApiMatch match, const Answer& answer) {
    const ApiMethod& method = *match.method;
    auto query = parse_query(query_of(request.target));
    if (!query) return answer(api_error(ApiError::InvalidArgument, query.error()));
    std::string engine;
    std::erase_if(*query, [&](const auto& parameter) {
      if (parameter.first != "engine") return false;
      engine = parameter.second;
      return true;
    });
    if (method.acts()) {
      if (!query->empty()) {
        return answer(api_error(ApiError::InvalidArgument,
                                "'" + query->front().first + "' belongs into the body"));
      }
      const std::string* id = request.header("Idempotency-Key");
      return acts_.carry_out(caller,
                             {&method, std::move(match.fields), request.body,
                              id != nullptr && !id->empty() ? *id : made_up_id(), engine},
                             answer);
    }
    for (auto& field : match.fields) query->push_back(std::move(field));
    if (!method.file.empty()) query->emplace_back("file", method.file);
    auto message = request_of_query(method.rpc, *query);
    if (!message) return answer(api_error(ApiError::InvalidArgument, message.error()));
    ApiSource* source = find(method.at, engine);
    if (source == nullptr)
      return answer(api_error(ApiError::NotFound, "there is nobody here to ask for that"));
    if (!method.file.empty()) return fetch(*source, method, *message, answer);
    answers_.ask(*source, std::string(method.rpc), *message, method.fresh, io::OsClock::now(),
                 [answer](const auto& told) {
                   if (!told) return answer(api_error(told.error()));
                   SharedAnswer& given = **told;
                   if (given.json.empty()) given.json = json_of(*given.message);
                   HttpResponse out = json_answer(json::object());
                   out.body = given.json;
                   answer(std::move(out));
                 });
  }

  // A file that a source has. It was made from recordings and configurations of others: nothing in it may run, or reach this server.
  static void fetch(ApiSource& source, const ApiMethod& method, const ApiMessage& request,
                    const Answer& answer) {
    source.collect(std::string(method.rpc), request, fetched_within, [answer](auto pieces) {
      if (!pieces) return answer(api_error(pieces.error()));
      HttpResponse out;
      for (const ApiMessage& piece : *pieces) {
        out.body += text_of(*piece, "content");
        if (out.headers.empty())
          out.headers.push_back(
              {"Content-Type", text_of(*piece, "media_type") + "; charset=utf-8"});
      }
      out.headers.push_back({"Content-Security-Policy",
                             "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src "
                             "data:; frame-ancestors 'self'"});
      out.headers.push_back({"X-Frame-Options", "SAMEORIGIN"});
      answer(std::move(out));
    });
  }

  // --- pages ---

  std::optional<HttpResponse> on_upgrade(const HttpRequest& request) override {
    ++requests_;
    auto no = may_open(request);
    if (no) {
      ++refused_;
      secure(*no, tls_.has_value());
    }
    return no;
  }

  std::optional<HttpResponse> may_open(const HttpRequest& request) {
    if (!host_is_ours(request))
      return api_error(ApiError::PermissionDenied,
                       "this server is not called that (dashboard.hosts)", "host");
    if (path_of(request.target) != "/api/v1/stream")
      return api_error(ApiError::NotFound, "the stream is at /api/v1/stream");
    const WallTime now = io::OsClock::wall();
    auto caller = access_->who(request, "", now);
    if (!caller) return caller.error();
    // A browser names the page that opens it, and sends the cookie whosever that is; a program with a token sends neither.
    if (!caller->is_token && !access_->origin_is_ours(request))
      return api_error(ApiError::PermissionDenied, "a page of another server may not listen here",
                       "origin");
    if (auto no = access_->refuse(*caller, request, security::Permission::View)) return no;
    opening_ = std::move(*caller);
    return std::nullopt;
  }

  // Within the call that on_upgrade() came with.
  void on_open(io::SessionId session, std::string_view) override {
    const json hello{{"type", "hello"}, {"name", opening_.name}, {"version", version()}};
    callers_[session] = std::move(opening_);
    pages_.open(session, hello.dump());
  }
  void on_message(io::SessionId session, io::Opcode kind, std::string_view payload,
                  Instant) override {
    if (kind != io::Opcode::Text || !pages_.heard(session, payload))
      server_->close(session, 1008, "that is no message of this stream (docs/dashboard.md)");
  }
  void on_close(io::SessionId session, const io::WsClosed&) override {
    pages_.close(session);
    callers_.erase(session);
  }

  void look_at_pages() {
    const WallTime now = io::OsClock::wall();
    std::vector<io::SessionId> over;
    for (const auto& [session, caller] : callers_) {
      const auto is = access_->still(caller, now);
      if (!is || !is->permissions.has(security::Permission::View)) over.push_back(session);
    }
    for (const io::SessionId session : over)
      server_->close(session, 4401, "the session is over: sign in again");
    still_timer_ = reactor_.after(still_every, [this] { look_at_pages(); });
  }

  // --- what the dashboard tells itself ---

  std::string system_json() const {
    json services = json::array();
    for (const Source& s : sources_) {
      services.push_back({{"name", s.source->name()},
                          {"kind", s.is == AskedAt::Engine ? "engine"
                                   : s.is == AskedAt::Risk ? "risk"
                                                           : "notifier"},
                          {"address", s.source->address()},
                          {"up", s.source->up()},
                          {"error", s.source->trouble()}});
    }
    return json{{"version", version()},
                {"started", format_rfc3339(started_)},
                {"services", services},
                {"clients", pages_.connected()}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
  }
  // --- equity over time ---

  // Of the first engine.
  void read_equity() {
    ApiSource* const engine = find(AskedAt::Engine, {});
    if (engine != nullptr) {
      const std::string positions = "ats.v1.Risk.ListPositions",
                        profits = "ats.v1.Risk.GetProfitAndLoss";
      const Instant now = io::OsClock::now();
      answers_.ask(*engine, positions, api_request_of(positions), seconds(1), now,
                   [this, engine, profits, now](const auto& held) {
                     if (!held) return;
                     const std::string equity = text_of(*(*held)->message, "equity");
                     answers_.ask(*engine, profits, api_request_of(profits), seconds(1), now,
                                  [this, equity](const auto& made) {
                                    if (made && !equity.empty())
                                      add_equity(equity, ever_of(*(*made)->message));
                                  });
                   });
    }
    equity_timer_ = reactor_.after(EquitySeries::every, [this] { read_equity(); });
  }

  // The profit since the accounts were opened.
  static std::string ever_of(const google::protobuf::Message& answer) {
    const json told = json::parse(json_of(answer));
    for (const json& period : told.value("periods", json::array())) {
      if (period.value("kind", "") == "EVER")
        return period.value("profit", json::object()).value("total", "");
    }
    return {};
  }

  void add_equity(const std::string& equity, const std::string& profit) {
    const std::int64_t seconds_now = io::OsClock::wall().ns_utc / 1'000'000'000;
    const EquityPoint point{{seconds_now * 1'000'000'000}, equity, profit};
    if (!equity_->add(point) && !std::exchange(equity_failed_, true))
      setup_.log("dashboard: the equity curve cannot be written", LogLevel::Warning);
    Topic& topic = pages_.own("equity");
    if (topic.version() == 0) {
      for (const EquityPoint& one : equity_->points(curve_points))
        topic.add(format_rfc3339(one.at), point_json(one));
    }
    if (topic.add(format_rfc3339(point.at), point_json(point))) pages_.tell("equity");
    topic.keep(2 * curve_points);
  }

  static std::string point_json(const EquityPoint& point) {
    return json{
        {"at", format_rfc3339(point.at)}, {"equity", point.equity}, {"profit", point.profit}}
        .dump();
  }
  HttpResponse equity_answer(std::string_view query) {
    const auto told = parse_query(query);
    std::int64_t most = curve_points;
    bool good = told.ok();
    for (const auto& [name, value] : told ? *told : ApiParameters{}) {
      const auto many = parse_scaled(value, 0);
      good = good && name == "points" && many && *many >= 2 && *many <= 10'000;
      if (good) most = *many;
    }
    if (!good)
      return api_error(ApiError::InvalidArgument, "it takes points: a number from 2 to 10000");
    std::string body = R"({"points":[)";
    for (const EquityPoint& one : equity_->points(static_cast<std::size_t>(most)))
      body += (body.back() == '[' ? "" : ",") + point_json(one);
    HttpResponse out = json_answer(json::object());
    out.body = body + "]}";
    return out;
  }

  void show_approvals() {
    const json told = json::parse(access_->approvals_json(io::OsClock::wall()), nullptr, false);
    std::vector<ReadRow> rows;
    std::vector<std::string> texts;
    for (const json& approval : told.value("approvals", json::array())) {
      texts.push_back(approval.dump());
      rows.push_back({approval.value("id", ""), texts.back(), {}});
    }
    if (pages_.own("approvals")
            .read(
                rows, [&](std::size_t n) { return texts[n]; }, io::OsClock::now()))
      pages_.tell("approvals");
  }

  // Whether each source is there, whoever watches.
  void look() {
    for (const Source& s : sources_) {
      const std::string method = s.is == AskedAt::Engine ? "ats.v1.Engine.GetEngine"
                                 : s.is == AskedAt::Risk ? "ats.v1.Risk.GetStatus"
                                                         : "ats.v1.Notifications.GetNotifier";
      ApiSource* const source = s.source.get();
      answers_.ask(*source, method, api_request_of(method), look_every, io::OsClock::now(),
                   [this, source](const auto&) { heard_of(*source); });
    }
    std::string system = system_json();
    if (pages_.own("system").read(
            {{"system", system, {}}}, [&](std::size_t) { return system; }, io::OsClock::now()))
      pages_.tell("system");
    show_approvals();
    {
      const std::lock_guard lock(mutex_);
      status_.pages = pages_.connected();
      status_.requests = requests_;
      status_.refused = refused_;
      status_.updates = pages_.updates();
      status_.away.clear();
      for (const Source& s : sources_) {
        if (!s.source->up()) status_.away.push_back(s.source->name() + ": " + s.source->trouble());
      }
    }
    look_timer_ = reactor_.after(look_every, [this] { look(); });
  }

  void heard_of(const ApiSource& source) {
    bool& was_up = up_[source.name()];
    if (std::exchange(was_up, source.up()) == source.up()) return;
    source.up() ? setup_.log("dashboard: " + source.name() + " answers", LogLevel::Info)
                : setup_.log("dashboard: " + source.name() + " is away: " + source.trouble(),
                             LogLevel::Warning);
  }

  const DashboardSetup setup_;
  io::Reactor reactor_;
  io::CallBridge bridge_;
  std::optional<io::TlsContext> tls_;
  std::vector<std::string> hosts_;
  std::string url_;
  std::optional<std::string> first_link_;
  std::string openapi_;
  std::vector<Source> sources_;
  std::map<std::string, bool> up_;
  SharedAnswers answers_;
  DashboardActs acts_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<io::HttpServer> server_;
  DashboardPages pages_;
  std::unordered_map<io::SessionId, Caller> callers_;
  Caller opening_;
  WallTime started_;
  io::TimerId look_timer_, still_timer_, equity_timer_;
  std::unique_ptr<EquitySeries> equity_;
  bool equity_failed_ = false;
  std::uint64_t requests_ = 0, refused_ = 0;
  mutable std::mutex mutex_;
  DashboardStatus status_;  // guarded by mutex_
  std::thread thread_;
};

Dashboard::Dashboard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Dashboard::~Dashboard() = default;
const std::string& Dashboard::url() const { return parts_->url(); }
const std::optional<std::string>& Dashboard::first_link() const { return parts_->first_link(); }
DashboardStatus Dashboard::status() const { return parts_->status(); }

Status<std::string> Dashboard::check(const DashboardConfig& config) {
  const auto dress = dress_of(config);
  if (!dress) return fail(dress.error());
  return Done{};
}

Result<std::unique_ptr<Dashboard>, std::string> Dashboard::open(DashboardSetup setup) {
  auto parts = std::make_unique<Parts>(std::move(setup));
  if (auto wrong = parts->open()) return fail(std::move(*wrong));
  return std::unique_ptr<Dashboard>(new Dashboard(std::move(parts)));
}

}  // namespace ats::services
