// Tests only: an engine's life put together by hand, for those who write history of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "domain/testing_approved.hpp"
#include "io/influx_lines.hpp"
#include "services/history_tape.hpp"

namespace ats::services {

struct HistoryWorld {
  HistoryWorld() {
    Instrument i;
    i.base = btc = universe.add_asset("BTC");
    i.quote = usdt = universe.add_asset("USDT");
    i.price_scale = 2;
    i.qty_scale = 4;
    i.venue = kraken = universe.add_venue("kraken", {});
    i.symbol = "BTC/USDT";
    at_kraken = universe.add_instrument(i);
    i.venue = universe.add_venue("binance", {});
    i.symbol = "BTCUSDT";
    at_binance = universe.add_instrument(i);
    pair = universe.instrument(at_kraken).pair;
    config.reporting_asset = "USDT";
  }

  Event started(std::uint32_t life, std::int64_t ms) const {
    return Started{life, wall_from_ms(ms), &universe, &config};
  }
  OrderRequest order(std::uint32_t counter, InstrumentId on, Side side) const {
    OrderRequest request;
    request.id = make_order_id(1, counter);
    request.execution = {7};
    request.instrument = on;
    request.side = side;
    request.price = {6'100'012};
    request.quantity = {5'000};
    return request;
  }
  Fill fill(const OrderRequest& of, std::string_view id, std::int64_t units) const {
    Fill fill;
    fill.order = of.id;
    fill.instrument = of.instrument;
    fill.id = FillId(id);
    fill.side = of.side;
    fill.price = of.price;
    fill.quantity = {units};
    fill.fee = Decimal::of("0.5");
    fill.fee_asset = usdt;
    return fill;
  }
  static Booked booking(std::string_view id, EntryKind kind = EntryKind::Fill, OrderId order = {}) {
    Booked entry;
    entry.kind = kind;
    entry.order = order;
    entry.fill = FillId(id);
    return entry;
  }
  OpportunityFound refused(RefuseReason reason) const {
    OpportunityFound found;
    found.pair = pair;
    found.buy = at_kraken;
    found.sell = at_binance;
    found.refused = reason;
    return found;
  }
  ExecutionResolved resolved(ExecutionOutcome outcome) const {
    ExecutionResolved done{};
    done.execution = {7};
    done.pair = pair;
    done.outcome = outcome;
    done.bought = done.sold = Decimal::of("0.5");
    done.realised = Decimal::of("-1.25");
    done.reporting = usdt;
    done.mark_count = 2;
    done.marks[0] = {btc, Decimal::of("61000")};
    done.marks[1] = {usdt, Decimal::of("1")};
    return done;
  }

  Universe universe;
  CoreConfig config;
  VenueId kraken;
  AssetId btc, usdt;
  InstrumentId at_kraken, at_binance;
  PairId pair;
};

inline std::vector<io::LinePoint> points_in(std::string_view text) {
  std::vector<io::LinePoint> points;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    auto point = io::read_line(text.substr(0, end));
    ATS_ASSERT(end != text.npos && point);
    points.push_back(std::move(*point));
    text.remove_prefix(end + 1);
  }
  return points;
}

}  // namespace ats::services
