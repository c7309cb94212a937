#include "venues/binance/requests.hpp"

#include <charconv>
#include <cstring>

#include "venues/percent.hpp"

namespace ats::venues::binance {
namespace {

const char* text_of(Side side) { return side == Side::Buy ? "BUY" : "SELL"; }
const char* text_of(TimeInForce tif) {
  switch (tif) {
    case TimeInForce::Ioc:
      return "IOC";
    case TimeInForce::Gtc:
      return "GTC";
    case TimeInForce::Fok:
      return "FOK";
  }
  return "";
}

static_assert(recv_window_ms == 2'000, "it stands in the texts below");

// Longest text of all values but the key, and all fixed text, of any request: well below.
constexpr std::size_t room = 1024;

}  // namespace

// Appends to a buffer that is known to be long enough.
class Requests::Writer {
 public:
  explicit Writer(std::vector<char>& buffer) : begin_(buffer.data()), next_(begin_) {}

  template <std::size_t N>
  Writer& operator<<(const char (&literal)[N]) {
    std::memcpy(next_, literal, N - 1);
    next_ += N - 1;
    return *this;
  }
  Writer& operator<<(std::string_view text) {
    std::memcpy(next_, text.data(), text.size());
    next_ += text.size();
    return *this;
  }
  Writer& operator<<(std::uint64_t number) {
    next_ = std::to_chars(next_, next_ + 20, number).ptr;
    return *this;
  }
  std::string_view view() const { return {begin_, static_cast<std::size_t>(next_ - begin_)}; }

 private:
  char* begin_;
  char* next_;
};

namespace {

// The shortest text of units at a scale, in a buffer of its own.
struct Number {
  Number(std::int64_t units, int scale) {
    char* end = format_scaled(units, scale, text);
    if (scale > 0) {
      while (end[-1] == '0') --end;
      if (end[-1] == '.') --end;
    }
    size = static_cast<std::size_t>(end - text);
  }
  std::string_view view() const { return {text, size}; }
  char text[24];
  std::size_t size;
};

}  // namespace

Requests::Requests(const Credentials& credentials)
    : key_(credentials.key),
      signer_(security::HashKind::Sha256, credentials.secret.reveal()),
      frame_(room + key_.size()),
      payload_(room + key_.size()) {}

// Signed parameters are sorted by name; the frame has the same values in the same order.
std::string_view Requests::place(std::uint64_t id, const OrderRequest& order,
                                 const Instrument& instrument, std::int64_t timestamp_ms) {
  const ClientOrderId client_id = client_order_id(order.id);
  const Number price(order.price.units, instrument.price_scale);
  const Number quantity(order.quantity.units, instrument.qty_scale);
  const std::string_view side = text_of(order.side);
  // A post-only order has a type of its own, and rests until it is cancelled.
  const std::string_view tif = order.post_only ? "" : text_of(order.time_in_force);
  const std::string_view symbol = instrument.symbol.view();
  const auto timestamp = static_cast<std::uint64_t>(timestamp_ms);

  Writer payload(payload_);
  payload << "apiKey=" << key_ << "&newClientOrderId=" << client_id.view()
          << "&newOrderRespType=FULL&price=" << price.view() << "&quantity=" << quantity.view()
          << "&recvWindow=2000&side=" << side << "&symbol=" << symbol;
  if (!tif.empty()) payload << "&timeInForce=" << tif;
  payload << "&timestamp=" << timestamp
          << (tif.empty() ? std::string_view("&type=LIMIT_MAKER") : "&type=LIMIT");
  Writer frame(frame_);
  frame << R"({"id":)" << id << R"(,"method":"order.place","params":{"apiKey":")" << key_
        << R"(","newClientOrderId":")" << client_id.view()
        << R"(","newOrderRespType":"FULL","price":")" << price.view() << R"(","quantity":")"
        << quantity.view() << R"(","recvWindow":2000,"side":")" << side << R"(","symbol":")"
        << symbol << "\"";
  if (!tif.empty()) frame << R"(,"timeInForce":")" << tif << "\"";
  frame << R"(,"timestamp":)" << timestamp
        << (tif.empty() ? std::string_view(R"(,"type":"LIMIT_MAKER")") : R"(,"type":"LIMIT")");
  return finish(frame, payload);
}

std::string_view Requests::cancel(std::uint64_t id, OrderId order, const Instrument& instrument,
                                  std::int64_t timestamp_ms) {
  const ClientOrderId client_id = client_order_id(order);
  const std::string_view symbol = instrument.symbol.view();
  const auto timestamp = static_cast<std::uint64_t>(timestamp_ms);

  Writer payload(payload_);
  payload << "apiKey=" << key_ << "&origClientOrderId=" << client_id.view()
          << "&recvWindow=2000&symbol=" << symbol << "&timestamp=" << timestamp;
  Writer frame(frame_);
  frame << R"({"id":)" << id << R"(,"method":"order.cancel","params":{"apiKey":")" << key_
        << R"(","origClientOrderId":")" << client_id.view() << R"(","recvWindow":2000,"symbol":")"
        << symbol << R"(","timestamp":)" << timestamp;
  return finish(frame, payload);
}

std::string_view Requests::subscribe_account(std::uint64_t id, std::int64_t timestamp_ms) {
  const auto timestamp = static_cast<std::uint64_t>(timestamp_ms);
  Writer payload(payload_);
  payload << "apiKey=" << key_ << "&timestamp=" << timestamp;
  Writer frame(frame_);
  frame << R"({"id":)" << id
        << R"(,"method":"userDataStream.subscribe.signature","params":{"apiKey":")" << key_
        << R"(","timestamp":)" << timestamp;
  return finish(frame, payload);
}

std::string_view Requests::finish(Writer& frame, const Writer& payload) {
  std::uint8_t digest[32];
  payload_size_ = payload.view().size();
  signer_.sign(payload.view(), digest);
  char hex[64];
  security::to_hex(digest, hex);
  frame << R"(,"signature":")" << std::string_view(hex, sizeof hex) << R"("}})";
  return frame.view();
}

HttpRequest Requests::place_by_rest(const OrderRequest& order, const Instrument& instrument,
                                    std::int64_t timestamp_ms) {
  const Number price(order.price.units, instrument.price_scale);
  const Number quantity(order.quantity.units, instrument.qty_scale);
  std::string parameters = "symbol=" + percent_encoded(instrument.symbol.view());
  parameters.append("&side=").append(text_of(order.side));
  if (order.post_only) {
    parameters.append("&type=LIMIT_MAKER");
  } else {
    parameters.append("&type=LIMIT&timeInForce=").append(text_of(order.time_in_force));
  }
  parameters.append("&quantity=")
      .append(quantity.view())
      .append("&price=")
      .append(price.view())
      .append("&newClientOrderId=");
  parameters.append(client_order_id(order.id).view()).append("&newOrderRespType=FULL");
  return signed_request("POST", "/api/v3/order", parameters, timestamp_ms);
}

HttpRequest Requests::cancel_by_rest(OrderId order, const Instrument& instrument,
                                     std::int64_t timestamp_ms) {
  std::string parameters = "symbol=" + percent_encoded(instrument.symbol.view());
  parameters.append("&origClientOrderId=").append(client_order_id(order).view());
  return signed_request("DELETE", "/api/v3/order", parameters, timestamp_ms);
}

HttpRequest Requests::signed_request(const char* method, std::string_view path,
                                     std::string_view parameters, std::int64_t timestamp_ms) {
  std::string query(parameters);
  if (!query.empty()) query += '&';
  query +=
      "recvWindow=" + std::to_string(recv_window_ms) + "&timestamp=" + std::to_string(timestamp_ms);
  std::uint8_t digest[32];
  signer_.sign(query, digest);
  std::string hex(64, '\0');
  security::to_hex(digest, hex.data());
  return {
      method, std::string(path) + "?" + query + "&signature=" + hex, {{"X-MBX-APIKEY", key_}}, {}};
}

}  // namespace ats::venues::binance
