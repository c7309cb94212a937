#include "services/notification_server.hpp"

#include <ats/v1/notification.grpc.pb.h>
#include <fmt/format.h>

#include <algorithm>

#include "io/clock.hpp"
#include "services/grpc_host.hpp"
#include "services/notice_answer.hpp"
#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

constexpr std::uint32_t deliveries_usual = 50;
constexpr std::uint32_t deliveries_most = 1000;

v1::Severity severity_of(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return v1::SEVERITY_INFO;
    case Severity::Warning:
      return v1::SEVERITY_WARNING;
    case Severity::Critical:
      return v1::SEVERITY_CRITICAL;
    case Severity::Emergency:
      return v1::SEVERITY_EMERGENCY;
  }
  return v1::SEVERITY_UNSPECIFIED;
}

constexpr std::array states{std::pair{v1::DELIVERY_STATE_WAITING, DeliveryState::Waiting},
                            std::pair{v1::DELIVERY_STATE_TRYING, DeliveryState::Trying},
                            std::pair{v1::DELIVERY_STATE_DELIVERED, DeliveryState::Delivered},
                            std::pair{v1::DELIVERY_STATE_DEAD, DeliveryState::Dead}};

template <class Message, class Mutable>
void put_time(Message& out, Mutable mutable_time, WallTime at) {
  if (at.told()) fill_time(*(out.*mutable_time)(), at);
}
template <class Message, class Mutable>
void put_duration(Message& out, Mutable mutable_duration, Duration of) {
  if (of.ns != 0) fill_duration(*(out.*mutable_duration)(), of);
}

void fill(v1::NoticeRule& out, const report::NoticeRule& rule) {
  using R = v1::NoticeRule;
  out.set_name(rule.name);
  for (const std::string& channel : rule.channels) out.add_channels(channel);
  out.set_at_least(severity_of(rule.at_least));
  for (const std::string& category : rule.categories) out.add_categories(category);
  for (const std::string& scope : rule.scopes) out.add_scopes(scope);
  for (const std::string& source : rule.sources) out.add_sources(source);
  out.set_digest(name(rule.digest));
  if (rule.digest == report::NoticeRule::Digest::Daily) out.set_daily_at(clock_text(rule.daily_at));
  out.set_zone(std::string(rule.zone.name()));
  out.set_quiet(quiet_text(rule));
  if (rule.has_quiet) out.set_quiet_passes(severity_of(rule.quiet_passes));
  put_duration(out, &R::mutable_again_after, rule.again_after);
  put_duration(out, &R::mutable_again_most, rule.again_most);
  put_duration(out, &R::mutable_escalate_after, rule.escalate_after);
  put_duration(out, &R::mutable_escalate_most, rule.escalate_most);
  for (const std::string& channel : rule.escalate_to) out.add_escalate_to(channel);
  out.set_all_clear(rule.all_clear);
}

void fill(v1::NoticeChannel& out, const ChannelStatus& channel) {
  out.set_name(channel.name);
  out.set_kind(name(channel.kind));
  out.set_breaker(io::name(channel.breaker));
  out.set_waiting(channel.counts.waiting);
  out.set_delivered(channel.counts.delivered);
  out.set_dead(channel.counts.dead);
  put_time(out, &v1::NoticeChannel::mutable_oldest, channel.counts.oldest);
  out.set_attempts(channel.attempts);
  out.set_failures(channel.failures);
  out.set_last_failure(channel.last_failure);
}

void fill(v1::Matter& out, const report::Matter& matter) {
  out.set_source(matter.key.source);
  out.set_category(matter.key.category);
  out.set_scope(matter.key.scope);
  out.set_subject(matter.key.subject);
  out.set_severity(severity_of(matter.severity));
  out.set_message(matter.message);
  put_time(out, &v1::Matter::mutable_at, matter.at);
  for (const std::uint64_t alert : matter.open) out.add_open_alerts(alert);
  out.set_acknowledged(matter.acknowledged);
  for (const auto& [rule, standing] : matter.standings) {
    using S = v1::Matter::Standing;
    S& told = *out.add_standings();
    told.set_rule(rule);
    put_time(told, &S::mutable_told, standing.told);
    told.set_counted(standing.counted);
    told.set_escalations(standing.escalations);
    put_time(told, &S::mutable_escalates_at, standing.escalate_at);
  }
}

void fill(v1::Delivery& out, const Delivery& delivery, const report::Letter& letter) {
  out.set_number(static_cast<std::uint64_t>(delivery.id));
  out.set_key(letter.key);
  out.set_channel(delivery.channel);
  out.set_rule(delivery.rule);
  out.set_severity(severity_of(delivery.severity));
  for (const auto& [theirs, ours] : states) {
    if (ours == delivery.state) out.set_state(theirs);
  }
  put_time(out, &v1::Delivery::mutable_made, delivery.made);
  put_time(out, &v1::Delivery::mutable_ended, delivery.ended);
  out.set_attempts(delivery.attempts);
  out.set_reason(delivery.reason);
  if (!letter.hits.empty()) out.set_title(report::title(letter));
}

class NotificationService final : public v1::Notifications::CallbackService {
 public:
  NotificationService(GrpcCalls& calls, Notifier& notifier, const MonitorSource& source)
      : calls_(calls), notifier_(notifier), source_(source) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetNotifier(Context* context, const v1::GetNotifierRequest* in,
                     v1::GetNotifierResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      MonitorView view;
      source_.monitored(view);
      fill_time(*out->mutable_as_of(), io::OsClock::wall());
      fill_duration(*out->mutable_running(), view.running);
      out->set_rules(static_cast<std::uint32_t>(notifier_.rules().size()));
      out->set_redis_up(view.notifier->redis_up);
      out->set_open_matters(static_cast<std::uint32_t>(view.notifier->open));
      out->set_held_hits(view.notifier->held);
      for (const auto& [key, settled] : view.notifier->streams) {
        v1::NoticeStream& stream = *out->add_streams();
        stream.set_key(key);
        stream.set_settled(settled);
      }
      return grpc::Status::OK;
    });
  }
  Unary* ListRules(Context* context, const v1::ListRulesRequest* in,
                   v1::ListRulesResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      for (const report::NoticeRule& rule : notifier_.rules()) fill(*out->add_rules(), rule);
      return grpc::Status::OK;
    });
  }
  Unary* ListChannels(Context* context, const v1::ListChannelsRequest* in,
                      v1::ListChannelsResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      for (const ChannelStatus& channel : notifier_.channels()) fill(*out->add_channels(), channel);
      return grpc::Status::OK;
    });
  }
  Unary* ListMatters(Context* context, const v1::ListMattersRequest* in,
                     v1::ListMattersResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, in, out] {
      std::vector<report::Matter> wanted = notifier_.store().matters();
      if (!in->all()) std::erase_if(wanted, [](const report::Matter& m) { return m.open.empty(); });
      std::ranges::stable_sort(wanted, [](const report::Matter& a, const report::Matter& b) {
        return std::pair(a.severity, a.at) > std::pair(b.severity, b.at);
      });
      for (const report::Matter& matter : wanted) fill(*out->add_matters(), matter);
      return grpc::Status::OK;
    });
  }
  Unary* ListDeliveries(Context* context, const v1::ListDeliveriesRequest* in,
                        v1::ListDeliveriesResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
      if (in->last() > deliveries_most) return bad(fmt::format("last: 0 to {}", deliveries_most));
      std::optional<DeliveryState> state;
      for (const auto& [theirs, ours] : states) {
        if (theirs == in->state()) state = ours;
      }
      if (!state && in->state() != v1::DELIVERY_STATE_UNSPECIFIED)
        return bad("state: not one that there is");
      const std::uint32_t most = in->last() == 0 ? deliveries_usual : in->last();
      for (const Delivery& delivery : notifier_.store().list(in->channel(), state, most))
        fill(*out->add_deliveries(), delivery, notifier_.store().letter(delivery));
      return grpc::Status::OK;
    });
  }
  Unary* GetDelivery(Context* context, const v1::GetDeliveryRequest* in,
                     v1::GetDeliveryResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
      const auto found = notifier_.store().find(static_cast<std::int64_t>(in->number()));
      if (!found)
        return {grpc::StatusCode::NOT_FOUND, fmt::format("no delivery {} here", in->number())};
      const report::Letter letter = notifier_.store().letter(*found);
      fill(*out->mutable_delivery(), *found, letter);
      for (const report::Hit& hit : letter.hits) {
        v1::GetDeliveryResponse::Hit& told = *out->add_hits();
        told.set_key(hit.key);
        told.set_kind(name(hit.kind));
        told.set_message(hit.message);
      }
      for (const Attempt& attempt : notifier_.store().attempts(found->id)) {
        using A = v1::GetDeliveryResponse::Attempt;
        A& told = *out->add_tried();
        told.set_number(attempt.number);
        put_time(told, &A::mutable_began, attempt.began);
        put_time(told, &A::mutable_ended, attempt.ended);
        told.set_outcome(attempt.outcome);
        told.set_answer(attempt.answer);
      }
      return grpc::Status::OK;
    });
  }
  Unary* TestChannel(Context* context, const v1::TestChannelRequest* in,
                     v1::TestChannelResponse* out) override {
    return calls_.act(context, in, out, Right::Notify, [this, in, out](const Wish& wish) {
      const auto made = wish_test(notifier_, wish, in->channel());
      if (!made) return status_of(made.error());
      out->set_delivery(static_cast<std::uint64_t>(*made));
      return grpc::Status(grpc::Status::OK);
    });
  }
  Unary* RetryDeliveries(Context* context, const v1::RetryDeliveriesRequest* in,
                         v1::RetryDeliveriesResponse* out) override {
    return calls_.act(context, in, out, Right::Notify, [this, in, out](const Wish&) {
      const auto retried = wish_retry(notifier_, static_cast<std::int64_t>(in->number()));
      if (!retried) return status_of(retried.error());
      out->set_retried(*retried);
      return grpc::Status(grpc::Status::OK);
    });
  }
  Unary* AcknowledgeNotice(Context* context, const v1::AcknowledgeNoticeRequest* in,
                           v1::AcknowledgeNoticeResponse* out) override {
    return calls_.act(context, in, out, Right::Notify, [this, in](const Wish& wish) {
      const auto seen = wish_seen(notifier_, wish, in->source(), in->alert());
      return seen ? grpc::Status(grpc::Status::OK) : status_of(seen.error());
    });
  }

  GrpcCalls& calls_;
  Notifier& notifier_;
  const MonitorSource& source_;
};

}  // namespace

class NotificationServer::Parts {
 public:
  Parts(io::Reactor& reactor, Notifier& notifier, const MonitorSource& source,
        std::function<void(std::string)> log)
      : host(reactor, std::move(log)), service(host.calls(), notifier, source) {
    host.add(service, v1::Notifications::service_full_name());
  }
  ~Parts() { host.stop(); }

  GrpcHost host;
  NotificationService service;
};

NotificationServer::NotificationServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
NotificationServer::~NotificationServer() = default;

Result<std::unique_ptr<NotificationServer>, std::string> NotificationServer::open(
    io::Reactor& reactor, Notifier& notifier, const MonitorSource& source,
    const RiskServiceConfig& config, std::function<void(std::string)> log) {
  auto parts = std::make_unique<Parts>(reactor, notifier, source, std::move(log));
  if (auto wrong = parts->host.listen(config, "--grpc")) return fail(std::move(*wrong));
  return std::unique_ptr<NotificationServer>(new NotificationServer(std::move(parts)));
}

void NotificationServer::serve() { parts_->host.serve(); }
void NotificationServer::stop() { parts_->host.stop(); }
const std::string& NotificationServer::address() const { return parts_->host.address(); }

}  // namespace ats::services
