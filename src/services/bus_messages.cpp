#include "services/bus_messages.hpp"

#include <ats/v1/bus.pb.h>
#include <google/protobuf/util/json_util.h>

#include "domain/number.hpp"
#include "services/risk_messages.hpp"
#include "services/scope_text.hpp"

namespace ats::services {
namespace {

v1::BusMessage begin(const BusHead& head) {
  v1::BusMessage message;
  message.set_source(std::string(head.source));
  message.set_journal(head.journal);
  message.set_life(head.life);
  message.set_number(head.number);
  fill_time(*message.mutable_at(), head.at);
  return message;
}

std::string text(std::string_view view) { return std::string(view); }

}  // namespace

std::string bus_message(const BusHead& head, const BookStatus& book, const Universe& universe) {
  v1::BusMessage message = begin(head);
  v1::Quote& quote = *message.mutable_quote();
  const Instrument& on = universe.instrument(book.instrument);
  quote.set_venue(text(universe.venue(on.venue).name.view()));
  quote.set_pair(universe.pair_name(on.pair));
  quote.set_state(name(book.state));
  if (book.reason != BookReason::None) quote.set_reason(name(book.reason));
  if (!book.bid.quantity.is_zero()) {
    quote.set_bid(on.price_decimal(book.bid.price).to_string());
    quote.set_bid_quantity(on.quantity_decimal(book.bid.quantity).to_string());
  }
  if (!book.ask.quantity.is_zero()) {
    quote.set_ask(on.price_decimal(book.ask.price).to_string());
    quote.set_ask_quantity(on.quantity_decimal(book.ask.quantity).to_string());
  }
  return message.SerializeAsString();
}

std::string bus_message(const BusHead& head, const Fill& fill, bool ours,
                        const Universe& universe) {
  v1::BusMessage message = begin(head);
  v1::BusFill& told = *message.mutable_fill();
  const Instrument& on = universe.instrument(fill.instrument);
  told.set_venue(text(universe.venue(on.venue).name.view()));
  told.set_pair(universe.pair_name(on.pair));
  told.set_fill_id(text(fill.id.view()));
  if (ours) told.set_order_id(text(client_order_id(fill.order).view()));
  told.set_side(name(fill.side));
  told.set_liquidity(fill.liquidity == Liquidity::Maker ? "maker" : "taker");
  told.set_price(on.price_decimal(fill.price).to_string());
  told.set_quantity(on.quantity_decimal(fill.quantity).to_string());
  told.set_fee(fill.fee.to_string());
  told.set_fee_asset(text(universe.asset(fill.fee_asset).name.view()));
  if (fill.venue_time.told()) fill_time(*told.mutable_venue_time(), fill.venue_time);
  return message.SerializeAsString();
}

std::string bus_message(const BusHead& head, const ExecutionResolved& execution,
                        const Universe& universe) {
  v1::BusMessage message = begin(head);
  v1::BusExecution& told = *message.mutable_execution();
  told.set_execution(execution.execution.value);
  told.set_pair(universe.pair_name(execution.pair));
  told.set_outcome(name(execution.outcome));
  told.set_bought(execution.bought.to_string());
  told.set_sold(execution.sold.to_string());
  told.set_residual(execution.residual.to_string());
  told.set_realised(execution.realised.to_string());
  return message.SerializeAsString();
}

std::string bus_message(const BusHead& head, const BusAlertTold& told, const Universe& universe) {
  v1::BusMessage message = begin(head);
  v1::BusAlert& alert = *message.mutable_alert();
  const report::Telling& telling = *told.telling;
  alert.set_what(name(telling.why));
  alert.set_alert(telling.number);
  alert.set_severity(name(telling.severity));
  alert.set_code(name(telling.code));
  alert.set_scope(scope_text(told.scope, universe));
  alert.set_subject(text(told.subject));
  alert.set_message(telling.message);
  alert.set_times(telling.times);
  for (const std::uint64_t ended : telling.ends) alert.add_ends(ended);
  alert.set_open(told.open);
  alert.set_by_person(report::act_of_a_person(telling.code, telling.severity));
  return message.SerializeAsString();
}

std::string bus_channel(std::string_view stream, VenueId venue, PairId pair,
                        const Universe& universe) {
  std::string channel = "ats.v1." + text(stream) + ".";
  channel += venue.valid() ? universe.venue(venue).name.view() : "all";
  return channel + "." + (pair.valid() ? universe.pair_name(pair) : "all");
}

std::optional<BusRead> read_bus_message(std::string_view bytes) {
  v1::BusMessage message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      message.what_case() == v1::BusMessage::WHAT_NOT_SET)
    return std::nullopt;
  BusRead read{message.source(), message.journal(), message.number(), message.life(), {}};
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(message, &read.json, options).ok())
    return std::nullopt;
  return read;
}

std::optional<report::Notice> read_notice(std::string_view bytes) {
  v1::BusMessage message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !message.has_alert())
    return std::nullopt;
  const v1::BusAlert& alert = message.alert();
  const auto what = report::find_what(alert.what());
  const auto severity = report::find_severity(alert.severity());
  if (!what || !severity) return std::nullopt;
  report::Notice notice;
  notice.source = message.source();
  notice.journal = message.journal();
  notice.number = message.number();
  notice.what = *what;
  notice.alert = alert.alert();
  notice.severity = *severity;
  notice.category = alert.code();
  notice.scope = alert.scope();
  notice.subject = alert.subject();
  notice.message = alert.message();
  notice.times = alert.times();
  notice.ends.assign(alert.ends().begin(), alert.ends().end());
  notice.open = alert.open();
  notice.by_person = alert.by_person();
  notice.at = {message.at().seconds() * 1'000'000'000 + message.at().nanos()};
  return notice;
}

}  // namespace ats::services
