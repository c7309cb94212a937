// Signed calls over REST.
#include <algorithm>

#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/row.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::size_t everything = 1'000'000;
constexpr std::size_t most_rows = 2'500;

// A notification, as every write is answered.
std::string notification(std::int64_t ms, std::string_view type, const std::string& data,
                         std::string_view text) {
  return JsonList()
      .raw(std::to_string(ms))
      .text(type)
      .raw("null")
      .raw("null")
      .raw(data)
      .raw("null")
      .text("SUCCESS")
      .text(text)
      .done();
}

struct Wanted {                    // of a history or a list
  std::vector<std::uint64_t> ids;  // empty: all
  std::size_t limit = most_rows;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = std::numeric_limits<std::int64_t>::max();
};

bool read_wanted(Json& json, std::string_view body, Wanted& wanted) {
  json::object root;
  if (body.empty()) return true;
  if (!json.open(body, root)) return false;
  static_cast<void>(integer_field(root, "start", wanted.start_ms));
  static_cast<void>(integer_field(root, "end", wanted.end_ms));
  if (integer_field(root, "limit", wanted.limit)) wanted.limit = std::min(wanted.limit, most_rows);
  json::array ids;
  if (!array_field(root, "id", ids)) return true;
  for (auto element : ids) {
    json::value value;
    std::string_view text;
    std::uint64_t id = 0;
    if (element.get(value) != simdjson::SUCCESS || !number_text(value, text) ||
        !integer_text(text, id))
      return false;
    wanted.ids.push_back(id);
  }
  return true;
}

bool is_wanted(const Wanted& wanted, std::uint64_t id, WallTime time) {
  if (ms_of(time) < wanted.start_ms || ms_of(time) > wanted.end_ms) return false;
  return wanted.ids.empty() ||
         std::find(wanted.ids.begin(), wanted.ids.end(), id) != wanted.ids.end();
}

}  // namespace

HttpResponse BitfinexServer::private_call(const HttpRequest& request, std::string_view path) {
  Fault fault;
  const AccountId account = signer_of(request, fault);
  if (!account.valid()) return error(fault);
  if (maintenance_) return error({20060, "maintenance"});
  const std::string_view body = request.body;
  // The last part but "hist" or "trades" may be a symbol.
  const auto between = [&path](std::string_view before, std::string_view after) {
    if (!path.starts_with(before) || !path.ends_with(after) ||
        path.size() <= before.size() + after.size())
      return std::string_view();
    return path.substr(before.size(), path.size() - before.size() - after.size());
  };
  if (path == "r/wallets") return answer(wallets(account));
  if (path == "r/summary") return answer(summary());
  if (path == "r/permissions") return answer(permissions(account));
  if (path == "r/info/user") return answer(R"([1,"sim@example.com","sim",null,null,null])");
  if (path == "r/orders") return orders_answer(account, {}, false, body);
  if (path == "r/orders/hist") return orders_answer(account, {}, true, body);
  if (path == "r/trades/hist") return fills_answer(account, {}, 0, body);
  if (path == "w/order/submit") return submit(account, body);
  if (path == "w/order/cancel") return cancel_one(account, body);
  if (path == "w/order/update") return update(account, body);
  if (path == "w/order/cancel/multi") return cancel_many(account, body);
  if (const auto symbol = between("r/orders/", "/hist"); !symbol.empty())
    return orders_answer(account, symbol, true, body);
  if (const auto symbol = between("r/trades/", "/hist"); !symbol.empty())
    return fills_answer(account, symbol, 0, body);
  if (const auto order = between("r/order/", "/trades"); !order.empty()) {
    const std::size_t colon = order.rfind(':');  // tDOGE:USD:1234567
    std::uint64_t id = 0;
    if (colon == std::string_view::npos || !integer_text(order.substr(colon + 1), id))
      return error({10020, "order: invalid"});
    return fills_answer(account, order.substr(0, colon), id, body);
  }
  if (const auto symbol = between("r/orders/", ""); !symbol.empty())
    return orders_answer(account, symbol, false, body);
  return error({10020, "path: invalid"});
}

std::string BitfinexServer::wallets(AccountId account) const {
  JsonList rows;
  for (const VenueBalance& balance : exchange_.balances(account)) {
    if (balance.total.is_zero()) continue;
    rows.raw(JsonList()
                 .text("exchange")
                 .text(asset_code(asset(balance.asset)))
                 .raw(balance.total.to_string())
                 .raw("0")
                 .raw((balance.total - balance.held).to_string())
                 .raw("null")
                 .raw("null")
                 .done());
  }
  return rows.done();
}

// [scope, read, write].
std::string BitfinexServer::permissions(AccountId account) const {
  const bool withdraw = exchange_.grants(account).withdraw;
  JsonList rows;
  const auto row = [&rows](std::string_view scope, bool read, bool write) {
    rows.raw(JsonList().text(scope).raw(read ? "1" : "0").raw(write ? "1" : "0").done());
  };
  row("account", true, false);
  row("history", true, false);
  row("orders", true, true);
  row("positions", true, false);
  row("funding", false, false);
  row("settings", false, false);
  row("wallets", true, false);
  row("withdraw", withdraw, withdraw);
  row("ui_withdraw", false, false);
  return rows.done();
}

// The account's fee rates stand in its fifth element: maker, then taker for coins, stable coins and money.
std::string BitfinexServer::summary() const {
  FeeSchedule fees;
  if (!exchange_.instruments().empty()) fees = instrument(exchange_.instruments().front()).fees;
  const std::string maker = fees.maker.decimal().to_string();
  const std::string taker = fees.taker.decimal().to_string();
  const std::string rates =
      "[[" + maker + ",0,0,null,null,0],[" + taker + "," + taker + "," + taker + ",null,null,0]]";
  JsonList row;
  for (int i = 0; i < 4; ++i) row.raw("null");
  row.raw(rates);
  for (int i = 5; i < 10; ++i) row.raw("null");
  return row.done();
}

HttpResponse BitfinexServer::submit(AccountId account, std::string_view body) {
  json::object root;
  OrderWords words;
  if (!json_.open(body, root) || !read_words(root, words)) return error({10020, "body: invalid"});
  const auto placed = place(account, words);
  if (!placed) return error(placed.error());
  const std::string data = "[" + order_row(*placed) + "]";
  return answer(notification(now_ms(), "on-req", data, "Submitting 1 orders."));
}

HttpResponse BitfinexServer::cancel_one(AccountId account, std::string_view body) {
  json::object root;
  OrderName name;
  if (!json_.open(body, root) || !read_name(root, name) || name.all)
    return error({10020, "id: invalid"});
  const auto cancelled = cancel(account, name);
  if (!cancelled) return error({10001, "Order not found."});
  const std::string text = "Submitted for cancellation; waiting for confirmation (ID: " +
                           std::to_string(told_order_id(cancelled->id)) + ").";
  return answer(notification(now_ms(), "oc-req", order_row(*cancelled), text));
}

HttpResponse BitfinexServer::update(AccountId account, std::string_view body) {
  json::object root;
  AmendWords words;
  if (!json_.open(body, root) || !read_amend(root, words)) return error({10020, "id: invalid"});
  const auto amended = amend(account, words);
  if (!amended) return error(amended.error());
  return answer(notification(now_ms(), "ou-req", order_row(*amended), "Submitting update."));
}

HttpResponse BitfinexServer::cancel_many(AccountId account, std::string_view body) {
  json::object root;
  OrderName name;
  Wanted wanted;
  if (!json_.open(body, root)) return error({10020, "body: invalid"});
  std::uint64_t flag = 0;
  name.all = integer_field(root, "all", flag) && flag == 1;
  if (!name.all && (!read_wanted(json_, body, wanted) || wanted.ids.empty()))
    return error({10020, "id: invalid"});
  JsonList rows;
  for (const VenueOrder& order : exchange_.open_orders(account)) {
    if (!name.all && !is_wanted(wanted, told_order_id(order.id), order.created)) continue;
    const auto cancelled = exchange_.cancel(account, {order.id, {}});
    if (cancelled) rows.raw(order_row(*cancelled));
  }
  return answer(notification(now_ms(), "oc_multi-req", rows.done(), "Submitted for cancellation."));
}

HttpResponse BitfinexServer::orders_answer(AccountId account, std::string_view symbol, bool closed,
                                           std::string_view body) {
  Wanted wanted;
  if (!read_wanted(json_, body, wanted)) return error({10020, "body: invalid"});
  InstrumentId of;
  if (!symbol.empty() && !(of = find_symbol(symbol)).valid())
    return error({10020, "symbol: invalid"});
  std::vector<VenueOrder> orders;
  if (closed) {
    orders = exchange_.closed_orders(account, everything);
    for (const VenueOrder& ghost : ghosts_) {
      if (ghost.account == account) orders.push_back(ghost);
    }
    std::stable_sort(orders.begin(), orders.end(), [](const VenueOrder& a, const VenueOrder& b) {
      return a.updated > b.updated;  // newest first
    });
  } else {
    orders = exchange_.open_orders(account);
  }
  JsonList rows;
  std::size_t count = 0;
  for (const VenueOrder& order : orders) {
    if (of.valid() && order.instrument != of) continue;
    if (!is_wanted(wanted, told_order_id(order.id), order.updated)) continue;
    if (count++ == wanted.limit) break;
    rows.raw(order_row(order));
  }
  return answer(rows.done());
}

HttpResponse BitfinexServer::fills_answer(AccountId account, std::string_view symbol,
                                          std::uint64_t order, std::string_view body) {
  Wanted wanted;
  if (!read_wanted(json_, body, wanted)) return error({10020, "body: invalid"});
  InstrumentId of;
  if (!symbol.empty() && !(of = find_symbol(symbol)).valid())
    return error({10020, "symbol: invalid"});
  if (order != 0 && order <= first_order_id) return answer("[]");
  std::vector<VenueFill> fills =
      exchange_.fills(account, order == 0 ? 0 : order_number(order), everything);
  std::stable_sort(fills.begin(), fills.end(),
                   [](const VenueFill& a, const VenueFill& b) { return a.time > b.time; });
  JsonList rows;
  std::size_t count = 0;
  for (const VenueFill& fill : fills) {
    if (of.valid() && fill.instrument != of) continue;
    if (!is_wanted({{}, 0, wanted.start_ms, wanted.end_ms}, 0, fill.time)) continue;
    if (count++ == wanted.limit) break;
    constexpr bool with_fee = true;
    rows.raw(fill_row(fill, with_fee));
  }
  return answer(rows.done());
}

}  // namespace ats::venues::bitfinex
