#include "venues/kraken/requests.hpp"

#include <charconv>
#include <cstring>

#include "base/decimal.hpp"
#include "venues/kraken/names.hpp"
#include "venues/percent.hpp"

namespace ats::venues::kraken {
namespace {

// Appends into a buffer known to be large enough.
class Writer {
 public:
  explicit Writer(std::span<char> buffer) : begin_(buffer.data()), end_(begin_) {}
  Writer& text(std::string_view text) {
    std::memcpy(end_, text.data(), text.size());
    end_ += text.size();
    return *this;
  }
  Writer& number(std::int64_t units, int scale) {
    end_ = format_scaled(units, scale, end_);
    return *this;
  }
  Writer& number(std::uint64_t n) {
    constexpr std::ptrdiff_t longest = 20;
    end_ = std::to_chars(end_, end_ + longest, n).ptr;
    return *this;
  }
  std::string_view view() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }

 private:
  char* begin_;
  char* end_;
};

std::string_view word(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Ioc:
      return "ioc";
    case TimeInForce::Gtc:
      return "gtc";
    case TimeInForce::Fok:
      return "fok";
  }
  return "ioc";
}

}  // namespace

bool Requests::set_token(std::string_view token) {
  if (token.empty() || token.size() > token_max) return false;
  for (const char c : token) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  token_ = token;
  return true;
}

std::string_view Requests::add_order(const OrderRequest& order, const Instrument& instrument,
                                     std::uint64_t req_id) {
  Writer frame(frame_);
  frame.text(R"({"method":"add_order","params":{"order_type":"limit","side":")")
      .text(order.side == Side::Buy ? "buy" : "sell")
      .text(R"(","order_qty":)")
      .number(order.quantity.units, instrument.qty_scale)
      .text(R"(,"symbol":")")
      .text(instrument.symbol.view())
      .text(R"(","limit_price":)")
      .number(order.price.units, instrument.price_scale)
      .text(R"(,"time_in_force":")")
      .text(word(order.time_in_force))
      .text(R"(","cl_ord_id":")")
      .text(client_order_id(order.id).view())
      .text(order.post_only ? R"(","post_only":true)" : "\"")
      // Without it a sale's fee may be taken in the base asset.
      .text(R"(,"fee_preference":"quote","token":")")
      .text(token_)
      .text(R"("},"req_id":)")
      .number(req_id)
      .text("}");
  return frame.view();
}

std::string Requests::add_order_form(const OrderRequest& order, const Instrument& instrument) {
  char number[32];
  const auto decimal = [&number](std::int64_t units, int scale) {
    return std::string_view(number,
                            static_cast<std::size_t>(format_scaled(units, scale, number) - number));
  };
  std::string form = "ordertype=limit&type=";
  form.append(order.side == Side::Buy ? "buy" : "sell").append("&volume=");
  form.append(decimal(order.quantity.units, instrument.qty_scale)).append("&pair=");
  form.append(percent_encoded(instrument.rest_symbol.view())).append("&price=");
  form.append(decimal(order.price.units, instrument.price_scale)).append("&timeinforce=");
  form.append(tif_word(order.time_in_force)).append("&cl_ord_id=");
  form.append(percent_encoded(client_order_id(order.id).view()))
      .append(order.post_only ? "&oflags=fciq%2Cpost" : "&oflags=fciq");
  return form;
}

std::string_view Requests::cancel_order(const Cancel& cancel, std::uint64_t req_id) {
  Writer frame(frame_);
  frame.text(R"({"method":"cancel_order","params":{)");
  if (cancel.venue_order_id.empty()) {
    frame.text(R"("cl_ord_id":[")").text(client_order_id(cancel.order).view());
  } else {
    frame.text(R"("order_id":[")").text(cancel.venue_order_id.view());
  }
  frame.text(R"("],"token":")").text(token_).text(R"("},"req_id":)").number(req_id).text("}");
  return frame.view();
}

// `order_qty` is for all of the order. With `post_only` a price that would take is refused, and the order stands
// as it did (docs.kraken.com, WebSocket v2, amend_order).
std::string_view Requests::amend_order(const Amend& amend, const Instrument& instrument,
                                       std::uint64_t req_id) {
  const OrderRequest& order = *amend.order;
  Writer frame(frame_);
  frame.text(R"({"method":"amend_order","params":{)");
  if (amend.venue_order_id.empty()) {
    frame.text(R"("cl_ord_id":")").text(client_order_id(order.id).view());
  } else {
    frame.text(R"("order_id":")").text(amend.venue_order_id.view());
  }
  frame.text(R"(","order_qty":)")
      .number(order.quantity.units, instrument.qty_scale)
      .text(R"(,"limit_price":)")
      .number(order.price.units, instrument.price_scale)
      .text(order.post_only ? R"(,"post_only":true)" : "")
      .text(R"(,"token":")")
      .text(token_)
      .text(R"("},"req_id":)")
      .number(req_id)
      .text("}");
  return frame.view();
}

std::string Requests::amend_order_form(const Amend& amend, const Instrument& instrument) {
  const OrderRequest& order = *amend.order;
  std::string form = amend.venue_order_id.empty()
                         ? "cl_ord_id=" + percent_encoded(client_order_id(order.id).view())
                         : "txid=" + percent_encoded(amend.venue_order_id.view());
  char number[32];
  const auto decimal = [&number](std::int64_t units, int scale) {
    return std::string_view(number,
                            static_cast<std::size_t>(format_scaled(units, scale, number) - number));
  };
  form.append("&order_qty=").append(decimal(order.quantity.units, instrument.qty_scale));
  form.append("&limit_price=").append(decimal(order.price.units, instrument.price_scale));
  if (order.post_only) form.append("&post_only=true");
  return form;
}

std::string_view Requests::market(std::string_view method, std::string_view channel,
                                  std::span<const std::string_view> symbols, std::uint16_t depth,
                                  std::uint64_t req_id) {
  const bool subscribe = method == "subscribe";
  text_ = R"({"method":")";
  text_.append(method).append(R"(","params":{"channel":")").append(channel);
  text_.append(R"(","symbol":[)");
  for (const std::string_view& symbol : symbols) {
    if (&symbol != symbols.data()) text_ += ',';
    text_.append("\"").append(symbol).append("\"");
  }
  text_ += ']';
  if (depth != 0) text_.append(R"(,"depth":)").append(std::to_string(depth));
  // A book starts with its snapshot; the prints of before are not wanted.
  if (subscribe) text_.append(depth != 0 ? R"(,"snapshot":true)" : R"(,"snapshot":false)");
  text_.append(R"(},"req_id":)").append(std::to_string(req_id)).append("}");
  return text_;
}

std::string_view Requests::account(std::string_view method, std::string_view channel,
                                   std::uint64_t req_id) {
  text_ = R"({"method":")";
  text_.append(method).append(R"(","params":{"channel":")").append(channel).append("\"");
  if (method == "subscribe" && channel == "executions")
    text_.append(R"(,"snap_orders":true,"snap_trades":false,"order_status":true)");
  text_.append(R"(,"token":")").append(token_);
  text_.append(R"("},"req_id":)").append(std::to_string(req_id)).append("}");
  return text_;
}

std::string_view Requests::cancel_all_after(Duration timeout, std::uint64_t req_id) {
  text_ = R"({"method":"cancel_all_orders_after","params":{"timeout":)";
  text_.append(std::to_string(timeout.ns / 1'000'000'000)).append(R"(,"token":")").append(token_);
  text_.append(R"("},"req_id":)").append(std::to_string(req_id)).append("}");
  return text_;
}

std::string_view Requests::ping(std::uint64_t req_id) {
  Writer frame(frame_);
  return frame.text(R"({"method":"ping","req_id":)").number(req_id).text("}").view();
}

}  // namespace ats::venues::kraken
