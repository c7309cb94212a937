#include "venues/bitfinex/requests.hpp"

#include <charconv>
#include <cstring>
#include <span>

#include "base/decimal.hpp"
#include "venues/bitfinex/order_id.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
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

// Without "EXCHANGE" an order would be one on margin.
std::string_view type_of(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Ioc:
      return "EXCHANGE IOC";
    case TimeInForce::Gtc:
      return "EXCHANGE LIMIT";
    case TimeInForce::Fok:
      return "EXCHANGE FOK";
  }
  return "EXCHANGE IOC";
}

}  // namespace

namespace {

void write_order(Writer& to, const OrderRequest& order, const Instrument& instrument,
                 std::uint64_t client_id) {
  const std::int64_t units = order.quantity.units;
  to.text(R"({"gid":)")
      .number(our_group)
      .text(R"(,"cid":)")
      .number(client_id)
      .text(R"(,"type":")")
      .text(type_of(order.time_in_force))
      .text(R"(","symbol":")")
      .text(instrument.symbol.view())
      .text(R"(","amount":")")
      .number(order.side == Side::Buy ? units : -units, instrument.qty_scale)
      .text(R"(","price":")")
      .number(order.price.units, instrument.price_scale)
      .text(order.post_only ? R"(","flags":4096})" : R"("})");
}

void write_cancel(Writer& to, std::string_view venue_id, std::uint64_t client_id, WallTime sent) {
  if (!venue_id.empty()) {
    to.text(R"({"id":)").text(venue_id);
  } else {
    to.text(R"({"cid":)")
        .number(client_id)
        .text(R"(,"cid_date":")")
        .text(day_text(sent))
        .text("\"");
  }
  to.text("}");
}

void write_amend(Writer& to, std::string_view venue_id, const OrderRequest& order,
                 const Instrument& instrument) {
  to.text(R"({"id":)")
      .text(venue_id)
      .text(R"(,"price":")")
      .number(order.price.units, instrument.price_scale)
      .text(order.post_only ? R"(","flags":4096})" : R"("})");
}

}  // namespace

std::string_view Requests::amend_order(std::string_view venue_id, const OrderRequest& order,
                                       const Instrument& instrument) {
  Writer frame(frame_);
  frame.text(R"([0,"ou",null,)");
  write_amend(frame, venue_id, order, instrument);
  frame.text("]");
  return frame.view();
}

std::string_view Requests::amend_order_body(std::string_view venue_id, const OrderRequest& order,
                                            const Instrument& instrument) {
  Writer body(frame_);
  write_amend(body, venue_id, order, instrument);
  return body.view();
}

std::string_view Requests::new_order(const OrderRequest& order, const Instrument& instrument,
                                     std::uint64_t client_id) {
  Writer frame(frame_);
  frame.text(R"([0,"on",null,)");
  write_order(frame, order, instrument, client_id);
  frame.text("]");
  return frame.view();
}

std::string_view Requests::cancel_order(std::string_view venue_id, std::uint64_t client_id,
                                        WallTime sent) {
  Writer frame(frame_);
  frame.text(R"([0,"oc",null,)");
  write_cancel(frame, venue_id, client_id, sent);
  frame.text("]");
  return frame.view();
}

std::string_view Requests::new_order_body(const OrderRequest& order, const Instrument& instrument,
                                          std::uint64_t client_id) {
  Writer body(frame_);
  write_order(body, order, instrument, client_id);
  return body.view();
}

std::string_view Requests::cancel_order_body(std::string_view venue_id, std::uint64_t client_id,
                                             WallTime sent) {
  Writer body(frame_);
  write_cancel(body, venue_id, client_id, sent);
  return body.view();
}

std::string_view Requests::conf(std::uint64_t flags) {
  return text_ = JsonObject().text("event", "conf").number("flags", flags).done();
}

std::string_view Requests::subscribe_book(std::string_view symbol, std::uint16_t length,
                                          std::uint64_t sub_id) {
  return text_ = JsonObject()
                     .text("event", "subscribe")
                     .text("channel", "book")
                     .text("symbol", symbol)
                     .text("prec", "P0")
                     .text("freq", "F0")
                     .text("len", std::to_string(length))
                     .number("subId", sub_id)
                     .done();
}

std::string_view Requests::subscribe_trades(std::string_view symbol) {
  return text_ = JsonObject()
                     .text("event", "subscribe")
                     .text("channel", "trades")
                     .text("symbol", symbol)
                     .done();
}

std::string_view Requests::unsubscribe(std::uint64_t channel_id) {
  return text_ = JsonObject().text("event", "unsubscribe").number("chanId", channel_id).done();
}

std::string_view Requests::ping(std::uint64_t cid) {
  return text_ = JsonObject().text("event", "ping").number("cid", cid).done();
}

}  // namespace ats::venues::bitfinex
