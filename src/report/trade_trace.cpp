#include "report/trade_trace.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace ats::report {
namespace {

class Tracer {
 public:
  Tracer(const Execution& execution, const Universe& universe) : x_(execution), u_(universe) {}

  std::vector<TraceSpan> spans() {
    ATS_ASSERT(x_.resolved);
    whole();
    books();
    for (const Leg& leg : x_.legs) order(leg);
    for (const TraceSpan& span : out_) {
      out_[0].begin = std::min(out_[0].begin, span.begin);
      out_[0].end = std::max(out_[0].end, span.end);
    }
    return std::move(out_);
  }

 private:
  WallTime wall(const Moment& moment) const {
    return {x_.opened.wall.ns_utc + between(x_.opened, moment).ns};
  }
  std::string venue(VenueId id) const {
    return id.index() < u_.venues().size() ? std::string(u_.venue(id).name.view()) : "-";
  }

  TraceSpan& add(std::string name, std::size_t parent, WallTime begin, WallTime end) {
    return out_.emplace_back(
        TraceSpan{std::move(name), parent, begin, std::max(begin, end), {}, {}, false});
  }

  void whole() {
    TraceSpan& span = add("trade", 0, x_.opened.wall, wall(x_.ended));
    span.failed = x_.outcome == ExecutionOutcome::HandedOver;
    span.attributes = {{"ats.trade", std::to_string(x_.id.value)},
                       {"ats.outcome", ats::name(x_.outcome)},
                       {"ats.residual", x_.residual.to_string()}};
    if (x_.pair.index() < u_.pairs().size())
      span.attributes.emplace_back("ats.pair", u_.pair_name(x_.pair));
    if (x_.strategy) span.attributes.emplace_back("ats.strategy", ats::name(*x_.strategy));
    for (const Step& step : x_.steps) {
      if (step.order.valid() || step.kind == StepKind::Resolved) continue;
      span.events.push_back({report::name(step.kind), wall(step.at)});
    }
  }

  // From the frame of each book that it was decided on: the later of the two is the one that showed it.
  void books() {
    if (!x_.quoted) return;
    for (const QuotedSide* side : {&x_.buy, &x_.sell}) {
      TraceSpan& span = add("book " + venue(side->venue), 0, {x_.opened.wall.ns_utc - side->age.ns},
                            x_.opened.wall);
      span.attributes = {{"ats.venue", venue(side->venue)},
                         {"ats.side", side == &x_.buy ? "buy" : "sell"},
                         {"ats.quantity", side->quantity.to_string()},
                         {"ats.notional", side->notional.to_string()}};
    }
  }

  void order(const Leg& leg) {
    const std::size_t at = out_.size();
    Moment last = leg.placed;
    for (const Moment* moment :
         {&leg.encoded, &leg.written, &leg.acked, &leg.first_fill, &leg.ended})
      if (moment->told()) last = *moment;
    for (const BookedFill& fill : leg.fills) {
      if (between(last, fill.at).ns > 0) last = fill.at;
    }
    TraceSpan& span = add("order " + venue(leg.venue), 0, wall(leg.placed), wall(last));
    span.failed = leg.rejected.has_value();
    span.attributes = {{"ats.order", std::string(client_order_id(leg.order).view())},
                       {"ats.venue_order", std::string(leg.venue_order_id.view())},
                       {"ats.venue", venue(leg.venue)},
                       {"ats.side", ats::name(leg.side)},
                       {"ats.limit", leg.limit.to_string()},
                       {"ats.quantity", leg.quantity.to_string()},
                       {"ats.filled", leg.filled.to_string()},
                       {"ats.state", ats::name(leg.state)},
                       {"ats.route", ats::name(leg.route)},
                       {"ats.unwind", leg.unwind ? "true" : "false"}};
    if (leg.rejected) span.attributes.emplace_back("ats.rejected", ats::name(*leg.rejected));
    for (const BookedFill& fill : leg.fills)
      span.events.push_back(
          {"fill " + fill.quantity.to_string() + " at " + fill.price.to_string(), wall(fill.at)});
    stage("encode", at, leg.placed, leg.encoded);
    stage("write", at, leg.encoded, leg.written);
    stage("venue", at, leg.written, leg.acked.told() ? leg.acked : leg.first_fill);
  }

  void stage(const char* name, std::size_t order, const Moment& begin, const Moment& end) {
    if (begin.told() && end.told()) add(name, order, wall(begin), wall(end));
  }

  const Execution& x_;
  const Universe& u_;
  std::vector<TraceSpan> out_;
};

}  // namespace

std::vector<TraceSpan> trace_of(const Execution& execution, const Universe& universe) {
  return Tracer(execution, universe).spans();
}

}  // namespace ats::report
