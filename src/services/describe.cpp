#include "services/describe.hpp"

#include <fmt/format.h>

#include <cctype>

#include "domain/status.hpp"

namespace ats::services {
namespace {

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
}

// One flat JSON object, written field by field.
class Object {
 public:
  Object(const char* kind_key, const char* kind, const Universe& universe) : universe_(universe) {
    text(kind_key, kind);
  }
  Object& text(const char* key, std::string_view value) {
    begin(key);
    out_ += '"';
    escape(out_, value);
    out_ += '"';
    return *this;
  }
  Object& number(const char* key, std::int64_t value) {
    begin(key);
    out_ += std::to_string(value);
    return *this;
  }
  Object& count(const char* key, std::uint64_t value) {
    begin(key);
    out_ += std::to_string(value);
    return *this;
  }
  Object& flag(const char* key, bool value) {
    begin(key);
    out_ += value ? "true" : "false";
    return *this;
  }
  Object& amount(const char* key, Decimal value) { return text(key, value.to_string()); }
  Object& bps(const char* key, Rate rate) { return text(key, format_scaled_short(rate.ppb, 5)); }
  Object& venue(VenueId id) {
    if (known(id, universe_.venues().size())) text("venue", universe_.venue(id).name.view());
    return *this;
  }
  Object& asset(const char* key, AssetId id) {
    if (known(id, universe_.assets().size())) text(key, universe_.asset(id).name.view());
    return *this;
  }
  Object& pair(PairId id) {
    if (known(id, universe_.pairs().size())) text("pair", universe_.pair_name(id));
    return *this;
  }
  Object& instrument(InstrumentId id) {
    instrument_ = known(id, universe_.instruments().size()) ? &universe_.instrument(id) : nullptr;
    if (instrument_ != nullptr) venue(instrument_->venue).pair(instrument_->pair);
    return *this;
  }
  Object& instrument_named(const char* key, InstrumentId id) {
    if (known(id, universe_.instruments().size())) text(key, universe_.instrument_name(id));
    return *this;
  }
  Object& price(const char* key, Price p) {
    return text(key, format_scaled(p.units, instrument_ ? instrument_->price_scale : 0));
  }
  Object& price_of(const char* key, InstrumentId id, Price p) {
    instrument_ = known(id, universe_.instruments().size()) ? &universe_.instrument(id) : nullptr;
    return price(key, p);
  }
  Object& quantity(const char* key, Quantity q) {
    return text(key, format_scaled(q.units, instrument_ ? instrument_->qty_scale : 0));
  }
  Object& fill(const Fill& fill) {
    return instrument(fill.instrument)
        .text("fill", fill.id.view())
        .text("side", name(fill.side))
        .price("price", fill.price)
        .quantity("quantity", fill.quantity)
        .amount("fee", fill.fee)
        .asset("fee_asset", fill.fee_asset);
  }
  Object& times(const Times& t) {
    if (t.venue_time.told()) text("venue_time", format_rfc3339(t.venue_time));
    return number("recv_time_ns", t.recv_time.ns);
  }
  Object& levels(const char* key, std::span<const Level> levels) {
    begin(key);
    out_ += '[';
    const int ps = instrument_ ? instrument_->price_scale : 0;
    const int qs = instrument_ ? instrument_->qty_scale : 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += "[\"" + format_scaled(levels[i].price.units, ps) + "\",\"" +
              format_scaled(levels[i].quantity.units, qs) + "\"]";
    }
    out_ += ']';
    return *this;
  }
  Object& checksum(const std::optional<std::uint32_t>& c) {
    return c ? count("checksum", *c) : *this;
  }
  Object& order(OrderId id) { return text("order", client_order_id(id).view()); }
  Object& scope(const Scope& s) {
    if (s.global()) return text("scope", "all");
    if (s.strategy) text("strategy", name(*s.strategy));
    return venue(s.venue).pair(s.pair);
  }
  std::string done() { return std::move(out_) + "}"; }

 private:
  template <class IdType>
  static bool known(IdType id, std::size_t size) {
    return id.valid() && id.index() < size;
  }
  void begin(const char* key) {
    out_ += out_.size() > 1 ? ",\"" : "\"";
    out_ += key;
    out_ += "\":";
  }
  std::string out_ = "{";
  const Universe& universe_;
  const Instrument* instrument_ = nullptr;
};

struct EventText {
  const Universe& u;
  Object start(const char* kind) const { return Object("event", kind, u); }

  std::string operator()(const Started& e) const {
    return start("started")
        .count("incarnation", e.incarnation)
        .text("wall", format_rfc3339(e.wall))
        .flag("paper", e.config != nullptr && e.config->paper)
        .done();
  }
  std::string operator()(const Timer& e) const {
    return start("timer").text("wall", format_rfc3339(e.wall)).done();
  }
  std::string operator()(const ConnectionUp& e) const {
    return start("connection_up").venue(e.venue).text("channel", name(e.channel)).done();
  }
  std::string operator()(const ConnectionDown& e) const {
    return start("connection_down").venue(e.venue).text("channel", name(e.channel)).done();
  }
  std::string operator()(const Heartbeat& e) const {
    return start("heartbeat").venue(e.venue).times(e.times).done();
  }
  std::string operator()(const BookSnapshot& e) const {
    return start("book_snapshot")
        .instrument(e.instrument)
        .times(e.times)
        .count("last", e.last)
        .checksum(e.checksum)
        .levels("bids", e.bids)
        .levels("asks", e.asks)
        .done();
  }
  std::string operator()(const BookImage& e) const {
    return start("book_image")
        .instrument(e.instrument)
        .times(e.times)
        .number("asked_ns", e.asked.ns)
        .levels("bids", e.bids)
        .levels("asks", e.asks)
        .done();
  }
  std::string operator()(const BookDelta& e) const {
    return start("book_delta")
        .instrument(e.instrument)
        .times(e.times)
        .count("first", e.first)
        .count("last", e.last)
        .checksum(e.checksum)
        .levels("bids", e.bids)
        .levels("asks", e.asks)
        .done();
  }
  std::string operator()(const BookFault& e) const {
    Object o = start("book_fault");
    if (e.instrument.valid())
      o.instrument(e.instrument);
    else
      o.venue(e.venue);
    return o.text("reason", name(e.reason)).done();
  }
  std::string operator()(const Trade& e) const {
    return start("trade")
        .instrument(e.instrument)
        .times(e.times)
        .text("taker_side", name(e.taker_side))
        .price("price", e.price)
        .quantity("quantity", e.quantity)
        .text("id", e.id.view())
        .done();
  }
  std::string operator()(const Quote& e) const {
    return start("quote")
        .instrument(e.instrument)
        .times(e.times)
        .count("sequence", e.sequence)
        .price("bid", e.bid.price)
        .quantity("bid_quantity", e.bid.quantity)
        .price("ask", e.ask.price)
        .quantity("ask_quantity", e.ask.quantity)
        .done();
  }
  std::string operator()(const InstrumentChanged& e) const {
    return start("instrument_changed")
        .instrument(e.instrument.id)
        .text("status", name(e.instrument.status))
        .done();
  }
  std::string operator()(const OrderAcked& e) const {
    return start("order_acked")
        .order(e.order)
        .text("venue_order_id", e.venue_order_id.view())
        .times(e.times)
        .done();
  }
  std::string operator()(const OrderRejected& e) const {
    return start("order_rejected")
        .order(e.order)
        .text("reason", name(e.reason))
        .text("message", e.message.view())
        .times(e.times)
        .done();
  }
  std::string operator()(const OrderFilled& e) const {
    return start("order_filled").order(e.fill.order).fill(e.fill).times(e.times).done();
  }
  std::string operator()(const OrderEnded& e) const {
    return start("order_ended")
        .order(e.order)
        .text("state", name(e.state))
        .number("filled_units", e.filled.units)
        .times(e.times)
        .done();
  }
  std::string operator()(const OrderFound& e) const {
    Object o = start("order_found");
    o.order(e.order).text("state", name(e.state)).number("filled_units", e.filled.units);
    if (e.terms.told()) {
      o.number("price_units", e.terms.price.units).number("quantity_units", e.terms.quantity.units);
    }
    return o.times(e.times).done();
  }
  std::string operator()(const OrderAmended& e) const {
    return start("order_amended")
        .order(e.order)
        .number("price_units", e.terms.price.units)
        .number("quantity_units", e.terms.quantity.units)
        .text("venue_order_id", e.venue_order_id.view())
        .times(e.times)
        .done();
  }
  std::string operator()(const AmendRejected& e) const {
    return start("amend_rejected")
        .order(e.order)
        .text("reason", name(e.reason))
        .text("message", e.message.view())
        .times(e.times)
        .done();
  }
  std::string operator()(const LeaseGranted& e) const {
    return start("lease_granted")
        .count("version", e.version)
        .number("asked_ns", e.asked.ns)
        .number("valid_for_ms", e.valid_for.ns / 1'000'000)
        .count("shares", e.shares.size())
        .count("holds", e.holds.size())
        .done();
  }
  std::string operator()(const LeaseAsked& e) const {
    return start("lease_asked")
        .text("engine", e.engine.view())
        .count("held", e.held)
        .flag("live", e.live)
        .amount("profit", e.profit)
        .count("uses", e.uses.size())
        .flag("holdings", e.holdings)
        .count("positions", e.positions.size())
        .count("left_out", e.left_out)
        .done();
  }
  std::string operator()(const RiskMeasured& e) const {
    Object o = start("risk_measured");
    o.number("asked_ns", e.asked.ns).number("bar_s", e.bar.ns / seconds(1).ns);
    o.count("observations", e.observations);
    if (e.fault != MeasureFault::None) return o.text("fault", name(e.fault)).done();
    return o.amount("value_at_risk", e.value_at_risk).done();
  }
  std::string operator()(const OrderNotFound& e) const {
    return start("order_not_found").order(e.order).times(e.times).done();
  }
  std::string operator()(const OrderUnknown& e) const {
    return start("order_unknown")
        .order(e.order)
        .text("reason", name(e.reason))
        .times(e.times)
        .done();
  }
  std::string operator()(const OrderNotSent& e) const {
    return start("order_not_sent").order(e.order).done();
  }
  std::string operator()(const OrderSent& e) const {
    return start("order_sent")
        .order(e.order)
        .text("route", name(e.route))
        .number("encoded_ns", e.encoded.ns)
        .number("written_ns", e.written.ns)
        .done();
  }
  std::string operator()(const CancelRejected& e) const {
    return start("cancel_rejected").order(e.order).text("reason", name(e.reason)).done();
  }
  std::string operator()(const QueryFailed& e) const {
    return start("query_failed").order(e.order).done();
  }
  std::string operator()(const BalanceReported& e) const {
    return start("balance_reported")
        .venue(e.venue)
        .asset("asset", e.asset)
        .amount("total", e.total)
        .amount("held", e.held)
        .times(e.times)
        .done();
  }
  std::string operator()(const BalancesComplete& e) const {
    return start("balances_complete")
        .venue(e.venue)
        .times(e.times)
        .number("asked_ns", e.asked.ns)
        .done();
  }
  std::string operator()(const OpenOrdersComplete& e) const {
    return start("open_orders_complete")
        .venue(e.venue)
        .number("ours", e.ours)
        .times(e.times)
        .done();
  }
  std::string operator()(const ForeignOrder& e) const {
    Object o = start("foreign_order");
    o.venue(e.venue).text("venue_order_id", e.venue_order_id.view());
    if (e.instrument.valid()) {
      o.instrument(e.instrument)
          .text("side", name(e.side))
          .price("price", e.terms.price)
          .quantity("quantity", e.terms.quantity)
          .quantity("filled", e.filled);
    }
    return o.flag("open", e.open).done();
  }
  std::string operator()(const ForeignFill& e) const {
    return start("foreign_fill")
        .text("venue_order_id", e.venue_order_id.view())
        .fill(e.fill)
        .times(e.times)
        .done();
  }
  std::string operator()(const CommandReceived& e) const {
    Object o = start("command");
    if (const auto* halt = std::get_if<HaltCommand>(&e.command)) {
      o.text("command", "halt")
          .scope(halt->scope)
          .text("who", halt->who.view())
          .text("reason", halt->reason.view())
          .flag("reduce_only", halt->reduce_only)
          .flag("at_once", halt->at_once)
          .flag("flatten", halt->flatten);
    } else if (const auto* resume = std::get_if<ResumeCommand>(&e.command)) {
      o.text("command", "resume")
          .scope(resume->scope)
          .text("who", resume->who.view())
          .text("reason", resume->reason.view());
    } else if (const auto* set = std::get_if<SetLimitCommand>(&e.command)) {
      o.text("command", set->take_back ? "take_back_limit" : "set_limit")
          .text("limit", to_text(set->setting))
          .text("who", set->who.view())
          .text("reason", set->reason.view());
      if (set->of_file) o.flag("of_file", true);
    } else if (const auto* off = std::get_if<WriteOffCommand>(&e.command)) {
      o.text("command", "write_off")
          .text("engine", off->engine.view())
          .text("who", off->who.view())
          .text("reason", off->reason.view());
    } else if (const auto* seen = std::get_if<AcknowledgeCommand>(&e.command)) {
      o.text("command", "acknowledge")
          .count("alert", seen->alert)
          .text("who", seen->who.view())
          .text("reason", seen->reason.view());
    } else {
      o.text("command", "stop").text("who", std::get<StopCommand>(e.command).who.view());
    }
    return o.done();
  }
};

struct ActionText {
  const Universe& u;
  Object start(const char* kind) const { return Object("action", kind, u); }

  std::string operator()(const Place& x) const {
    const OrderRequest& o = *x.order;
    return start("place")
        .order(o.id)
        .count("execution", o.execution.value)
        .instrument(o.instrument)
        .text("side", name(o.side))
        .text("time_in_force", name(o.time_in_force))
        .price("price", o.price)
        .quantity("quantity", o.quantity)
        .flag("unwind", o.unwind)
        .count("approval", x.order.serial())
        .done();
  }
  std::string operator()(const Amend& x) const {
    const OrderRequest& o = *x.order;
    return start("amend")
        .order(o.id)
        .count("execution", o.execution.value)
        .instrument(o.instrument)
        .text("side", name(o.side))
        .price("from_price", x.standing.price)
        .quantity("from_quantity", x.standing.quantity)
        .price("price", o.price)
        .quantity("quantity", o.quantity)
        .count("approval", x.order.serial())
        .done();
  }
  std::string operator()(const Cancel& x) const {
    return start("cancel").order(x.order).instrument(x.instrument).done();
  }
  std::string operator()(const QueryOrder& x) const {
    return start("query_order").order(x.order).instrument(x.instrument).done();
  }
  std::string operator()(const QueryOpenOrders& x) const {
    return start("query_open_orders").venue(x.venue).done();
  }
  std::string operator()(const QueryBalances& x) const {
    return start("query_balances").venue(x.venue).done();
  }
  std::string operator()(const RequestSnapshot& x) const {
    return start("request_snapshot").instrument(x.instrument).done();
  }
  std::string operator()(const RequestImage& x) const {
    return start("request_image").instrument(x.instrument).done();
  }
  std::string operator()(const Resubscribe& x) const {
    return start("resubscribe").instrument(x.instrument).done();
  }
  std::string operator()(const OpportunityFound& x) const {
    Object o = start("opportunity");
    o.text("strategy", name(x.strategy))
        .pair(x.pair)
        .instrument_named("buy", x.buy)
        .instrument_named("sell", x.sell)
        .bps("gross_bps", x.gross)
        .bps("net_bps", x.net)
        .amount("profit", x.profit)
        .text("refused", name(x.refused));
    if (x.breach.any) {
      o.text("limit", name(x.breach.kind))
          .amount("value", x.breach.value)
          .amount("bound", x.breach.bound);
    }
    if (x.execution.valid()) o.count("execution", x.execution.value);
    o.price_of("buy_limit", x.buy, x.buy_limit).quantity("quantity", x.quantity);
    o.price_of("sell_limit", x.sell, x.sell_limit).asset("profit_asset", x.profit_asset);
    std::string legs = "[";
    for (std::size_t n = 0; n < x.leg_count; ++n) {
      const OpportunityLeg& l = x.legs[n];
      Object leg("side", name(l.side), u);
      leg.asset("gives", l.gives).asset("gets", l.gets).flag("sent", l.sent);
      if (l.instrument.valid()) {
        leg.instrument_named("on", l.instrument).price_of("deepest", l.instrument, l.deepest);
        leg.quantity("quantity", l.quantity);
      } else {
        leg.text("on", "a configured rate");
      }
      legs += (n > 0 ? "," : "") + leg.done();
    }
    std::string out = o.done();
    out.pop_back();
    return out + ",\"legs\":" + legs + "]}";
  }
  std::string seen(const SeenBook& b) const {
    return Object("state", name(static_cast<BookState>(b.state)), u)
        .instrument_named("on", b.instrument)
        .number("age_ns", b.age.ns)
        .price_of("other_price", b.instrument, b.other.price)
        .quantity("other_quantity", b.other.quantity)
        .quantity("quantity", b.quantity)
        .amount("notional", b.notional)
        .levels("levels", std::span(b.levels).first(b.level_count))
        .done();
  }
  std::string operator()(const ExecutionOpened& x) const {
    std::string out = start("execution_opened")
                          .count("execution", x.execution.value)
                          .amount("converted", x.converted)
                          .amount("converted_into", x.converted_into)
                          .done();
    out.pop_back();
    return out + ",\"buy\":" + seen(x.buy) + ",\"sell\":" + seen(x.sell) + "}";
  }
  std::string operator()(const ExecutionResolved& x) const {
    std::string marks = "{";
    for (std::size_t n = 0; n < x.mark_count; ++n) {
      const AssetMark& m = x.marks[n];
      if (m.asset.index() >= u.assets().size()) continue;
      marks += (marks.size() > 1 ? ",\"" : "\"") + std::string(u.asset(m.asset).name.view()) +
               "\":\"" + m.price.to_string() + "\"";
    }
    std::string out = start("execution_resolved")
                          .count("execution", x.execution.value)
                          .pair(x.pair)
                          .text("outcome", name(x.outcome))
                          .amount("bought", x.bought)
                          .amount("sold", x.sold)
                          .amount("residual", x.residual)
                          .amount("realised", x.realised)
                          .asset("reporting", x.reporting)
                          .done();
    out.pop_back();
    return out + ",\"marks\":" + marks + "}}";
  }
  std::string operator()(const Booked& x) const {
    std::string list = "[";
    for (std::size_t i = 0; i < x.count; ++i) {
      const Posting& p = x.postings[i];
      Object o("account", name(p.account), u);
      list += (i > 0 ? "," : "") +
              o.venue(p.venue).asset("asset", p.asset).amount("amount", p.amount).done();
    }
    std::string out = start("booked").order(x.order).text("fill", x.fill.view()).done();
    out.pop_back();
    return out + ",\"postings\":" + list + "]}";
  }
  std::string operator()(const Alert& x) const {
    Object o = start("alert");
    o.text("severity", name(x.severity))
        .text("code", name(x.code))
        .scope(x.scope)
        .text("message", x.message.view());
    if (!x.subject.empty()) o.text("subject", x.subject.view());
    if (x.over) o.flag("over", true);
    return o.done();
  }
  std::string operator()(const BookStateChanged& x) const {
    return start("book_state")
        .instrument(x.instrument)
        .text("state", name(static_cast<BookState>(x.state)))
        .text("reason", name(static_cast<BookReason>(x.reason)))
        .done();
  }
  std::string operator()(const Stopped&) const { return start("stopped").done(); }
  std::string operator()(const LeaseUse& x) const {
    Object o = start("lease_use");
    o.text("limit", name(x.kind)).text("scope", to_text(x.scope));
    return (x.known ? o.amount("value", x.value) : o).done();
  }
  std::string operator()(const AskLease& x) const {
    return start("ask_lease")
        .count("held", x.held)
        .flag("live", x.live)
        .amount("profit", x.profit)
        .flag("holdings", x.holdings)
        .count("left_out", x.left_out)
        .done();
  }
  std::string operator()(const LeasePosition& x) const {
    Object o = start("lease_position");
    o.text("venue", x.venue.view()).text("asset", x.asset.view());
    o.amount("held", x.held).amount("traded", x.traded);
    if (x.marked) o.amount("mark", x.mark).amount("worth", x.worth).flag("fresh", x.fresh);
    return o.done();
  }
  std::string operator()(const MeasureRisk& x) const {
    return start("measure_risk")
        .number("confidence_ppb", x.confidence.ppb)
        .number("horizon_s", x.horizon.ns / seconds(1).ns)
        .done();
  }
  std::string operator()(const LeaseShare& x) const {
    return start("lease_share")
        .text("limit", name(x.kind))
        .text("scope", to_text(x.scope))
        .amount("bound", x.bound)
        .done();
  }
  std::string operator()(const LeaseHold& x) const {
    return start("lease_hold")
        .text("scope", to_text(x.scope))
        .text("state", name(x.state))
        .flag("resolving", x.resolving)
        .flag("flatten", x.flatten)
        .done();
  }
  std::string operator()(const GrantLease& x) const {
    return start("grant_lease")
        .text("engine", x.engine.view())
        .count("version", x.version)
        .number("asked_ns", x.asked.ns)
        .number("valid_for_ms", x.valid_for.ns / 1'000'000)
        .done();
  }
};

}  // namespace

std::string describe(const Event& event, const Universe& universe) {
  return std::visit(EventText{universe}, event);
}

std::string describe(const Action& action, const Universe& universe) {
  return std::visit(ActionText{universe}, action);
}

}  // namespace ats::services
