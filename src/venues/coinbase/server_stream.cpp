// Connections: what their clients ask for, and what they are told.
#include <algorithm>

#include "venues/coinbase/metadata.hpp"
#include "venues/coinbase/server.hpp"
#include "venues/coinbase/server_text.hpp"

namespace ats::venues::coinbase {
namespace {

constexpr Duration first_request_max = seconds(5);
constexpr Duration quiet_max = seconds(75);
constexpr Duration heartbeat_every = seconds(1);
constexpr Duration batch_every = milliseconds(250);
constexpr std::size_t orders_at_once = 50;
constexpr std::size_t whole_book = std::size_t{1} << 20;

std::string event(std::string_view type, std::string_view key, std::string_view list) {
  return JsonObject().text("type", type).raw(key, list).done();
}

void append_updates(JsonList& list, const Instrument& on, std::string_view side,
                    std::span<const Level> levels, std::string_view time) {
  for (const Level& level : levels) {
    list.raw(JsonObject()
                 .text("side", side)
                 .text("event_time", time)
                 .text("price_level", price_text(on, level.price))
                 .text("new_quantity", quantity_text(on, level.quantity))
                 .done());
  }
}

bool contains(const std::vector<InstrumentId>& list, InstrumentId id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

}  // namespace

void CoinbaseServer::on_open(SessionId id, std::string_view, ServerOutbox&) {
  Session& session = sessions_[id];
  session.opened = session.last_sent = session.last_heartbeat = now();
}

void CoinbaseServer::on_close(SessionId id) { sessions_.erase(id); }

void CoinbaseServer::send(SessionId id, Session& session, std::string_view channel,
                          std::string_view events, ServerOutbox& out) {
  session.last_sent = now();
  out.send_text(id, JsonObject()
                        .text("channel", channel)
                        .text("timestamp", format_rfc3339(now()))
                        .number("sequence_num", session.sequence++)
                        .raw("events", std::string("[").append(events).append("]"))
                        .done());
}

void CoinbaseServer::send_error(SessionId id, Session& session, std::string_view message,
                                ServerOutbox& out) {
  session.last_sent = now();
  out.send_text(id, JsonObject().text("type", "error").text("message", message).done());
}

void CoinbaseServer::on_text(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  json::object root;
  std::string_view text;
  if (!json_.open(frame, root) || !text_field(root, "type", text) ||
      (text != "subscribe" && text != "unsubscribe"))
    return send_error(id, session, "subscribe or unsubscribe required", out);
  const bool on = text == "subscribe";
  if (!text_field(root, "channel", text)) return send_error(id, session, "channel is missing", out);
  const std::string channel(text);
  std::vector<InstrumentId> products;
  json::array ids;
  if (array_field(root, "product_ids", ids)) {
    for (auto element : ids) {
      if (element.get_string().get(text) != simdjson::SUCCESS)
        return send_error(id, session, "product_ids must be texts", out);
      const InstrumentId product = find_product(text);
      if (!product.valid()) {
        return send_error(id, session, std::string(text).append(" is not a valid product"), out);
      }
      products.push_back(product);
    }
  }
  AccountId account;
  const std::string token = text_field(root, "jwt", text) ? std::string(text) : std::string();
  if (!token.empty()) account = account_of(token, {}, {});
  const bool known = channel == "level2" || channel == "market_trades" || channel == "ticker" ||
                     channel == "heartbeats" || channel == "user";
  if (!known || (!token.empty() && !account.valid()) ||
      (channel == "user" && on && !account.valid()))
    return send_error(id, session, "authentication failure", out);
  const bool market = channel != "heartbeats" && channel != "user";
  if (market && on && products.empty())
    return send_error(id, session, "product_ids are missing", out);
  session.asked = true;
  change(id, session, on, channel, products, account, out);
}

void CoinbaseServer::change(SessionId id, Session& session, bool on, std::string_view channel,
                            const std::vector<InstrumentId>& products, AccountId account,
                            ServerOutbox& out) {
  const auto feed_of = [](std::vector<BookFeed>& feeds, InstrumentId product) {
    return std::find_if(feeds.begin(), feeds.end(),
                        [product](const BookFeed& feed) { return feed.instrument == product; });
  };
  std::vector<InstrumentId> fresh;
  std::vector<InstrumentId>& list = channel == "ticker" ? session.tickers : session.trades;
  if (channel == "heartbeats") {
    session.heartbeats = on;
  } else if (channel == "user") {
    session.user = on ? account : AccountId{};
  } else if (!on && products.empty()) {
    if (channel == "level2")
      session.books.clear();
    else
      list.clear();
  }
  for (const InstrumentId product : products) {
    if (channel == "level2") {
      const auto feed = feed_of(session.books, product);
      if (!on && feed != session.books.end()) session.books.erase(feed);
      if (on && feed == session.books.end()) {
        session.books.push_back({product, 0});
        fresh.push_back(product);
      }
    } else if (channel == "market_trades" || channel == "ticker") {
      if (!on) std::erase(list, product);
      if (on && !contains(list, product)) {
        list.push_back(product);
        fresh.push_back(product);
      }
    }
  }
  acknowledge(id, session, out);
  for (const InstrumentId product : fresh) {
    if (channel == "level2")
      send_book(id, session, *feed_of(session.books, product), out);
    else if (channel == "ticker")
      send_ticker(id, session, product, "snapshot", out);
    else
      send_trades(id, session, product, out);
  }
  if (channel == "user" && on) send_orders(id, session, out);
}

// Names everything that stands.
void CoinbaseServer::acknowledge(SessionId id, Session& session, ServerOutbox& out) {
  JsonObject all;
  const auto named = [&](std::string_view channel, const std::vector<InstrumentId>& products) {
    if (products.empty()) return;
    JsonList names;
    for (const InstrumentId product : products) names.text(book_of(instrument(product)));
    all.raw(channel, names.done());
  };
  std::vector<InstrumentId> books;
  for (const BookFeed& feed : session.books) books.push_back(feed.instrument);
  named("level2", books);
  named("market_trades", session.trades);
  named("ticker", session.tickers);
  if (session.heartbeats) all.raw("heartbeats", R"(["heartbeats"])");
  if (session.user.valid()) all.raw("user", R"(["00000000-0000-4000-9000-000000000002"])");
  send(id, session, "subscriptions", JsonObject().raw("subscriptions", all.done()).done(), out);
}

// --- books ---

void CoinbaseServer::send_book(SessionId id, Session& session, BookFeed& feed, ServerOutbox& out) {
  const Instrument& on = instrument(feed.instrument);
  const BookImage image = exchange_.book(feed.instrument, whole_book);
  feed.told = image.last;
  JsonList updates;
  const std::string time = format_rfc3339(now());
  append_updates(updates, on, "bid", image.bids, time);
  append_updates(updates, on, "offer", image.asks, time);
  send(id, session, "l2_data",
       JsonObject()
           .text("type", "snapshot")
           .text("product_id", book_of(on))
           .raw("updates", updates.done())
           .done(),
       out);
}

bool CoinbaseServer::is_book_delta(std::string_view frame) const {
  return frame.starts_with(R"({"channel":"l2_data")") &&
         frame.find(R"("events":[{"type":"update")") < 150;
}

void CoinbaseServer::on_book(const BookChange& change, ServerOutbox& out) {
  std::string told;
  for (auto& [id, session] : sessions_) {
    for (BookFeed& feed : session.books) {
      // What its snapshot had already is not told again: it would set levels back.
      if (feed.instrument != change.instrument || change.last <= feed.told) continue;
      feed.told = change.last;
      if (told.empty()) {
        const Instrument& on = instrument(change.instrument);
        const std::string time = format_rfc3339(change.time);
        JsonList updates;
        append_updates(updates, on, "bid", change.bids, time);
        append_updates(updates, on, "offer", change.asks, time);
        told = JsonObject()
                   .text("type", "update")
                   .text("product_id", book_of(on))
                   .raw("updates", updates.done())
                   .done();
      }
      if (skip_number_) ++session.sequence;
      send(id, session, "l2_data", told, out);
    }
  }
  skip_number_ = false;
}

// --- prints ---

void CoinbaseServer::send_trades(SessionId id, Session& session, InstrumentId product,
                                 ServerOutbox& out) {
  constexpr std::size_t last = 100;
  const std::vector<PublicTrade> trades = exchange_.trades(product, last);
  JsonList list;
  for (auto trade = trades.rbegin(); trade != trades.rend(); ++trade) list.raw(trade_json(*trade));
  if (!trades.empty())
    send(id, session, "market_trades", event("snapshot", "trades", list.done()), out);
}

void CoinbaseServer::on_trade(const PublicTrade& trade, ServerOutbox&) {
  batch_.push_back(trade);
  last_trade_[trade.instrument] = trade;
}

// What has come together, newest first.
void CoinbaseServer::tell_trades(ServerOutbox& out) {
  if (batch_.empty() || now() < batch_due_) return;
  batch_due_ = now() + batch_every;
  std::vector<InstrumentId> products;
  for (const PublicTrade& trade : batch_) {
    if (!contains(products, trade.instrument)) products.push_back(trade.instrument);
  }
  for (const InstrumentId product : products) {
    JsonList list;
    for (auto trade = batch_.rbegin(); trade != batch_.rend(); ++trade) {
      if (trade->instrument == product) list.raw(trade_json(*trade));
    }
    const std::string told = event("update", "trades", list.done());
    for (auto& [id, session] : sessions_) {
      if (contains(session.trades, product)) send(id, session, "market_trades", told, out);
      if (contains(session.tickers, product)) send_ticker(id, session, product, "update", out);
    }
  }
  batch_.clear();
}

void CoinbaseServer::send_ticker(SessionId id, Session& session, InstrumentId product,
                                 std::string_view type, ServerOutbox& out) {
  const Instrument& on = instrument(product);
  const BookImage top = exchange_.book(product, 1);
  const Level bid = top.bids.empty() ? Level{} : top.bids.front();
  const Level ask = top.asks.empty() ? Level{} : top.asks.front();
  const auto last = last_trade_.find(product);
  const std::string price =
      price_text(on, last != last_trade_.end() ? last->second.price : bid.price);
  const std::string row = JsonObject()
                              .text("type", "ticker")
                              .text("product_id", book_of(on))
                              .text("price", price)
                              .text("volume_24_h", "0")
                              .text("low_24_h", price)
                              .text("high_24_h", price)
                              .text("low_52_w", price)
                              .text("high_52_w", price)
                              .text("price_percent_chg_24_h", "0")
                              .text("best_bid", price_text(on, bid.price))
                              .text("best_ask", price_text(on, ask.price))
                              .text("best_bid_quantity", quantity_text(on, bid.quantity))
                              .text("best_ask_quantity", quantity_text(on, ask.quantity))
                              .done();
  send(id, session, "ticker", event(type, "tickers", JsonList().raw(row).done()), out);
}

// --- the user channel ---

std::string CoinbaseServer::user_order_json(const VenueOrder& order,
                                            std::string_view status) const {
  const Instrument& on = instrument(order.instrument);
  const std::size_t fills = exchange_.fills(order.account, order.id, 1'000).size();
  const Quantity rest = order.live() ? order.quantity - order.executed : Quantity{};
  return JsonObject()
      .text("avg_price", average_price(on, order).to_string())
      .text("cancel_reason", "")
      .text("client_order_id", order.client_order_id)
      .text("completion_percentage", completion(order))
      .text("contract_expiry_type", "UNKNOWN_CONTRACT_EXPIRY_TYPE")
      .text("cumulative_quantity", quantity_text(on, order.executed))
      .text("filled_value", order.quote_executed.to_string())
      .text("leaves_quantity", quantity_text(on, rest))
      .text("limit_price",
            order.kind == OrderKind::Market ? std::string("0") : price_text(on, order.price))
      .text("number_of_fills", std::to_string(fills))
      .text("order_id", order_text(order.id))
      .text("order_side", side_word(order.side))
      .text("order_type", order.kind == OrderKind::Market ? "Market" : "Limit")
      .text("outstanding_hold_amount", "0")
      .text("post_only", order.kind == OrderKind::LimitMaker ? "true" : "false")
      .text("product_id", on.symbol.view())
      .text("product_type", "SPOT")
      .text("reject_reason", "")
      .text("retail_portfolio_id", "")
      .text("status", status)
      .text("time_in_force", tif_word(order))
      .text("total_fees", order.fee_total.to_string())
      .text("total_value_after_fees", order.quote_executed.to_string())
      .text("trigger_status", "INVALID_ORDER_TYPE")
      .text("creation_time", format_rfc3339(order.created))
      .done();
}

// Batches of fifty; one with less is the last.
void CoinbaseServer::send_orders(SessionId id, Session& session, ServerOutbox& out) {
  const std::vector<VenueOrder> open = exchange_.open_orders(session.user);
  for (std::size_t at = 0;; at += orders_at_once) {
    JsonList list;
    std::size_t count = 0;
    for (; count < orders_at_once && at + count < open.size(); ++count)
      list.raw(user_order_json(open[at + count], status_word(open[at + count].state)));
    send(id, session, "user", event("snapshot", "orders", list.done()), out);
    if (count < orders_at_once) return;
  }
}

void CoinbaseServer::tell_user(const VenueOrder& order, std::string_view status,
                               ServerOutbox& out) {
  const std::string told =
      event("update", "orders", JsonList().raw(user_order_json(order, status)).done());
  for (auto& [id, session] : sessions_) {
    if (session.user.valid() && session.user == order.account) send(id, session, "user", told, out);
  }
}

void CoinbaseServer::on_order(const OrderUpdate& update, ServerOutbox& out) {
  if (update.kind == OrderUpdate::Kind::New) tell_user(update.order, "PENDING", out);
  tell_user(update.order, status_word(update.order.state), out);
}

// Wallets are asked for; no channel tells of them.
void CoinbaseServer::on_balance(AccountId, const VenueBalance&, ServerOutbox&) {}

// --- time ---

void CoinbaseServer::on_tick(ServerOutbox& out) {
  tell_trades(out);
  std::vector<SessionId> over;
  for (auto& [id, session] : sessions_) {
    if (session.heartbeats && now() - session.last_heartbeat >= heartbeat_every) {
      session.last_heartbeat = now();
      send(id, session, "heartbeats",
           JsonObject()
               .text("current_time", format_rfc3339(now()))
               .number("heartbeat_counter", ++session.heartbeat_counter)
               .done(),
           out);
    }
    const bool idle = !session.asked && now() - session.opened >= first_request_max;
    if (idle || now() - session.last_sent >= quiet_max) over.push_back(id);
  }
  for (const SessionId id : over) {
    on_close(id);
    out.close(id, 1000, "idle");
  }
}

}  // namespace ats::venues::coinbase
