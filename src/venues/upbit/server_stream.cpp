// Sessions, what their clients ask for, and what they are told.
#include <algorithm>

#include "venues/upbit/frame.hpp"
#include "venues/upbit/server.hpp"
#include "venues/upbit/server_text.hpp"

namespace ats::venues::upbit {
namespace {

constexpr Duration idle_max = seconds(120);
constexpr Duration up_every = seconds(10);
constexpr std::size_t messages_a_second = 5;
constexpr std::size_t messages_a_minute = 100;
constexpr std::size_t everything = std::size_t{1} << 20;
constexpr int normal_closure = 1000;

// Depths that a code may ask for; any other counts as the deepest.
constexpr std::array<std::uint16_t, 4> depths{1, 5, 15, 30};

std::uint16_t depth_of(std::string_view code) {
  const std::string_view plain = code_without_depth(code);
  std::uint16_t depth = depths.back();
  if (plain.size() == code.size() || !integer_text(code.substr(plain.size() + 1), depth) ||
      std::ranges::find(depths, depth) == depths.end())
    return depths.back();
  return depth;
}

std::string_view stream_word(bool snapshot) { return snapshot ? "SNAPSHOT" : "REALTIME"; }

}  // namespace

void UpbitServer::send(SessionId id, Session& session, std::string_view frame, ServerOutbox& out) {
  session.last_traffic = now();
  out.send_binary(id, frame);
}

void UpbitServer::send_object(SessionId id, Session& session, std::string_view object,
                              ServerOutbox& out) {
  if (session.list) {
    send(id, session, std::string("[").append(object).append("]"), out);
  } else {
    send(id, session, object, out);
  }
}

// An error is the last thing said.
void UpbitServer::fail_session(SessionId id, Session& session, std::string_view name,
                               ServerOutbox& out) {
  send(id, session,
       JsonObject()
           .raw("error", JsonObject().text("name", name).text("message", message_of(name)).done())
           .done(),
       out);
  on_close(id);
  out.close(id, normal_closure, name);
}

void UpbitServer::on_tick(ServerOutbox& out) {
  std::vector<SessionId> idle;
  for (auto& [id, session] : sessions_) {
    if (session.keep_alive && now() - session.last_up >= up_every) {
      session.last_up = now();
      send(id, session, R"({"status":"UP"})", out);
    }
    if (now() - session.last_traffic >= idle_max) idle.push_back(id);
  }
  for (const SessionId id : idle) {
    on_close(id);
    out.close(id, normal_closure, "idle");
  }
}

void UpbitServer::on_text(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.last_traffic = now();
  session.heard.push_back(now());
  while (now() - session.heard.front() >= seconds(60)) session.heard.pop_front();
  const auto recent = std::ranges::count_if(
      session.heard, [this](WallTime when) { return now() - when < seconds(1); });
  if (session.heard.size() > messages_a_minute ||
      static_cast<std::size_t>(recent) > messages_a_second)
    return fail_session(id, session, "TOO_MANY_REQUEST", out);
  if (frame == "PING") {
    session.keep_alive = true;
    session.last_up = now();
    return send(id, session, R"({"status":"UP"})", out);
  }
  StreamRequest request;
  if (!read_request(json_, frame, request)) return fail_session(id, session, "WRONG_FORMAT", out);
  const std::string_view wrong = take_request(id, session, request, out);
  if (!wrong.empty()) fail_session(id, session, wrong, out);
}

// A list of objects: a ticket, what is wished for, perhaps a format. False: it is none.
bool UpbitServer::read_request(Json& source, std::string_view frame, StreamRequest& request) {
  json::array parts;
  if (!source.open(frame) || source.document().get_array().get(parts) != simdjson::SUCCESS)
    return false;
  for (auto element : parts) {
    json::object part;
    std::string_view text;
    if (element.get_object().get(part) != simdjson::SUCCESS) return false;
    if (text_field(part, "ticket", text)) {
      request.ticket = !text.empty();
      request.ticket_text = text;
    } else if (text_field(part, "format", text)) {
      request.format = text;
    } else if (text_field(part, "method", text)) {
      if (text != "LIST_SUBSCRIPTIONS") return false;
      request.list_subscriptions = true;
    } else if (text_field(part, "type", text)) {
      Wish& wish = request.wishes.emplace_back();
      wish.type = text;
      json::array codes;
      if (array_field(part, "codes", codes)) {
        wish.has_codes = true;
        for (auto code : codes) {
          if (code.get_string().get(text) != simdjson::SUCCESS) return false;
          wish.codes.emplace_back(text);
        }
      }
      const auto flag = [&part](std::string_view now_spelled, std::string_view once_spelled) {
        bool on = false;
        return (bool_field(part, now_spelled, on) || bool_field(part, once_spelled, on)) && on;
      };
      wish.only_snapshot = flag("is_only_snapshot", "isOnlySnapshot");
      wish.only_realtime = flag("is_only_realtime", "isOnlyRealtime");
      Decimal level;
      wish.grouped = decimal_field(part, "level", level) && !level.is_zero();
    }
  }
  return true;
}

std::string_view UpbitServer::take_request(SessionId id, Session& session,
                                           const StreamRequest& request, ServerOutbox& out) {
  if (!request.ticket) return "NO_TICKET";
  if (!request.format.empty()) {
    const std::string_view format = request.format;
    session.simple = format == "SIMPLE" || format == "SIMPLE_LIST";
    session.list = format == "JSON_LIST" || format == "SIMPLE_LIST";
    if (!session.simple && !session.list && format != "DEFAULT") return "WRONG_FORMAT";
  } else if (!request.list_subscriptions) {
    session.simple = session.list = false;
  }
  if (request.list_subscriptions) {
    send(id, session,
         JsonObject()
             .text("method", "LIST_SUBSCRIPTIONS")
             .raw("result", "[" + session.told + "]")
             .text("ticket", request.ticket_text)
             .done(),
         out);
    return {};
  }
  if (request.wishes.empty()) return "NO_TYPE";
  // What was asked for before is over.
  session.books.clear();
  session.trades.clear();
  session.tickers.clear();
  session.orders = session.assets = false;
  session.order_codes.clear();
  session.told.clear();
  for (const Wish& wish : request.wishes) {
    std::vector<Subscription> fresh;
    if (const std::string_view wrong = take_wish(session, wish, fresh); !wrong.empty())
      return wrong;
    if (!session.told.empty()) session.told += ',';
    JsonObject told;
    told.text("type", wish.type);
    if (wish.has_codes) {
      JsonList codes;
      for (const std::string& code : wish.codes) codes.text(code);
      told.raw("codes", codes.done());
    }
    if (wish.type == "orderbook") told.number("level", 0);
    session.told += told.done();
    const auto wants_snapshot = !wish.only_realtime;
    for (const Subscription& one : fresh) {
      if (!wants_snapshot) break;
      if (wish.type == "orderbook") {
        send_object(id, session, book_frame(one, session.simple, true), out);
      } else if (wish.type == "ticker") {
        send_object(id, session, ticker_frame(one.instrument, session.simple, true), out);
      } else {
        const auto last = exchange_.trades(one.instrument, 1);
        if (!last.empty())
          send_object(id, session, trade_frame(last.back(), session.simple, true), out);
      }
    }
  }
  return {};
}

std::string_view UpbitServer::take_wish(Session& session, const Wish& wish,
                                        std::vector<Subscription>& fresh) {
  if (wish.type == "myOrder" || wish.type == "myAsset") {
    if (!session.account.valid()) return "INVALID_AUTH";
    if (wish.type == "myAsset") {
      if (wish.has_codes) return "WRONG_FORMAT";
      session.assets = true;
      return {};
    }
    session.orders = true;
    for (const std::string& code : wish.codes) {
      const InstrumentId instrument_id = find_code(code);
      if (instrument_id.valid()) session.order_codes.push_back(instrument_id);
    }
    return {};
  }
  std::vector<Subscription>* const list = wish.type == "orderbook" ? &session.books
                                          : wish.type == "trade"   ? &session.trades
                                          : wish.type == "ticker"  ? &session.tickers
                                                                   : nullptr;
  if (list == nullptr || session.account.valid()) return "INVALID_PARAM";
  if (wish.codes.empty()) return "NO_CODES";
  for (const std::string& code : wish.codes) {
    // A code that does not exist, and grouped prices where there are none, bring no data and no word.
    const InstrumentId instrument_id = find_code(code_without_depth(code));
    if (!instrument_id.valid() || wish.grouped) continue;
    fresh.push_back({instrument_id, depth_of(code), !wish.only_snapshot});
  }
  list->insert(list->end(), fresh.begin(), fresh.end());
  return {};
}

// --- market data ---

std::string UpbitServer::book_frame(const Subscription& book, bool simple, bool snapshot) const {
  const Instrument& on = instrument(book.instrument);
  const BookImage image = exchange_.book(book.instrument, book.depth);
  std::string frame(simple ? R"({"ty":"orderbook","cd":")" : R"({"type":"orderbook","code":")");
  frame.append(on.symbol.view());
  frame.append(simple ? R"(","tms":)" : R"(","timestamp":)").append(std::to_string(now_ms()));
  frame.append(",").append(book_totals(on, image, simple));
  frame.append(simple ? R"(,"obu":)" : R"(,"orderbook_units":)");
  frame.append(book_units(on, image, simple));
  frame.append(simple ? R"(,"st":")" : R"(,"stream_type":")").append(stream_word(snapshot));
  return frame.append(simple ? R"(","lv":0})" : R"(","level":0})");
}

std::string UpbitServer::trade_frame(const PublicTrade& trade, bool simple, bool snapshot) const {
  const Instrument& on = instrument(trade.instrument);
  const BookImage best = exchange_.book(trade.instrument, 1);
  const Level ask = best.asks.empty() ? Level{} : best.asks.front();
  const Level bid = best.bids.empty() ? Level{} : best.bids.front();
  const std::string stamp = format_rfc3339(trade.time);
  JsonObject row;
  const auto number = [&](const char* long_key, const char* short_key, const std::string& text) {
    row.raw(simple ? short_key : long_key, text);
  };
  const auto text = [&](const char* long_key, const char* short_key, std::string_view value) {
    row.text(simple ? short_key : long_key, value);
  };
  text("type", "ty", "trade");
  text("code", "cd", on.symbol.view());
  number("timestamp", "tms", std::to_string(now_ms()));
  text("trade_date", "td", stamp.substr(0, 10));
  text("trade_time", "ttm", stamp.substr(11, 8));
  number("trade_timestamp", "ttms", std::to_string(trade.time.ns_utc / 1'000'000));
  number("trade_price", "tp", market_price(on, trade.price));
  number("trade_volume", "tv", market_number(trade.quantity.units, on.qty_scale));
  text("ask_bid", "ab", side_capitals(trade.taker_side));
  // Yesterday's close, which is not kept: this print's, with the zeros the venue shows there.
  number("prev_closing_price", "pcp",
         on.price_decimal(trade.price).to_fixed(std::max<int>(on.price_scale, 8)));
  text("change", "c", "EVEN");
  number("change_price", "cp", "0");
  number("sequential_id", "sid", std::to_string(trade.id));
  number("best_ask_price", "bap", market_price(on, ask.price));
  number("best_ask_size", "bas", market_number(ask.quantity.units, on.qty_scale));
  number("best_bid_price", "bbp", market_price(on, bid.price));
  number("best_bid_size", "bbs", market_number(bid.quantity.units, on.qty_scale));
  text("stream_type", "st", stream_word(snapshot));
  return row.done();
}

std::string UpbitServer::ticker_frame(InstrumentId id, bool simple, bool snapshot) const {
  std::string frame(simple ? R"({"ty":"ticker","cd":")" : R"({"type":"ticker","code":")");
  frame.append(instrument(id).symbol.view()).append("\",").append(ticker_fields(id, simple));
  frame.append(simple ? R"(,"ms":"ACTIVE","its":false,"dd":null,"mw":"NONE","st":")"
                      : R"(,"market_state":"ACTIVE","is_trading_suspended":false,)"
                        R"("delisting_date":null,"market_warning":"NONE","stream_type":")");
  return frame.append(stream_word(snapshot)).append("\"}");
}

void UpbitServer::on_book(const BookChange& change, ServerOutbox& out) {
  // One text for all who asked for the same.
  std::map<std::pair<std::uint16_t, bool>, std::string> frames;
  for (auto& [id, session] : sessions_) {
    for (const Subscription& book : session.books) {
      if (book.instrument != change.instrument || !book.realtime) continue;
      std::string& frame = frames[{book.depth, session.simple}];
      if (frame.empty()) frame = book_frame(book, session.simple, false);
      send_object(id, session, frame, out);
    }
  }
}

bool UpbitServer::is_book_delta(std::string_view frame) const {
  if (frame.starts_with('[')) frame.remove_prefix(1);
  return (frame.starts_with(R"({"ty":"orderbook")") ||
          frame.starts_with(R"({"type":"orderbook")")) &&
         frame.find(R"("REALTIME")") != std::string_view::npos;
}

void UpbitServer::on_trade(const PublicTrade& trade, ServerOutbox& out) {
  const auto wants = [&trade](const std::vector<Subscription>& list) {
    return std::ranges::any_of(list, [&trade](const Subscription& one) {
      return one.instrument == trade.instrument && one.realtime;
    });
  };
  for (auto& [id, session] : sessions_) {
    if (wants(session.trades))
      send_object(id, session, trade_frame(trade, session.simple, false), out);
    if (wants(session.tickers))
      send_object(id, session, ticker_frame(trade.instrument, session.simple, false), out);
  }
}

// --- the account ---

// Members that say nothing are there, and null.
std::string UpbitServer::my_order_frame(const VenueOrder& order, std::string_view state,
                                        const VenueFill* fill, bool simple) const {
  const Instrument& on = instrument(order.instrument);
  const Note& note = note_of(order.id);
  const bool by_amount = !note.amount.is_zero();
  const Locked locked = locked_by(order);
  const auto quantity = [&on](Quantity q) { return market_number(q.units, on.qty_scale); };
  const auto ms = [](WallTime time) { return std::to_string(time.ns_utc / 1'000'000); };
  const std::string none = "null";
  std::string price = none;
  std::string volume = none;
  if (fill != nullptr) {  // the fill's, not the order's
    price = market_price(on, fill->price);
    volume = quantity(fill->quantity);
  } else {
    if (by_amount) {
      price = note.amount.to_string();
    } else if (order.kind != OrderKind::Market) {
      price = market_price(on, order.price);
    }
    if (!by_amount) volume = quantity(order.quantity);
  }
  std::string average = none;
  if (!order.executed.is_zero()) {
    const auto mean = order.quote_executed.divide_floor(on.quantity_decimal(order.executed), 8);
    average = mean.value_or(Decimal{}).to_string();
  }
  const std::size_t fills =
      order.executed.is_zero() ? 0 : exchange_.fills(order.account, order.id, everything).size();
  JsonObject row;
  const auto raw = [&](const char* long_key, const char* short_key, const std::string& value) {
    row.raw(simple ? short_key : long_key, value);
  };
  const auto text = [&](const char* long_key, const char* short_key, std::string_view value) {
    if (value.empty())
      row.raw(simple ? short_key : long_key, none);
    else
      row.text(simple ? short_key : long_key, value);
  };
  const bool named = !is_made_up(order.client_order_id);
  text("type", "ty", "myOrder");
  text("code", "cd", on.symbol.view());
  text("uuid", "uid", order_uuid(order.id));
  text("ask_bid", "ab", side_capitals(order.side));
  text("order_type", "ot", note.ord_type);
  text("state", "s", state);
  text("trade_uuid", "tuid",
       fill == nullptr ? std::string() : trade_uuid(fill->instrument, fill->trade_id));
  raw("price", "p", price);
  raw("avg_price", "ap", average);
  raw("volume", "v", volume);
  raw("remaining_volume", "rv", by_amount ? none : quantity(order.quantity - order.executed));
  raw("executed_volume", "ev", quantity(order.executed));
  raw("trades_count", "tc", std::to_string(fills));
  raw("reserved_fee", "rsf", note.reserved_fee.to_string());
  raw("remaining_fee", "rmf", locked.fee.to_string());
  raw("paid_fee", "pf", order.fee_total.to_string());
  raw("locked", "l", locked.all.to_string());
  raw("executed_funds", "ef", order.quote_executed.to_string());
  text("time_in_force", "tif", note.time_in_force);
  raw("trade_fee", "tf", fill == nullptr ? none : fill->fee.to_string());
  raw("is_maker", "im",
      fill == nullptr                       ? none
      : fill->liquidity == Liquidity::Maker ? "true"
                                            : "false");
  text("identifier", "id", named ? order.client_order_id : std::string());
  raw("smp_type", "smpt", none);
  raw("prevented_volume", "pv", "0");
  raw("prevented_locked", "pl", "0");
  raw("trade_timestamp", "ttms", fill == nullptr ? none : ms(fill->time));
  raw("order_timestamp", "otms", ms(order.created));
  raw("timestamp", "tms", ms(now()));
  text("stream_type", "st", "REALTIME");
  return row.done();
}

void UpbitServer::tell_order(const VenueOrder& order, std::string_view state, const VenueFill* fill,
                             ServerOutbox& out) {
  for (auto& [id, session] : sessions_) {
    if (!session.orders || session.account != order.account) continue;
    if (!session.order_codes.empty() &&
        std::ranges::find(session.order_codes, order.instrument) == session.order_codes.end())
      continue;
    send_object(id, session, my_order_frame(order, state, fill, session.simple), out);
  }
}

void UpbitServer::on_order(const OrderUpdate& update, ServerOutbox& out) {
  const VenueOrder& order = update.order;
  switch (update.kind) {
    case OrderUpdate::Kind::New:
      tell_order(order, "wait", nullptr, out);
      break;
    case OrderUpdate::Kind::Fill:
      if (!update.fill) return;
      tell_order(order, "trade", &*update.fill, out);
      if (order.state == VenueOrderState::Filled)
        tell_order(order, state_word(order), nullptr, out);
      break;
    case OrderUpdate::Kind::Amended:  // the venue has no word for it
      break;
    case OrderUpdate::Kind::Cancelled:
    case OrderUpdate::Kind::Expired:
      tell_order(order, "cancel", nullptr, out);
      break;
  }
}

// What is free, and what is locked beside it.
void UpbitServer::on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) {
  const std::string stamp = std::to_string(now_ms());
  const std::string free = (balance.total - balance.held).to_string();
  for (auto& [id, session] : sessions_) {
    if (!session.assets || session.account != account) continue;
    const bool simple = session.simple;
    JsonObject row;
    row.text(simple ? "cu" : "currency", asset(balance.asset))
        .raw(simple ? "b" : "balance", free)
        .raw(simple ? "l" : "locked", balance.held.to_string());
    send_object(id, session,
                JsonObject()
                    .text(simple ? "ty" : "type", "myAsset")
                    .text(simple ? "astuid" : "asset_uuid",
                          "61737365-" + std::to_string(1000 + account.value % 9000) +
                              "-4000-8000-000000000000")
                    .raw(simple ? "ast" : "assets", JsonList().raw(row.done()).done())
                    .raw(simple ? "asttms" : "asset_timestamp", stamp)
                    .raw(simple ? "tms" : "timestamp", stamp)
                    .text(simple ? "st" : "stream_type", "REALTIME")
                    .done(),
                out);
  }
}

}  // namespace ats::venues::upbit
