#include "services/bus_messages.hpp"

#include <ats/v1/bus.pb.h>
#include <google/protobuf/util/json_util.h>

#include "domain/number.hpp"
#include "services/risk_messages.hpp"

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

}  // namespace ats::services
