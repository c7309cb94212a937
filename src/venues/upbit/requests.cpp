#include "venues/upbit/requests.hpp"

#include "base/decimal.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::upbit {

std::string market_subscription(std::span<const std::string_view> codes, std::uint16_t depth,
                                std::uint64_t ticket) {
  JsonList books;
  JsonList prints;
  for (const std::string_view code : codes) {
    std::string deep(code);
    if (depth != 0) deep.append(".").append(std::to_string(depth));
    books.text(deep);
    prints.text(code);
  }
  return JsonList()
      .raw(JsonObject().text("ticket", "ats-" + std::to_string(ticket)).done())
      .raw(JsonObject().text("type", "orderbook").raw("codes", books.done()).done())
      .raw(JsonObject()
               .text("type", "trade")
               .raw("codes", prints.done())
               .flag("is_only_realtime", true)
               .done())
      .raw(R"({"format":"SIMPLE"})")
      .done();
}

std::string account_subscription(std::uint64_t ticket) {
  return JsonList()
      .raw(JsonObject().text("ticket", "ats-" + std::to_string(ticket)).done())
      .raw(R"({"type":"myOrder"})")
      .raw(R"({"type":"myAsset"})")
      .raw(R"({"format":"DEFAULT"})")
      .done();
}

Parameters place_parameters(const OrderRequest& order, const Instrument& instrument) {
  Parameters parameters;
  parameters.add("market", instrument.symbol.view())
      .add("side", order.side == Side::Buy ? "bid" : "ask")
      .add("volume", format_scaled_short(order.quantity.units, instrument.qty_scale))
      .add("price", format_scaled_short(order.price.units, instrument.price_scale))
      .add("ord_type", "limit");
  if (order.time_in_force == TimeInForce::Ioc) parameters.add("time_in_force", "ioc");
  if (order.time_in_force == TimeInForce::Fok) parameters.add("time_in_force", "fok");
  if (order.post_only) parameters.add("time_in_force", "post_only");
  parameters.add("identifier", client_order_id(order.id).view());
  return parameters;
}

Parameters reference(OrderId order, const VenueOrderId& venue_order_id) {
  Parameters parameters;
  if (venue_order_id.empty()) {
    parameters.add("identifier", client_order_id(order).view());
  } else {
    parameters.add("uuid", venue_order_id.view());
  }
  return parameters;
}

}  // namespace ats::venues::upbit
