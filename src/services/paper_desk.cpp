#include "services/paper_desk.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/clock.hpp"

namespace ats::services {

PaperDesk::PaperDesk(io::Reactor& reactor, const PaperConfig& config)
    : reactor_(reactor), config_(config), exchange_(config.seed) {}

PaperDesk::~PaperDesk() { reactor_.cancel(timer_); }

void PaperDesk::fold(const Event& event, const Actions& actions) {
  begun_ = true;
  exchange_.fold(event);
  exchange_.fold(std::span<const Action>(actions));
}

std::optional<std::string> PaperDesk::check(const Universe& universe) const {
  if (config_.balances.empty() && !begun_) {
    return "paper.balances: name what each account begins with, e.g. [\"binance USDT 10000\", "
           "\"binance BTC 0.1\"]";
  }
  for (const PaperBalance& b : config_.balances) {
    const VenueId venue = universe.find_venue(b.venue.view());
    const AssetId asset = universe.find_asset(b.asset.view());
    const bool traded = std::ranges::any_of(universe.instruments(), [&](const Instrument& i) {
      return i.venue == venue && (i.base == asset || i.quote == asset);
    });
    if (!venue.valid() || !traded) {
      return fmt::format("paper.balances: no pair of this configuration trades {} on {}",
                         b.asset.view(), b.venue.view());
    }
  }
  return std::nullopt;
}

std::vector<std::string> PaperDesk::open(const Universe& universe, std::uint32_t incarnation,
                                         EventSink& core) {
  core_ = &core;
  std::vector<std::string> news;
  exchange_.begin(universe, incarnation, io::OsClock::now());
  for (std::size_t v = 0; v < universe.venues().size(); ++v) {
    const VenueId venue{static_cast<VenueId::rep>(v)};
    sim::PaperLatency latency = config_.latency;
    for (const PaperVenueLatency& own : config_.latencies) {
      if (own.venue == universe.venue(venue).name) latency = own.latency;
    }
    exchange_.set_latency(venue, latency);
  }
  for (const PaperBalance& b : config_.balances) {
    const VenueId venue = universe.find_venue(b.venue.view());
    const AssetId asset = universe.find_asset(b.asset.view());
    if (exchange_.endow(venue, asset, b.amount)) continue;
    const Decimal held = exchange_.total(venue, asset);
    if (incarnation > 1 && held != b.amount) {
      news.push_back(
          fmt::format("paper: {} {} goes on with {}; paper.balances says {} for a new "
                      "beginning",
                      b.venue.view(), b.asset.view(), held.to_string(), b.amount.to_string()));
    }
  }
  arm();
  return news;
}

void PaperDesk::on_handled(const Event& event, Instant now) {
  if (core_ == nullptr) return;
  exchange_.on_market(event, now);
  arm();
}

void PaperDesk::act(const Action& action, Instant now) {
  exchange_.act(action, now);
  arm();
}

void PaperDesk::advance() {
  armed_ = sim::PaperExchange::never;
  exchange_.advance(io::OsClock::now(), io::OsClock::wall(), *core_);
  arm();
}

void PaperDesk::arm() {
  const Instant due = exchange_.due();
  if (due >= armed_) return;
  reactor_.cancel(timer_);
  armed_ = due;
  const Duration wait = std::max(Duration{}, due - io::OsClock::now());
  timer_ = reactor_.after(wait, [this] { advance(); });
}

std::vector<std::string> PaperDesk::differences(const CoreStatus& status,
                                                const Universe& universe) const {
  std::vector<std::string> out;
  for (const BalanceStatus& b : status.balances) {
    const Decimal theirs = exchange_.total(b.venue, b.asset);
    if (theirs == b.total) continue;
    out.push_back(fmt::format(
        "ledger: {} {} is {}, the paper exchange says {}", universe.venue(b.venue).name.view(),
        universe.asset(b.asset).name.view(), b.total.to_string(), theirs.to_string()));
  }
  return out;
}

}  // namespace ats::services
