#include "venues/upbit/server_text.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace ats::venues::upbit {
namespace {

constexpr std::string_view order_start = "6f726465-0000-4000-8000-";
constexpr std::string_view made_up =
    "the user gave no identifier: a name longer than any user may give, number ";
constexpr std::size_t tail_size = 12;  // hex digits behind the last dash

std::string hex(std::uint64_t value, std::size_t size) {
  std::string text(size, '0');
  for (std::size_t i = size; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

}  // namespace

std::string order_uuid(std::uint64_t id) { return std::string(order_start) + hex(id, tail_size); }

std::optional<std::uint64_t> parse_order_uuid(std::string_view text) {
  if (text.size() != order_start.size() + tail_size || !text.starts_with(order_start))
    return std::nullopt;
  const std::string_view digits = text.substr(order_start.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  if (error != std::errc{} || end != digits.data() + digits.size() || id == 0) return std::nullopt;
  return id;
}

std::string trade_uuid(InstrumentId instrument, std::uint64_t id) {
  return "74726164-" + hex(instrument.value, 4) + "-4000-8000-" + hex(id, tail_size);
}

std::string made_up_identifier(std::uint64_t number) {
  return std::string(made_up).append(std::to_string(number));
}

bool is_made_up(std::string_view identifier) { return identifier.starts_with(made_up); }

std::string market_number(std::int64_t units, int scale) {
  constexpr int thousandth = 3;
  if (units <= 0 || scale < thousandth || units >= pow10(scale - thousandth))
    return format_scaled_short(units, scale);
  std::string digits = std::to_string(units);
  const int exponent = scale - static_cast<int>(digits.size()) + 1;
  while (digits.ends_with('0')) digits.pop_back();
  if (digits.size() > 1) digits.insert(1, ".");
  return digits.append("E-").append(std::to_string(exponent));
}

std::string market_price(const Instrument& instrument, Price price) {
  std::string text = market_number(price.units, instrument.price_scale);
  if (instrument.price_scale != 0 && text.find_first_of(".E") == std::string::npos) text += ".0";
  return text;
}

std::string seoul_time(WallTime time, bool fraction) {
  const std::string utc = format_rfc3339(time + hours(9));
  constexpr std::size_t whole = sizeof("2025-04-01T15:30:47") - 1;
  return utc.substr(0, fraction ? utc.size() - 1 : whole) + "+09:00";
}

std::string_view side_word(Side side) { return side == Side::Buy ? "bid" : "ask"; }
std::string_view side_capitals(Side side) { return side == Side::Buy ? "BID" : "ASK"; }

std::string_view message_of(std::string_view name) {
  struct Row {
    std::string_view name, message;
  };
  constexpr std::array<Row, 14> rows{
      {{"insufficient_funds_bid", "매수 가능한 금액이 부족합니다."},
       {"insufficient_funds_ask", "매도 가능한 수량이 부족합니다."},
       {"under_min_total_bid", "최소 매수 금액 이상으로 주문해주세요."},
       {"under_min_total_ask", "최소 매도 금액 이상으로 주문해주세요."},
       {"invalid_price_bid", "주문가격 단위를 잘못 입력하셨습니다."},
       {"invalid_price_ask", "주문가격 단위를 잘못 입력하셨습니다."},
       {"duplicated_identifier", "이미 사용된 식별자입니다."},
       {"notfoundmarket", "마켓을 찾을 수 없습니다."},
       {"order_not_found", "주문을 찾지 못했습니다."},
       {"market_offline", "점검 중인 마켓입니다."},
       {"jwt_verification", "토큰 검증에 실패했습니다."},
       {"nonce_used", "이미 사용된 nonce입니다."},
       {"too_many_requests", "요청 수를 초과했습니다."},
       {"NO_TICKET", "티켓이 존재하지 않거나, 유효하지 않습니다."}}};
  for (const Row& row : rows) {
    if (row.name == name) return row.message;
  }
  return "잘못된 요청입니다.";
}

HttpResponse exchange_error(int status, std::string_view name) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  response.body =
      JsonObject()
          .raw("error", JsonObject().text("name", name).text("message", message_of(name)).done())
          .done();
  return response;
}

HttpResponse quotation_error(int status) {
  constexpr int not_found = 404;
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  response.body =
      JsonObject()
          .raw("error", JsonObject()
                            .number("name", status)
                            .text("message", status == not_found
                                                 ? "Code not found"
                                                 : "Invalid parameter. Check the given value!")
                            .done())
          .done();
  return response;
}

}  // namespace ats::venues::upbit
