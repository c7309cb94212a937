#include "services/influx_talk.hpp"

#include <optional>
#include <utility>

#include "io/reactor.hpp"
#include "services/influx_server.hpp"

namespace ats::services {
namespace {

// {"results":[{"series":[…]}]}, or {"results":[{"error":"…"}]}.
InfluxTalk::Answer series_of(const nlohmann::json& answer) {
  const auto none = nlohmann::json::array();
  if (!answer.is_object() || !answer.contains("results") || !answer["results"].is_array())
    return fail(std::string("influx: an answer that makes no sense"));
  for (const nlohmann::json& result : answer["results"]) {
    if (result.contains("error")) return fail("influx: " + result["error"].dump());
    if (result.contains("series")) return result["series"];
  }
  return none;
}

}  // namespace

struct InfluxTalk::Parts {
  explicit Parts(InfluxServer with) : server(std::move(with)), client(reactor, server.options()) {}

  template <class Ask>
  Answer wait(Ask ask) {
    std::optional<io::InfluxAnswer> told;
    ask([&told](const io::InfluxAnswer& answer) { told = answer; });
    while (!told) reactor.poll(milliseconds(100));
    if (told->outcome != io::InfluxOutcome::Written) return fail("influx: " + told->why);
    if (told->body.empty()) return nlohmann::json();
    auto parsed = nlohmann::json::parse(told->body, nullptr, false);
    if (parsed.is_discarded()) return fail(std::string("influx: an answer that is no JSON"));
    return parsed;
  }

  InfluxServer server;
  io::Reactor reactor;
  io::InfluxClient client;
};

InfluxTalk::InfluxTalk(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
InfluxTalk::InfluxTalk(InfluxTalk&&) noexcept = default;
InfluxTalk::~InfluxTalk() = default;

Result<InfluxTalk, std::string> InfluxTalk::with(const InfluxConfig& config) {
  auto server = InfluxServer::of(config);
  if (!server) return fail(server.error());
  return InfluxTalk(std::make_unique<Parts>(std::move(*server)));
}

InfluxTalk::Answer InfluxTalk::ask(std::string_view question) {
  const auto answer =
      parts_->wait([&](auto told) { parts_->client.ask(question, std::move(told)); });
  return answer ? series_of(*answer) : answer;
}

InfluxTalk::Answer InfluxTalk::command(std::string_view text) {
  const auto answer =
      parts_->wait([&](auto told) { parts_->client.command(text, std::move(told)); });
  return answer ? series_of(*answer) : answer;
}

InfluxTalk::Answer InfluxTalk::call(std::string_view method, std::string_view target,
                                    const nlohmann::json& body) {
  return parts_->wait([&](auto told) {
    parts_->client.call(method, target, body.is_null() ? "" : body.dump(), std::move(told));
  });
}

bool InfluxTalk::speaks_2() const { return parts_->client.speaks_2(); }

}  // namespace ats::services
