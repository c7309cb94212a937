// A storm of random orders in random states of things, for the test and for the benchmark of the gate: every
// limit there is is in force, what is held, open, lost, counted and held up changes all the time, and what the
// gate answers is held against the simplest idea of it, which shares no code with it: what of the list in
// limits_of_the_storm() an order would break, in whole numbers. Everything is worth one.
//
// An escape is an order that passes although something speaks against it. To refuse what nothing speaks against,
// or to give another answer at one look than limit by limit, is a fault, too.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "core/risk/risk_gate.hpp"
#include "domain/config.hpp"

namespace ats::core::testing {

class GateStorm final : RiskView, ProfitView {
 public:
  explicit GateStorm(std::uint64_t seed) : rng_(seed) {
    for (const char* venue : {"binance", "kraken"}) universe_.add_venue(venue, {});
    for (const char* asset : {"BTC", "ETH", "USDT", "USDC"}) universe_.add_asset(asset);
    list(binance, btc, usdt);
    list(kraken, btc, usdt);
    list(kraken, btc, usdc);
    list(binance, eth, usdt);
    list(kraken, eth, usdt);
    config_.limits = {};
    for (const char* text : limits_of_the_storm()) config_.limits.add(parse_limit(text).value());
    config_.confirm_for = seconds(1);
    gate_.restart(universe_, config_, now_);
    gate_.limits().watch(static_cast<const RiskView&>(*this));
    gate_.limits().watch(static_cast<const ProfitView&>(*this));
    change_the_world();
  }

  // Besides those that the configuration always has: order_notional 10000, max_edge 200, net_delta 20000,
  // currency_exposure 20000, daily_loss 1000, open_trades 4.
  static std::vector<const char*> limits_of_the_storm() {
    return {"order_notional kraken 9000",
            "order_quantity BTC 0.25",
            "price_distance 500",
            "price_collar BTC/USDT 50",
            "min_edge strategy maker 20",
            "book_age 10",
            "order_rate 14",
            "order_rate kraken 10",
            "cancel_rate binance 5",
            "open_legs 9",
            "open_trades strategy maker 3",
            "position BTC 180000",
            "gross_exposure 65000",
            "net_exposure 35000",
            "inventory_least binance BTC 5000",
            "inventory_most kraken ETH 95000",
            "inventory_least kraken USDC 12000",
            "inventory_most binance USDT 90000",
            "asset_concentration ETH 45",
            "venue_value kraken 300000",
            "venue_concentration kraken 70",
            "value_at_risk 9000",
            "weekly_loss 900",
            "monthly_loss 800",
            "daily_realised_loss strategy maker 700",
            "weekly_realised_loss BTC/USDT 700",
            "monthly_realised_loss ETH 700",
            "drawdown 3500",
            "loss_streak 6",
            "leg_failures kraken 30",
            "venue_faults binance 6",
            "data_faults 8"};
  }

  // One more order, and the world it is in every now and then another one. Nothing: it was answered rightly.
  std::string next() {
    if (orders_++ % 50 == 0) change_the_world();
    make_order();
    const RefuseReason answer = gate_.check(order_, facts_);
    const LimitBreach breach = gate_.breach();
    const std::string_view against = speaks_against();
    const bool passed = answer == RefuseReason::None;
    ++(passed ? passed_ : refused_[against]);
    if (passed != against.empty()) {
      escapes_ += passed ? 1 : 0;
      return say(answer, breach, against);
    }
    if (passed || breach.any) {
      const auto each = gate_.limits().ask_each(order_, facts_);
      if (each.value_or(LimitBreach{}) != breach) return say(answer, breach, "the limits, each");
    }
    if (passed) leave();
    return {};
  }

  std::uint64_t orders() const { return orders_; }
  std::uint64_t passed() const { return passed_; }
  std::uint64_t escapes() const { return escapes_; }
  const std::map<std::string_view, std::uint64_t>& refused() const { return refused_; }

 private:
  static constexpr VenueId binance{0}, kraken{1};
  static constexpr AssetId btc{0}, eth{1}, usdt{2}, usdc{3};
  static constexpr std::size_t venues = 2, assets = 4;
  static constexpr std::int64_t base_units = 100'000'000;      // quantities have eight decimals
  static constexpr std::int64_t quote_units = 10'000'000'000;  // and prices two

  void list(VenueId venue, AssetId base, AssetId quote) {
    Instrument on;
    on.venue = venue;
    on.base = base;
    on.quote = quote;
    on.symbol = Text<31>(std::string(universe_.asset(base).name.view()) +
                         std::string(universe_.asset(quote).name.view()));
    on.price_scale = 2;
    on.qty_scale = 8;
    on.lot = 1000;
    on.min_quantity = {10'000};
    on.min_notional = Decimal::from_int(5);
    on.fees = {Rate::bps(10), Rate::bps(10), FeeAsset::Quote, 8};
    universe_.add_instrument(on);
  }

  // --- what is there ---
  Decimal balance(VenueId v, AssetId a) const override {
    return Decimal::from_int(held_[v.index()][a.index()]);
  }
  std::optional<Decimal> worth(AssetId, Decimal amount) const override {
    return marked_ ? std::optional(amount) : std::nullopt;
  }
  Decimal change(AssetId) const override { return {}; }
  std::uint32_t open_legs(const LimitWhere&) const override { return legs_; }
  std::uint32_t open_trades(const LimitWhere& where) const override {
    return where.strategy ? maker_trades_ : trades_;
  }
  Decimal net(AssetId a) const override { return Decimal::from_int(net_[a.index()]); }
  Decimal worst_net(AssetId a) const override { return Decimal::from_int(worst_[a.index()]); }

  const ProfitReading& reading() const override { return reading_; }
  RealisedLine realised(const LimitWhere& where) const override {
    RealisedLine line;
    line.current.fill(Decimal::from_int(where.strategy        ? maker_made_
                                        : where.pair.valid()  ? btc_usdt_made_
                                        : where.asset.valid() ? eth_made_
                                                              : 0));
    line.losses_in_a_row = static_cast<std::uint32_t>(losses_in_a_row_);
    line.decided = 1'000'000;
    return line;
  }

  std::int64_t amount(std::int64_t most) { return rng_.between(0, most); }
  bool rarely() { return rng_.one_in(48); }

  void change_the_world() {
    LimitBook& limits = gate_.limits();
    marked_ = !rng_.one_in(40);
    for (auto& venue : held_) {
      for (auto& held : venue) held = amount(100'000);
    }
    for (const AssetId a : {btc, eth}) {
      worst_[a.index()] = amount(30'000);
      net_[a.index()] = amount(30'000) - amount(30'000);
    }
    legs_ = static_cast<std::uint32_t>(rng_.below(9));
    trades_ = static_cast<std::uint32_t>(rng_.below(5));
    maker_trades_ = static_cast<std::uint32_t>(rng_.below(4));
    if (rng_.one_in(4)) {
      end_trades();
      fail_legs();
    }
    for (const VenueId v : {binance, kraken}) {
      if (rng_.one_in(1'000))
        faults(venue_faults_[v.index()], 7, [&] { limits.on_venue_fault(v, now_); });
      if (rng_.one_in(1'000))
        faults(data_faults_[v.index()], 9, [&] { limits.on_data_fault(v, now_); });
    }
    if (rng_.one_in(6)) {
      for (std::int64_t n = rng_.between(3, 9); n > 0; --n) {
        limits.on_cancelled(universe_.instrument({0}), Strategy::Maker, now_);
        cancels_.push_back(now_);
      }
    }
    make_profit();
    at_risk_ =
        rng_.one_in(60) ? std::nullopt : std::optional(amount(rng_.one_in(40) ? 12'000 : 9'000));
    limits.value_at_risk(at_risk_ ? std::optional(Decimal::from_int(*at_risk_)) : std::nullopt,
                         orders_);
    for (int n = 0; n < 4; ++n) {
      now_ = now_ + milliseconds(60);
      read();
    }
    hold_up();
  }

  template <class Tell>
  void faults(std::vector<Instant>& all, std::int64_t most, Tell tell) {
    for (std::int64_t n = rng_.between(1, most); n > 0; --n) {
      tell();
      all.push_back(now_);
    }
  }
  static std::int64_t within(const std::vector<Instant>& all, Instant from) {
    return std::count_if(all.begin(), all.end(), [&](Instant at) { return at > from; });
  }

  void make_profit() {
    const auto made = [&] { return rng_.one_in(25) ? -amount(1'200) : amount(2'500); };
    for (std::int64_t& period : made_) period = made();
    reading_.known = !rng_.one_in(60);
    fallen_ = rng_.one_in(25) ? amount(5'000) : 0;
  }
  void end_trades() {
    for (std::int64_t* sum : {&maker_made_, &btc_usdt_made_, &eth_made_})
      *sum = amount(2'500) - 800;
    losses_in_a_row_ = rng_.one_in(4) ? amount(10) : 0;
    gate_.limits().profit_changed();
  }
  void fail_legs() {
    const bool bad = rng_.one_in(6);
    for (std::int64_t n = rng_.between(5, 20); n > 0; --n) {
      const bool fell_short = rng_.one_in(bad ? 2 : 8);
      gate_.limits().on_leg(kraken, fell_short);
      legs_done_.push_back(fell_short);
      if (legs_done_.size() > 50) legs_done_.pop_front();
    }
  }

  // What limits of state go by until the next time.
  void read() {
    std::vector<LimitNews> news;
    ++reading_.number;
    for (std::size_t p = 0; p < period_count; ++p)
      reading_.current[p].total = Decimal::from_int(made_[p]);
    reading_.drawdown = Decimal::from_int(fallen_);
    gate_.limits().on_timer(now_, news);
    cancels_read_ = within(cancels_, now_ - seconds(1));
    if (cancels_read_ == 0) cancels_.clear();
    for (std::size_t v = 0; v < venues; ++v) {
      faults_read_[v] = within(venue_faults_[v], now_ - seconds(600));
      data_read_[v] = within(data_faults_[v], now_ - seconds(600));
      if (faults_read_[v] == 0) venue_faults_[v].clear();
      if (data_read_[v] == 0) data_faults_[v].clear();
    }
    const auto fell = std::count(legs_done_.begin(), legs_done_.end(), true);
    fell_short_ = legs_done_.size() < 20 ? 0 : fell * 100 / std::ssize(legs_done_);
  }

  // --- what is held up ---
  void hold_up() {
    gate_.holds().lift_all();
    for (int n = 0; n < 2; ++n) {
      if (!rng_.one_in(5)) continue;
      Hold hold;
      switch (rng_.below(4)) {
        case 1:
          hold.scope.venue = rng_.one_in(2) ? binance : kraken;
          break;
        case 2:
          hold.scope.pair = universe_.instrument({0}).pair;
          break;
        case 3:
          hold.scope.strategy = rng_.one_in(2) ? Strategy::Maker : Strategy::CrossVenue;
          break;
        default:
          break;
      }
      hold.state = rng_.one_in(2) ? RiskState::Halted : RiskState::ReduceOnly;
      hold.resolving = hold.state == RiskState::Halted && rng_.one_in(2);
      gate_.holds().set(hold);
    }
  }

  // --- the order ---
  void make_order() {
    now_ = now_ + milliseconds(rng_.between(0, 100));
    const auto which = static_cast<InstrumentId::rep>(rng_.below(universe_.instruments().size()));
    const Instrument& on = universe_.instrument({which});
    order_.id = {orders_};
    order_.instrument = on.id;
    order_.side = rng_.one_in(2) ? Side::Buy : Side::Sell;
    order_.unwind = rng_.one_in(6);
    order_.post_only = !order_.unwind && rng_.one_in(4);
    order_.price = {rng_.between(5'900'000, 6'100'000)};
    order_.quantity = {rng_.between(1, 280) * 100'000};
    facts_ = {};
    facts_.instrument = &on;
    facts_.now = now_;
    facts_.strategy = rng_.one_in(2) ? Strategy::Maker : Strategy::CrossVenue;
    facts_.standing = gate_.holds().standing(on.venue, on.pair, facts_.strategy);
    facts_.stopping = rarely();
    facts_.leased = !rarely();
    facts_.reconciled = !rarely();
    facts_.venue_up = !rarely();
    facts_.book_valid = !rarely();
    facts_.book_polled = rng_.one_in(2);
    facts_.crosses_own = rarely();
    facts_.pair_busy = rarely();
    facts_.notional = maybe(amount(11'000));
    facts_.exposure_after = maybe(amount(21'000));
    facts_.currency_after = maybe(amount(22'000));
    facts_.currency_before = Decimal::from_int(amount(22'000));
    facts_.price_distance = maybe(amount(520));
    facts_.price_beyond = maybe(amount(53));
    if (!rarely()) facts_.book_age = milliseconds(rng_.between(0, 10'300));
    if (!rarely()) facts_.edge = Rate{rng_.between(0, 21'000'000)};
    if (!rarely()) facts_.leg_cost = Rate{};
    facts_.min_edge = Rate{rarely() ? 21'000'000 : 0};
    facts_.new_legs = rng_.between(1, 2);
    const std::int64_t open = rarely() ? 0 : 1'000;
    facts_.open_net = Decimal::from_int(order_.side == Side::Sell ? open : -open);
  }
  std::optional<Decimal> maybe(std::int64_t value) {
    return rarely() ? std::nullopt : std::optional(Decimal::from_int(value));
  }
  // It has passed, and counts; more of them do when they leave than when they are asked about.
  void leave() {
    if (order_.unwind) return;
    const Instrument& on = universe_.instrument(order_.instrument);
    gate_.limits().on_placed(on, facts_.strategy, now_);
    placed_.push_back({now_, on.venue});
    while (placed_.front().at <= now_ - seconds(1)) placed_.pop_front();
  }

  // --- what speaks against the order, by the letter of the limits ---
  std::string_view speaks_against() const {
    const Instrument& on = universe_.instrument(order_.instrument);
    for (const Hold& hold : gate_.holds().all()) {
      const Scope& s = hold.scope;
      const bool mine = s.global() || s.venue == on.venue || s.pair == on.pair ||
                        (s.strategy && *s.strategy == facts_.strategy);
      if (!mine) continue;
      if (!order_.unwind) return "held up";
      if (hold.state == RiskState::Halted && (!hold.resolving || s.venue == on.venue))
        return "halted";
    }
    if (!facts_.venue_up) return "venue down";
    if (facts_.crosses_own) return "crosses our own";
    if (!facts_.book_valid && !(order_.unwind && facts_.book_polled)) return "no book";
    const auto over = [](const std::optional<Decimal>& value, std::int64_t most) {
      return !value || *value > Decimal::from_int(most);
    };
    const bool of_btc_usdt = on.base == btc && on.quote == usdt;
    if (order_.unwind) {
      if (facts_.open_net.is_zero()) return "opens";
      if (facts_.price_distance && over(facts_.price_distance, 500)) return "price_distance";
      if (of_btc_usdt && facts_.price_beyond && over(facts_.price_beyond, 50))
        return "price_collar";
      return "";
    }
    if (facts_.stopping) return "stopping";
    if (!facts_.leased) return "no lease";
    if (!facts_.reconciled) return "not reconciled";
    if (facts_.pair_busy) return "busy";
    if (!facts_.edge || !facts_.leg_cost || *facts_.edge < *facts_.min_edge) return "does not pay";
    if (over(facts_.price_distance, 500)) return "price_distance";
    if (of_btc_usdt && over(facts_.price_beyond, 50)) return "price_collar";
    if (over(facts_.notional, on.venue == kraken ? 9'000 : 10'000)) return "order_notional";
    if (on.base == btc && order_.quantity.units * 4 > base_units) return "order_quantity";
    if (over(facts_.exposure_after, 20'000)) return "net_delta";
    if (on.quote == usdc && over(facts_.currency_after, 20'000) &&
        !(facts_.currency_after && *facts_.currency_after <= facts_.currency_before))
      return "currency_exposure";
    if (!facts_.book_age || *facts_.book_age > seconds(10)) return "book_age";
    if (facts_.edge->ppb > 20'000'000) return "max_edge";
    if (facts_.strategy == Strategy::Maker && facts_.edge->ppb < 2'000'000) return "min_edge";
    return by_what_is_there(on, facts_.notional->to_scaled(0).value());
  }

  std::string_view by_what_is_there(const Instrument& on, std::int64_t notional) const {
    std::int64_t placed = 0, at_kraken = 0;
    for (const Left& left : placed_) {
      if (left.at <= now_ - seconds(1)) continue;
      ++placed;
      at_kraken += left.venue == kraken ? 1 : 0;
    }
    if (placed + facts_.new_legs > 14) return "order_rate";
    if (on.venue == kraken && at_kraken + facts_.new_legs > 10) return "order_rate kraken";
    if (on.venue == binance && order_.post_only && cancels_read_ > 5) return "cancel_rate";
    if (legs_ + facts_.new_legs > 9) return "open_legs";
    if (trades_ + 1 > 4) return "open_trades";
    if (facts_.strategy == Strategy::Maker && maker_trades_ + 1 > 3) return "open_trades maker";
    if (!at_risk_) return "value at risk not measured";
    if (*at_risk_ > 9'000) return "value_at_risk";
    if (!reading_.known) return "profit not measured";
    if (made_[0] < -1'000) return "daily_loss";
    if (made_[1] < -900) return "weekly_loss";
    if (made_[2] < -800) return "monthly_loss";
    if (fallen_ > 3'500) return "drawdown";
    if (facts_.strategy == Strategy::Maker && maker_made_ < -700) return "daily_realised_loss";
    if (on.base == btc && on.quote == usdt && btc_usdt_made_ < -700) return "weekly_realised_loss";
    if (on.base == eth && eth_made_ < -700) return "monthly_realised_loss";
    if (losses_in_a_row_ > 6) return "loss_streak";
    if (on.venue == kraken && fell_short_ > 30) return "leg_failures";
    if (on.venue == binance && faults_read_[0] > 6) return "venue_faults";
    if (data_read_[on.venue.index()] > 8) return "data_faults";

    const auto held = [&](VenueId v, AssetId a) { return held_[v.index()][a.index()]; };
    const auto of = [&](AssetId a) { return held(binance, a) + held(kraken, a); };
    const auto at = [&](VenueId v) {
      return held(v, btc) + held(v, eth) + held(v, usdt) + held(v, usdc);
    };
    const bool buys = order_.side == Side::Buy;
    const std::int64_t quantity = order_.quantity.units;
    const std::int64_t paid = order_.price.units * quantity;
    // By amounts, which need no mark.
    if (on.venue == binance && on.base == btc && !buys &&
        held(binance, btc) * base_units - quantity < 5'000 * base_units)
      return "inventory_least";
    if (on.venue == kraken && on.base == eth && buys &&
        held(kraken, eth) * base_units + quantity > 95'000 * base_units)
      return "inventory_most";
    if (on.venue == kraken && on.quote == usdc && buys &&
        held(kraken, usdc) * quote_units - paid < 12'000 * quote_units)
      return "inventory_least of the quote";
    if (on.venue == binance && !buys &&
        held(binance, usdt) * quote_units + paid > 90'000 * quote_units)
      return "inventory_most of the quote";
    // By worth. What has none cannot be measured, and all of these limits concern somebody.
    if (!marked_) return "not measured";
    if (worst_[btc.index()] + worst_[eth.index()] + notional > 65'000) return "gross_exposure";
    if (std::abs(net_[btc.index()] + net_[eth.index()]) + notional > 35'000) return "net_exposure";
    if (on.base == btc && buys && of(btc) + notional > 180'000) return "position";
    const std::int64_t all = at(binance) + at(kraken);
    // Shares are rounded down, each of them, at eighteen decimals: nothing in whole numbers of this size.
    if (on.base == eth && buys && (of(eth) + notional) * 100 > 45 * all)
      return "asset_concentration";
    if (on.venue == kraken && at(kraken) > 300'000) return "venue_value";
    if (on.venue == kraken && at(kraken) * 100 > 70 * all) return "venue_concentration";
    return "";
  }

  std::string say(RefuseReason answer, const LimitBreach& breach, std::string_view against) const {
    return "order " + std::to_string(orders_) + " on " +
           universe_.instrument_name(order_.instrument) + ": " + name(answer) + " by " +
           (breach.any ? name(breach.kind) : "no limit") + ", " + breach.value.to_string() +
           " of " + breach.bound.to_string() + "; against it: '" + std::string(against) + "'";
  }

  struct Left {
    Instant at;
    VenueId venue;
  };

  Rng rng_;
  Universe universe_;
  CoreConfig config_;
  RiskGate gate_;
  OrderRequest order_;
  OrderFacts facts_;
  Instant now_{seconds(1000).ns};
  std::uint64_t orders_ = 0, passed_ = 0, escapes_ = 0;
  std::map<std::string_view, std::uint64_t> refused_;

  std::array<std::array<std::int64_t, assets>, venues> held_{};
  std::array<std::int64_t, assets> worst_{}, net_{};
  std::uint32_t legs_ = 0, trades_ = 0, maker_trades_ = 0;
  bool marked_ = true;
  ProfitReading reading_;
  std::array<std::int64_t, period_count> made_{};
  std::int64_t fallen_ = 0;
  std::optional<std::int64_t> at_risk_;
  std::int64_t maker_made_ = 0, btc_usdt_made_ = 0, eth_made_ = 0, losses_in_a_row_ = 0;
  std::deque<Left> placed_;
  std::vector<Instant> cancels_;
  std::array<std::vector<Instant>, venues> venue_faults_, data_faults_;
  std::deque<bool> legs_done_;
  // As of the last reading.
  std::int64_t cancels_read_ = 0, fell_short_ = 0;
  std::array<std::int64_t, venues> faults_read_{}, data_read_{};
};

}  // namespace ats::core::testing
