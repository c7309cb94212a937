#include "services/leadership.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "io/clock.hpp"
#include "io/redis_client.hpp"
#include "services/bus_server.hpp"

namespace ats::services {
namespace {

// In one step, so that of two who want it one gets it. Answers whether it was set, and what stands there now.
constexpr const char* compare_and_set =
    "local is = redis.call('GET', KEYS[1]) or '' "
    "if is ~= ARGV[1] then return {0, is} end "
    "redis.call('SET', KEYS[1], ARGV[2]) "
    "return {1, ARGV[2]}";

// Another of the same name must not be taken for us, nor an earlier process of ours.
std::string new_life() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace

class Leadership::Parts {
 public:
  Parts(io::Reactor& reactor, const StandbyConfig& config, BusServer server,
        const std::string& group, Outside outside)
      : reactor_(reactor),
        outside_(std::move(outside)),
        key_("ats.v1.leader." + group),
        turn_every_{config.lead_for.ns / 64},
        server_(std::move(server)),
        rule_(config.name, new_life(), config.lead_for, config.gap_max) {
    io::RedisOptions options = server_.options();
    options.answer_within = config.lead_for;
    options.pause_most = Duration{config.lead_for.ns / 4};
    io::RedisClient::Outside heard;
    heard.up = [this] { outside_.log("redis answers: who leads is known again"); };
    heard.down = [this](const std::string& why) {
      outside_.log("redis: " + why + "; nobody's lead is renewed, and nobody takes over");
    };
    client_ = std::make_unique<io::RedisClient>(reactor_, std::move(options), std::move(heard));
    turn();
  }
  ~Parts() { reactor_.cancel(timer_); }

  const io::SendFence& fence() const { return fence_; }
  const LeaderRule& rule() const { return rule_; }
  bool redis_up() const { return client_->up(); }

  void leave(Duration within) {
    fence_.close();
    reactor_.cancel(timer_);
    const Instant until = io::OsClock::now() + within;
    while (rule_.asking() && io::OsClock::now() < until) reactor_.poll(milliseconds(5));
    fence_.close();  // whatever a renewal said
    const JournalReach* const journal = outside_.journal();
    const auto request = journal != nullptr ? rule_.leave(*journal) : std::nullopt;
    if (!request) return;
    bool answered = false;
    const auto done = [&answered](const auto&) { answered = true; };
    if (!client_->send({"EVAL", compare_and_set, "1", key_, request->expected, request->wanted},
                       done))
      return;
    while (!answered && io::OsClock::now() < until) reactor_.poll(milliseconds(5));
    if (!answered) client_.reset();  // its answer has nowhere to go
  }

 private:
  void turn() {
    timer_ = reactor_.after(turn_every_, [this] { turn(); });
    if (!client_->up()) return;
    const auto request = rule_.ask(io::OsClock::lasting(), io::OsClock::wall(), outside_.journal());
    if (!request) return;
    const bool look = request->wanted.empty();
    const auto answer = [this](const Result<io::RedisValue, io::RedisError>& told) { take(told); };
    const bool taken =
        look
            ? client_->send({"GET", key_}, answer)
            : client_->send(
                  {"EVAL", compare_and_set, "1", key_, request->expected, request->wanted}, answer);
    if (!taken) rule_.lost();
  }

  void take(const Result<io::RedisValue, io::RedisError>& told) {
    using Kind = io::RedisValue::Kind;
    if (!told) return rule_.lost();
    if (told->kind == Kind::Error) {
      if (std::exchange(refused_, told->text) != told->text)
        outside_.log("redis does not let us ask who leads: " + told->text);
      return rule_.lost();
    }
    refused_.clear();
    if (told->kind == Kind::List && told->list.size() == 2) {
      rule_.answered(io::OsClock::lasting(), told->list[0].integer == 1, told->list[1].text);
    } else {
      rule_.answered(io::OsClock::lasting(), false, told->text);
    }
    if (rule_.until().ns != 0) {
      fence_.open_until(rule_.until());
    } else {
      fence_.close();
    }
  }

  io::Reactor& reactor_;
  const Outside outside_;
  const std::string key_;
  const Duration turn_every_;
  const BusServer server_;
  LeaderRule rule_;
  io::SendFence fence_;
  std::unique_ptr<io::RedisClient> client_;
  std::string refused_;  // as told
  io::TimerId timer_;
};

Leadership::Leadership(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Leadership::~Leadership() = default;

Result<std::unique_ptr<Leadership>, std::string> Leadership::open(io::Reactor& reactor,
                                                                  const StandbyConfig& config,
                                                                  const BusConfig& redis,
                                                                  const std::string& group,
                                                                  Outside outside) {
  auto server = BusServer::of(redis);
  if (!server) return fail(server.error());
  return std::unique_ptr<Leadership>(new Leadership(
      std::make_unique<Parts>(reactor, config, std::move(*server), group, std::move(outside))));
}

const io::SendFence& Leadership::fence() const { return parts_->fence(); }
LeaderRule::Standing Leadership::standing() const {
  return parts_->rule().standing(io::OsClock::lasting());
}
const LeaderRule& Leadership::rule() const { return parts_->rule(); }
bool Leadership::redis_up() const { return parts_->redis_up(); }
std::string Leadership::leader() const {
  const LeaderRecord& record = rule().record();
  return record.term == 0 || record.left ? std::string() : record.name;
}
void Leadership::leave(Duration within) { parts_->leave(within); }

}  // namespace ats::services
