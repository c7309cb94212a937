#include "venues/coinbase/requests.hpp"

#include "venues/json_write.hpp"

namespace ats::venues::coinbase {

std::string subscription(std::string_view type, std::string_view channel,
                         std::span<const std::string_view> products, std::string_view token) {
  JsonObject frame;
  frame.text("type", type);
  if (!products.empty()) {
    JsonList ids;
    for (const std::string_view product : products) ids.text(product);
    frame.raw("product_ids", ids.done());
  }
  frame.text("channel", channel);
  if (!token.empty()) frame.text("jwt", token);
  return frame.done();
}

std::string order_body(const OrderRequest& order, const Instrument& instrument) {
  JsonObject terms;
  terms.text("base_size", format_scaled_short(order.quantity.units, instrument.qty_scale))
      .text("limit_price", format_scaled_short(order.price.units, instrument.price_scale));
  std::string_view kind = "sor_limit_ioc";
  switch (order.time_in_force) {
    case TimeInForce::Ioc:
      break;
    case TimeInForce::Gtc:
      kind = "limit_limit_gtc";
      terms.flag("post_only", order.post_only);
      break;
    case TimeInForce::Fok:
      kind = "limit_limit_fok";
      break;
  }
  return JsonObject()
      .text("client_order_id", client_order_id(order.id).view())
      .text("product_id", instrument.symbol.view())
      .text("side", order.side == Side::Buy ? "BUY" : "SELL")
      .raw("order_configuration", JsonObject().raw(kind, terms.done()).done())
      .done();
}

std::string cancel_body(std::string_view venue_order_id) {
  return JsonObject().raw("order_ids", JsonList().text(venue_order_id).done()).done();
}

}  // namespace ats::venues::coinbase
