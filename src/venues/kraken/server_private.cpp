// Private REST calls.
#include <algorithm>

#include "security/signing.hpp"
#include "venues/kraken/account.hpp"
#include "venues/kraken/names.hpp"
#include "venues/kraken/server.hpp"
#include "venues/kraken/server_text.hpp"

namespace ats::venues::kraken {
namespace {

constexpr std::size_t everything = std::size_t{1} << 20;
constexpr std::size_t page = 50;
constexpr std::size_t ids_at_once = 50;
constexpr std::size_t trades_at_once = 20;

std::string_view status_word(const VenueOrder& order) {
  switch (order.state) {
    case VenueOrderState::New:
    case VenueOrderState::PartlyFilled:
      return "open";
    case VenueOrderState::Filled:
      return "closed";
    case VenueOrderState::Cancelled:
    case VenueOrderState::Expired:
      return "canceled";
  }
  return "canceled";
}

bool is_true(std::string_view word) { return word == "true" || word == "1"; }

// "ofs" of paged answers.
std::size_t offset_of(std::string_view text) {
  std::size_t offset = 0;
  return integer_text(text, offset) ? offset : 0;
}

// The order that a request is about, by its own id or by the client's.
template <class Fields>
Result<OrderRef, std::string> named_order(const Fields& fields) {
  const std::string_view text = fields.get("txid");
  if (text.empty() && fields.get("cl_ord_id").empty())
    return fail(std::string("EGeneral:Invalid arguments:txid"));
  if (text.empty()) return OrderRef{0, std::string(fields.get("cl_ord_id"))};
  const auto id = parse_order_text(text);
  if (!id || *id == 0) return fail(std::string("EOrder:Unknown order"));
  return OrderRef{*id, {}};
}

}  // namespace

KrakenServer::Reply KrakenServer::balance(AccountId account, const Fields&) {
  JsonObject all;
  for (const VenueBalance& one : exchange_.balances(account)) {
    if (!one.total.is_zero()) all.text(rest_asset(asset(one.asset)), one.total.to_string());
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::balance_ex(AccountId account, const Fields&) {
  JsonObject all;
  for (const VenueBalance& one : exchange_.balances(account)) {
    if (one.total.is_zero()) continue;
    all.raw(rest_asset(asset(one.asset)), JsonObject()
                                              .text("balance", one.total.to_string())
                                              .text("hold_trade", one.held.to_string())
                                              .done());
  }
  return result(all.done());
}

std::string KrakenServer::order_json(const VenueOrder& order, bool with_trades) const {
  const Instrument& on = instrument(order.instrument);
  const std::string price =
      order.kind == OrderKind::Market ? std::string("0") : price_text(on, order.price);
  std::string words(side_word(order.side));
  words.append(" ").append(quantity_text(on, order.quantity)).append(" ").append(alt_name(on));
  words.append(" @ ").append(type_word(order.kind));
  if (order.kind != OrderKind::Market) words.append(" ").append(price);
  JsonObject row;
  row.raw("refid", "null").number("userref", 0);
  if (is_made_up(order.client_order_id))
    row.raw("cl_ord_id", "null");
  else
    row.text("cl_ord_id", order.client_order_id);
  row.text("status", status_word(order))
      .raw("opentm", seconds_text(order.created))
      .number("starttm", 0)
      .number("expiretm", 0)
      .raw("descr", JsonObject()
                        .text("pair", alt_name(on))
                        .text("type", side_word(order.side))
                        .text("ordertype", type_word(order.kind))
                        .text("price", price)
                        .text("price2", "0")
                        .text("leverage", "none")
                        .text("order", words)
                        .text("close", "")
                        .done())
      .text("vol", quantity_text(on, order.quantity))
      .text("vol_exec", quantity_text(on, order.executed))
      .text("cost", order.quote_executed.to_string())
      .text("fee", order.fee_total.to_string())
      .text("price", average_price(on, order).to_string())
      .text("stopprice", "0.00000")
      .text("limitprice", "0.00000")
      .text("misc", "")
      .text("oflags", order.kind == OrderKind::LimitMaker ? "fciq,post" : "fciq");
  if (!order.live()) {
    row.raw("closetm", seconds_text(order.updated));
    if (order.state == VenueOrderState::Cancelled) row.text("reason", "User requested");
  }
  if (with_trades) {
    JsonList trades;
    for (const VenueFill& fill : exchange_.fills(order.account, order.id, everything))
      trades.text(trade_text(fill.instrument, fill.trade_id));
    row.raw("trades", trades.done());
  }
  return row.done();
}

std::string KrakenServer::fill_json(const VenueFill& fill) const {
  const Instrument& on = instrument(fill.instrument);
  const VenueOrder* const order = exchange_.find_order(fill.account, {fill.order_id, {}});
  return JsonObject()
      .text("ordertxid", order_text(fill.order_id))
      .text("postxid", "")
      .text("pair", pair_id(on))
      .raw("time", seconds_text(fill.time))
      .text("type", side_word(fill.side))
      .text("ordertype", order == nullptr ? "limit" : type_word(order->kind))
      .text("price", price_text(on, fill.price))
      .text("cost", on.notional(fill.price, fill.quantity).to_string())
      .text("fee", fill.fee.to_string())
      .text("vol", quantity_text(on, fill.quantity))
      .text("margin", "0.00000")
      .text("misc", "")
      .number("trade_id", fill.trade_id)
      .flag("maker", fill.liquidity == Liquidity::Maker)
      .done();
}

KrakenServer::Reply KrakenServer::open_orders(AccountId account, const Fields& fields) {
  const std::string_view client_id = fields.get("cl_ord_id");
  const bool with_trades = is_true(fields.get("trades"));
  JsonObject all;
  for (const VenueOrder& order : exchange_.open_orders(account)) {
    if (client_id.empty() || order.client_order_id == client_id)
      all.raw(order_text(order.id), order_json(order, with_trades));
  }
  return result(JsonObject().raw("open", all.done()).done());
}

KrakenServer::Reply KrakenServer::closed_orders(AccountId account, const Fields& fields) {
  const std::string_view client_id = fields.get("cl_ord_id");
  const bool with_trades = is_true(fields.get("trades"));
  const std::size_t offset = offset_of(fields.get("ofs"));
  std::size_t count = 0;
  JsonObject all;
  for (const VenueOrder& order : exchange_.closed_orders(account, everything)) {
    if (!client_id.empty() && order.client_order_id != client_id) continue;
    if (count >= offset && count < offset + page)
      all.raw(order_text(order.id), order_json(order, with_trades));
    ++count;
  }
  return result(JsonObject().raw("closed", all.done()).number("count", count).done());
}

KrakenServer::Reply KrakenServer::query_orders(AccountId account, const Fields& fields) {
  const auto ids = split(fields.get("txid"));
  if (ids.empty() || ids.size() > ids_at_once) return error("EGeneral:Invalid arguments:txid");
  JsonObject all;
  for (const std::string_view text : ids) {
    const auto id = parse_order_text(text);
    const VenueOrder* const order =
        id && *id != 0 ? exchange_.find_order(account, {*id, {}}) : nullptr;
    if (order == nullptr) return error("EOrder:Unknown order");
    all.raw(text, order_json(*order, is_true(fields.get("trades"))));
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::query_trades(AccountId account, const Fields& fields) {
  const auto ids = split(fields.get("txid"));
  if (ids.empty() || ids.size() > trades_at_once) return error("EGeneral:Invalid arguments:txid");
  JsonObject all;
  for (const VenueFill& fill : exchange_.fills(account, 0, everything)) {
    const std::string text = trade_text(fill.instrument, fill.trade_id);
    if (std::find(ids.begin(), ids.end(), text) != ids.end()) all.raw(text, fill_json(fill));
  }
  return result(all.done());
}

KrakenServer::Reply KrakenServer::trades_history(AccountId account, const Fields& fields) {
  const std::size_t offset = offset_of(fields.get("ofs"));
  std::vector<VenueFill> fills = exchange_.fills(account, 0, everything);
  std::stable_sort(fills.begin(), fills.end(), [](const VenueFill& a, const VenueFill& b) {
    return a.time > b.time;  // newest first
  });
  JsonObject all;
  for (std::size_t i = offset; i < std::min(fills.size(), offset + page); ++i)
    all.raw(trade_text(fills[i].instrument, fills[i].trade_id), fill_json(fills[i]));
  return result(JsonObject().raw("trades", all.done()).number("count", fills.size()).done());
}

KrakenServer::Reply KrakenServer::trade_volume(AccountId, const Fields& fields) {
  JsonObject taker;
  JsonObject maker;
  for (const std::string_view pair : split(fields.get("pair"))) {
    const InstrumentId id = find_pair(pair);
    if (!id.valid()) return error("EQuery:Unknown asset pair");
    const Instrument& on = instrument(id);
    const auto row = [](Rate rate) {
      const std::string percent = format_scaled(rate.ppb / 1'000, 4);
      return JsonObject()
          .text("fee", percent)
          .text("minfee", percent)
          .text("maxfee", percent)
          .raw("nextfee", "null")
          .raw("nextvolume", "null")
          .text("tiervolume", "0.0000")
          .done();
    };
    taker.raw(pair_id(on), row(on.fees.taker));
    maker.raw(pair_id(on), row(on.fees.maker));
  }
  return result(JsonObject()
                    .text("currency", "ZUSD")
                    .text("volume", "0.0000")
                    .raw("fees", taker.done())
                    .raw("fees_maker", maker.done())
                    .done());
}

KrakenServer::Reply KrakenServer::add_order(AccountId account, const Fields& fields) {
  NewOrder order;
  order.account = account;
  order.instrument = find_pair(fields.get("pair"));
  if (!order.instrument.valid()) return error("EQuery:Unknown asset pair");
  OrderWords words;
  words.type = fields.get("ordertype");
  words.side = fields.get("type");
  words.quantity = fields.get("volume");
  words.price = fields.get("price");
  words.time_in_force = fields.get("timeinforce");
  words.client_id = fields.get("cl_ord_id");
  for (const std::string_view flag : split(fields.get("oflags"))) {
    if (flag == "post") words.post_only = true;
    if (flag == "viqc") words.quote_amount = words.quantity;
    if (flag == "fcib") return error("EGeneral:Invalid arguments:oflags");
  }
  const std::string_view leverage = fields.get("leverage");
  if (!leverage.empty() && leverage != "none") return error("EGeneral:Invalid arguments:leverage");
  const std::string_view wrong = read_order(words, order);
  if (!wrong.empty()) return error(wrong);
  const Instrument& on = instrument(order.instrument);
  std::string description(side_word(order.side));
  description.append(" ").append(quantity_text(on, order.quantity));
  description.append(" ").append(alt_name(on)).append(" @ ").append(type_word(order.kind));
  if (order.kind != OrderKind::Market) description.append(" ").append(price_text(on, order.price));
  JsonObject answer;
  answer.raw("descr", JsonObject().text("order", description).done());
  if (is_true(fields.get("validate"))) return result(answer.done());
  const auto placed = place(order);
  if (!placed) return error(placed.error());
  answer.raw("txid", JsonList().text(order_text(placed->id)).done());
  return result(answer.done());
}

KrakenServer::Reply KrakenServer::cancel_order(AccountId account, const Fields& fields) {
  const auto ref = named_order(fields);
  if (!ref) return error(ref.error());
  const auto cancelled = cancel(account, *ref);
  if (!cancelled) return error(cancelled.error());
  return result(R"({"count":1})");
}

KrakenServer::Reply KrakenServer::amend_order(AccountId account, const Fields& fields) {
  const auto ref = named_order(fields);
  if (!ref) return error(ref.error());
  const auto amended =
      amend(account, *ref,
            {fields.get("order_qty"), fields.get("limit_price"), is_true(fields.get("post_only"))});
  if (!amended) return error(amended.error());
  return result(JsonObject().text("amend_id", amend_text(++serial_)).done());
}

KrakenServer::Reply KrakenServer::cancel_all(AccountId account, const Fields&) {
  if (maintenance_) return error("EService:Unavailable");
  return result(JsonObject().number("count", cancel_all_of(account).size()).done());
}

KrakenServer::Reply KrakenServer::token(AccountId account, const Fields&) {
  std::erase_if(tokens_, [this](const auto& entry) {
    return now() - entry.second.issued > hours(24);  // long after the last session of it
  });
  const std::string seed = std::to_string(account.value) + ":" + std::to_string(++serial_) + ":" +
                           std::to_string(now().ns_utc);
  const std::string_view part = seed;
  const security::Digest256 digest = security::sha256({&part, 1});
  std::string text = security::base64(digest);
  for (char& c : text) c = c == '+' || c == '/' || c == '=' ? 'x' : c;
  tokens_[text] = {account, now()};
  return result(JsonObject().text("token", text).number("expires", 900).done());
}

KrakenServer::Reply KrakenServer::key_info(AccountId account, const Fields&) {
  const KeyGrants grants = exchange_.grants(account);
  JsonList permissions;
  for (const std::string_view permission :
       {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades",
        "create-ws-token"}) {
    permissions.text(permission);
  }
  if (grants.withdraw) permissions.text("withdraw-funds");
  constexpr std::int64_t second = 1'000'000'000;
  return result(JsonObject()
                    .text("apiKeyName", "simulated")
                    .text("apiKey", grants.key)
                    .text("nonce", "0")
                    .text("nonceWindow", "0")
                    .raw("permissions", permissions.done())
                    .text("iban", "AA05 N84G OV5P V5FI")
                    .text("validUntil", std::to_string(grants.expires.ns_utc / second))
                    .text("queryFrom", "0")
                    .text("queryTo", "0")
                    .text("createdTime", "1698645219")
                    .text("modifiedTime", "1698645219")
                    .raw("ipAllowlist", "[]")
                    .text("lastUsed", std::to_string(now().ns_utc / second))
                    .done());
}

}  // namespace ats::venues::kraken
