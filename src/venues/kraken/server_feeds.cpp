// What the exchange tells: books, prints, executions, balances.
#include <algorithm>

#include "venues/kraken/checksum.hpp"
#include "venues/kraken/names.hpp"
#include "venues/kraken/server.hpp"
#include "venues/kraken/server_text.hpp"

namespace ats::venues::kraken {
namespace {

std::string data_frame(std::string_view channel, std::string_view type, std::string_view data) {
  return std::string(R"({"channel":")")
      .append(channel)
      .append(R"(","type":")")
      .append(type)
      .append(R"(","data":[)")
      .append(data)
      .append("]}");
}

std::string numbered(std::string_view channel, std::string_view type, std::string_view data,
                     std::uint64_t sequence) {
  std::string frame = data_frame(channel, type, data);
  frame.pop_back();
  return frame.append(R"(,"sequence":)").append(std::to_string(sequence)).append("}");
}

// What turns one view of a side into the next, both cut to the same depth: changed and new levels, and
// zeros for those that are gone; not for those pushed out, which the reader cuts off by itself.
std::vector<Level> difference(std::span<const Level> before, std::span<const Level> after,
                              std::size_t depth, bool bids) {
  const auto better = [bids](Price a, Price b) { return bids ? a > b : a < b; };
  std::vector<Level> changed;
  std::size_t old = 0;
  for (const Level& level : after) {
    for (; old < before.size() && better(before[old].price, level.price); ++old)
      changed.push_back({before[old].price, {}});
    const bool same_price = old < before.size() && before[old].price == level.price;
    if (!same_price || before[old].quantity != level.quantity) changed.push_back(level);
    old += same_price ? 1u : 0u;
  }
  for (; old < before.size() && after.size() < depth; ++old)
    changed.push_back({before[old].price, {}});
  return changed;
}

std::string_view state_word(VenueOrderState state) {
  switch (state) {
    case VenueOrderState::New:
      return "new";
    case VenueOrderState::PartlyFilled:
      return "partially_filled";
    case VenueOrderState::Filled:
      return "filled";
    case VenueOrderState::Cancelled:
    case VenueOrderState::Expired:
      return "canceled";
  }
  return "canceled";
}

}  // namespace

std::string KrakenServer::status_frame(SessionId id) const {
  constexpr std::uint64_t first_connection = 13'834'774'380'200'000'000u;  // beyond int64, as live
  return data_frame("status", "update",
                    JsonObject()
                        .text("version", "2.0.10")
                        .text("system", maintenance_ ? "maintenance" : "online")
                        .text("api_version", "v2")
                        .number("connection_id", first_connection + id)
                        .done());
}

// --- books ---

std::string KrakenServer::book_frame(const BookSubscription& book, std::string_view type,
                                     std::span<const Level> bids, std::span<const Level> asks,
                                     const View& after) {
  const Instrument& on = instrument(book.instrument);
  std::uint32_t checksum = book_checksum({after.bids, after.asks});
  if (bad_checksum_) checksum ^= 1;
  bad_checksum_ = false;
  return data_frame("book", type,
                    JsonObject()
                        .text("symbol", on.symbol.view())
                        .raw("bids", level_list(on, bids))
                        .raw("asks", level_list(on, asks))
                        .number("checksum", checksum)
                        .text("timestamp", format_rfc3339(now()))
                        .done());
}

// All subscribers of one depth have been told the same, so a newcomer starts from that too.
void KrakenServer::send_snapshot(SessionId id, Session& session, const BookSubscription& book,
                                 ServerOutbox& out) {
  auto found = views_.find(book);
  if (found == views_.end()) {
    BookImage image = exchange_.book(book.instrument, book.depth);
    found = views_.emplace(book, View{std::move(image.bids), std::move(image.asks)}).first;
  }
  const View& view = found->second;
  send(id, session, book_frame(book, "snapshot", view.bids, view.asks, view), out);
}

bool KrakenServer::is_book_delta(std::string_view frame) const {
  return frame.starts_with(R"({"channel":"book","type":"update")");
}

void KrakenServer::on_book(const BookChange& change, ServerOutbox& out) {
  for (auto& [book, view] : views_) {
    if (book.instrument != change.instrument) continue;
    BookImage image = exchange_.book(book.instrument, book.depth);
    const auto bids = difference(view.bids, image.bids, book.depth, true);
    const auto asks = difference(view.asks, image.asks, book.depth, false);
    view = {std::move(image.bids), std::move(image.asks)};
    if (bids.empty() && asks.empty()) continue;
    const std::string frame = book_frame(book, "update", bids, asks, view);
    for (auto& [id, session] : sessions_) {
      if (std::find(session.books.begin(), session.books.end(), book) != session.books.end())
        send(id, session, frame, out);
    }
  }
}

void KrakenServer::forget_views() {
  std::erase_if(views_, [this](const auto& entry) {
    return std::none_of(sessions_.begin(), sessions_.end(), [&entry](const auto& session) {
      const auto& books = session.second.books;
      return std::find(books.begin(), books.end(), entry.first) != books.end();
    });
  });
}

// --- prints ---

std::string KrakenServer::trade_json(const PublicTrade& trade) const {
  const Instrument& on = instrument(trade.instrument);
  return JsonObject()
      .text("symbol", on.symbol.view())
      .text("side", side_word(trade.taker_side))
      .raw("price", price_text(on, trade.price))
      .raw("qty", quantity_text(on, trade.quantity))
      .text("ord_type", "limit")
      .number("trade_id", trade.id)
      .text("timestamp", format_rfc3339(trade.time))
      .done();
}

void KrakenServer::send_trades(SessionId id, Session& session, InstrumentId instrument_id,
                               ServerOutbox& out) {
  constexpr std::size_t last = 50;
  std::string data;
  for (const PublicTrade& trade : exchange_.trades(instrument_id, last)) {
    if (!data.empty()) data += ',';
    data += trade_json(trade);
  }
  send(id, session, data_frame("trade", "snapshot", data), out);
}

void KrakenServer::on_trade(const PublicTrade& trade, ServerOutbox& out) {
  const std::string frame = data_frame("trade", "update", trade_json(trade));
  for (auto& [id, session] : sessions_) {
    if (std::find(session.trades.begin(), session.trades.end(), trade.instrument) !=
        session.trades.end())
      send(id, session, frame, out);
  }
}

// --- executions ---

// The whole order: as pending_new, and in the snapshot.
std::string KrakenServer::execution_json(const VenueOrder& order, std::string_view type) const {
  const Instrument& on = instrument(order.instrument);
  JsonObject entry;
  entry.text("order_id", order_text(order.id));
  if (!is_made_up(order.client_order_id)) entry.text("cl_ord_id", order.client_order_id);
  entry.text("symbol", on.symbol.view())
      .raw("order_qty", quantity_text(on, order.quantity))
      .raw("cum_qty", quantity_text(on, order.executed))
      .raw("cum_cost", order.quote_executed.to_string())
      .raw("avg_price", average_price(on, order).to_string())
      .text("time_in_force", tif_word(order.time_in_force))
      .text("exec_type", type)
      .text("side", side_word(order.side))
      .text("order_type", type_word(order.kind))
      .number("order_userref", 0);
  if (order.kind != OrderKind::Market) {
    entry.text("limit_price_type", "static").raw("limit_price", price_text(on, order.price));
    entry.flag("post_only", order.kind == OrderKind::LimitMaker);
  }
  return entry.text("order_status", type == "pending_new" ? "pending_new" : state_word(order.state))
      .number("fee_usd_equiv", 0)
      .text("fee_ccy_pref", "fciq")
      .text("timestamp", format_rfc3339(type == "pending_new" ? order.created : order.updated))
      .done();
}

std::string KrakenServer::execution_fill_json(const VenueOrder& order,
                                              const VenueFill& fill) const {
  const Instrument& on = instrument(fill.instrument);
  JsonObject entry;
  entry.text("order_id", order_text(order.id));
  if (!is_made_up(order.client_order_id)) entry.text("cl_ord_id", order.client_order_id);
  return entry.text("exec_id", trade_text(fill.instrument, fill.trade_id))
      .text("exec_type", "trade")
      .number("trade_id", fill.trade_id)
      .text("symbol", on.symbol.view())
      .text("side", side_word(fill.side))
      .raw("last_qty", quantity_text(on, fill.quantity))
      .raw("last_price", price_text(on, fill.price))
      .text("liquidity_ind", fill.liquidity == Liquidity::Maker ? "m" : "t")
      .raw("cost", on.notional(fill.price, fill.quantity).to_string())
      .text("order_type", type_word(order.kind))
      .text("order_status", state_word(order.state))
      .raw("fees", JsonList()
                       .raw(JsonObject()
                                .text("asset", asset(fill.fee_asset))
                                .raw("qty", fill.fee.to_string())
                                .done())
                       .done())
      .raw("order_qty", quantity_text(on, order.quantity))
      .raw("cum_qty", quantity_text(on, order.executed))
      .raw("cum_cost", order.quote_executed.to_string())
      .raw("avg_price", average_price(on, order).to_string())
      .text("ext_ord_id", "")
      .text("timestamp", format_rfc3339(fill.time))
      .done();
}

void KrakenServer::tell_executions(AccountId account, std::string_view entry, ServerOutbox& out) {
  for (auto& [id, session] : sessions_) {
    if (!session.executions || session.executions->account != account) continue;
    send(id, session, numbered("executions", "update", entry, ++session.executions->sequence), out);
  }
}

void KrakenServer::on_order(const OrderUpdate& update, ServerOutbox& out) {
  const VenueOrder& order = update.order;
  const Instrument& on = instrument(order.instrument);
  // Later entries name little more than what changed.
  const auto sparse = [&](std::string_view type) {
    JsonObject entry;
    entry.text("timestamp", format_rfc3339(order.updated))
        .text("order_status", state_word(order.state))
        .text("exec_type", type)
        .number("order_userref", 0)
        .text("order_id", order_text(order.id))
        .raw("cum_qty", quantity_text(on, order.executed))
        .raw("cum_cost", order.quote_executed.to_string())
        .number("fee_usd_equiv", 0)
        .raw("avg_price", average_price(on, order).to_string());
    return entry;
  };
  switch (update.kind) {
    case OrderUpdate::Kind::New:
      tell_executions(order.account, execution_json(order, "pending_new"), out);
      tell_executions(order.account, sparse("new").done(), out);
      break;
    case OrderUpdate::Kind::Fill:
      if (!update.fill) return;
      tell_executions(order.account, execution_fill_json(order, *update.fill), out);
      if (order.state == VenueOrderState::Filled)
        tell_executions(order.account, sparse("filled").done(), out);
      break;
    case OrderUpdate::Kind::Amended:
      tell_executions(order.account,
                      sparse("amended")
                          .text("symbol", on.symbol.view())
                          .raw("order_qty", quantity_text(on, order.quantity))
                          .raw("limit_price", price_text(on, order.price))
                          .flag("amended", true)
                          .text("reason", "User requested")
                          .done(),
                      out);
      break;
    case OrderUpdate::Kind::Cancelled:
    case OrderUpdate::Kind::Expired: {
      const std::string_view reason =
          update.kind == OrderUpdate::Kind::Cancelled ? "User requested" : "Canceled by the engine";
      tell_executions(
          order.account,
          sparse("canceled").text("cancel_reason", reason).text("reason", reason).done(), out);
      break;
    }
  }
}

void KrakenServer::send_executions_snapshot(SessionId id, Session& session, bool orders, bool fills,
                                            ServerOutbox& out) {
  const AccountId account = session.executions->account;
  std::string data;
  const auto append = [&data](const std::string& entry) {
    if (!data.empty()) data += ',';
    data += entry;
  };
  if (orders) {
    for (const VenueOrder& order : exchange_.open_orders(account))
      append(execution_json(order, "new"));
  }
  constexpr std::size_t last = 50;
  if (fills) {
    for (const VenueFill& fill : exchange_.fills(account, 0, last)) {
      const VenueOrder* const order = exchange_.find_order(account, {fill.order_id, {}});
      if (order != nullptr) append(execution_fill_json(*order, fill));
    }
  }
  send(id, session, numbered("executions", "snapshot", data, ++session.executions->sequence), out);
}

// --- balances: totals only, holds are not shown ---

void KrakenServer::send_balances_snapshot(SessionId id, Session& session, ServerOutbox& out) {
  const AccountId account = session.balances->account;
  std::string data;
  for (const VenueBalance& balance : exchange_.balances(account)) {
    accounts_[account].totals[balance.asset] = balance.total;
    if (balance.total.is_zero()) continue;
    if (!data.empty()) data += ',';
    const std::string total = balance.total.to_string();
    data += JsonObject()
                .text("asset", asset(balance.asset))
                .text("asset_class", "currency")
                .raw("balance", total)
                .raw("wallets", JsonList()
                                    .raw(JsonObject()
                                             .text("type", "spot")
                                             .text("id", "main")
                                             .raw("balance", total)
                                             .done())
                                    .done())
                .done();
  }
  send(id, session, numbered("balances", "snapshot", data, ++session.balances->sequence), out);
}

void KrakenServer::on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) {
  Decimal& told = accounts_[account].totals[balance.asset];
  if (told == balance.total) return;
  const Decimal amount = balance.total - told;
  told = balance.total;
  const std::string serial = std::to_string(++serial_);
  const std::string entry = JsonObject()
                                .text("ledger_id", "L" + serial)
                                .text("ref_id", "R" + serial)
                                .text("timestamp", format_rfc3339(now()))
                                .text("type", "trade")
                                .text("asset", asset(balance.asset))
                                .text("asset_class", "currency")
                                .text("category", "trade")
                                .text("wallet_type", "spot")
                                .text("wallet_id", "main")
                                .raw("amount", amount.to_string())
                                .raw("fee", "0")
                                .raw("balance", balance.total.to_string())
                                .done();
  for (auto& [id, session] : sessions_) {
    if (!session.balances || session.balances->account != account) continue;
    send(id, session, numbered("balances", "update", entry, ++session.balances->sequence), out);
  }
}

}  // namespace ats::venues::kraken
