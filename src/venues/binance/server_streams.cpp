// WebSocket sessions: market streams, the WebSocket API, and the accounts' own events.
#include <algorithm>

#include "venues/binance/server.hpp"
#include "venues/binance/server_text.hpp"

namespace ats::venues::binance {
namespace {

using namespace dom;

constexpr std::uint64_t messages_per_second = 5;
constexpr std::size_t streams_per_connection = 1'024;
constexpr std::uint64_t ticks_per_second = 10;
constexpr std::int64_t connection_life_ms = 24 * 3'600'000;
constexpr std::string_view fast_suffix = "@depth@100ms";
constexpr std::string_view slow_suffix = "@depth";

std::string lower_symbol(const Instrument& i) {
  std::string symbol(i.symbol.view());
  for (char& c : symbol) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return symbol;
}

std::string stream_error(int code, std::string_view message, std::string_view id) {
  return JsonObject()
      .raw("error", JsonObject().number("code", code).text("msg", message).done())
      .raw("id", id)
      .done();
}

// A parameter's value as it was signed: texts as they are, numbers and flags as they are written.
std::string value_text(const element& value) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::to_string(value);
}

std::string names_joined(const std::set<std::string, std::less<>>& names) {
  JsonList list;
  for (const std::string& name : names) list.text(name);
  return list.done();
}

}  // namespace

// --- opening and closing ---

bool SpotServer::accepts(std::string_view path) const {
  return path == "/ws" || path.starts_with("/ws/") || path == "/stream" || path == "/ws-api/v3";
}

void SpotServer::on_open(SessionId id, std::string_view target, ServerOutbox& out) {
  if (maintenance_) {
    out.close(id, 1001, "maintenance");
    return;
  }
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() == target.size() ? std::string_view() : target.substr(path.size() + 1);
  Session session;
  session.api = path == "/ws-api/v3";
  session.opened_ms = now_ms();
  session.combined = path == "/stream";
  std::string_view names;
  if (path.starts_with("/ws/")) names = path.substr(4);
  if (session.combined && query.starts_with("streams=")) {
    names = query.substr(8, query.find('&') == query.npos ? query.npos : query.find('&') - 8);
  }
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find('/'));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    // Some clients put a number where a stream's name may be.
    if (name.find('@') != name.npos) session.streams.emplace(name);
  }
  sessions_.insert_or_assign(id, std::move(session));
}

void SpotServer::on_close(SessionId session) { sessions_.erase(session); }

void SpotServer::on_text(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  if (session.api) {
    on_api_request(id, frame, out);
    return;
  }
  session.messages.roll(now_ms());
  if (++session.messages.used > messages_per_second) {
    sessions_.erase(found);
    out.close(id, 1008, "Too many requests");
    return;
  }
  on_stream_request(id, session, frame, out);
}

// --- market streams ---

void SpotServer::on_stream_request(SessionId id, Session& session, std::string_view frame,
                                   ServerOutbox& out) {
  object request;
  std::string_view method;
  if (!document_.parse(frame, request)) {
    out.send_text(id, stream_error(3, "Invalid JSON: expected value", "null"));
    return;
  }
  const std::string request_id = id_json(request);
  const auto answer = [&](std::string_view result) {
    out.send_text(id, JsonObject().raw("result", result).raw("id", request_id).done());
  };
  const auto refuse = [&](int code, std::string_view message) {
    out.send_text(id, stream_error(code, message, request_id));
  };
  if (!get(request, "method", method)) {
    refuse(2, "Invalid request: missing field `method`");
    return;
  }
  if (method == "LIST_SUBSCRIPTIONS") return answer(names_joined(session.streams));
  array parameters;
  if (!get(request, "params", parameters)) {
    return refuse(2, "Invalid request: missing field `params`");
  }
  if (method == "SUBSCRIBE" || method == "UNSUBSCRIBE") {
    std::vector<std::string> names;
    for (const element item : parameters) {
      std::string_view name;
      if (item.get_string().get(name) != simdjson::SUCCESS) {
        return refuse(2, "Invalid request: params must be an array of texts");
      }
      names.emplace_back(name);
    }
    for (const std::string& name : names) {
      if (method == "SUBSCRIBE") {
        session.streams.insert(name);
      } else {
        session.streams.erase(name);
      }
    }
    if (session.streams.size() > streams_per_connection) {
      for (const std::string& name : names) session.streams.erase(name);
      return refuse(2, "Invalid request: too many streams");
    }
    return answer("null");
  }
  std::string_view property;
  if (parameters.at(0).get_string().get(property) != simdjson::SUCCESS || property != "combined") {
    return refuse(method == "SET_PROPERTY" || method == "GET_PROPERTY" ? 0 : 2,
                  method == "SET_PROPERTY" || method == "GET_PROPERTY"
                      ? "Unknown property"
                      : "Invalid request: unknown variant");
  }
  if (method == "GET_PROPERTY") return answer(session.combined ? "true" : "false");
  if (method == "SET_PROPERTY") {
    bool on = false;
    if (parameters.at(1).get_bool().get(on) != simdjson::SUCCESS) {
      return refuse(1, "Invalid value type: expected Boolean");
    }
    session.combined = on;
    return answer("null");
  }
  refuse(2, "Invalid request: unknown variant");
}

bool SpotServer::anyone_has(std::string_view stream) const {
  return std::ranges::any_of(sessions_,
                             [&](const auto& s) { return s.second.streams.contains(stream); });
}

// Sending may find that a session is gone, and forget it meanwhile.
template <class Do>
void SpotServer::for_sessions(Do what) {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  for (const SessionId id : ids) {
    const auto session = sessions_.find(id);
    if (session != sessions_.end()) what(id, session->second);
  }
}

void SpotServer::publish(const std::string& stream, std::string_view event, ServerOutbox& out) {
  const std::string wrapped = JsonObject().text("stream", stream).raw("data", event).done();
  for_sessions([&](SessionId id, const Session& session) {
    if (session.streams.contains(stream)) {
      out.send_text(id, session.combined ? std::string_view(wrapped) : event);
    }
  });
}

void SpotServer::gather(Gathered& into, const BookChange& change, std::string_view suffix,
                        ServerOutbox& out) {
  // A change that does not follow the last one is not joined to it: the reader must see the gap.
  if (into.last != 0 && change.first != into.last + 1) {
    send_diff(change.instrument, into, suffix, out);
  }
  if (into.last == 0) into.first = change.first;
  into.last = change.last;
  for (const Level& level : change.bids) into.bids[level.price.units] = level.quantity;
  for (const Level& level : change.asks) into.asks[level.price.units] = level.quantity;
}

void SpotServer::send_diff(InstrumentId id, Gathered& gathered, std::string_view suffix,
                           ServerOutbox& out) {
  if (gathered.last == 0) return;
  const Instrument& i = instrument(id);
  const std::string stream = lower_symbol(i) + std::string(suffix);
  if (anyone_has(stream)) {
    JsonList bids;
    JsonList asks;
    for (auto level = gathered.bids.rbegin(); level != gathered.bids.rend(); ++level) {
      bids.raw(level_json(i, {{level->first}, level->second}));
    }
    for (const auto& [price, quantity] : gathered.asks)
      asks.raw(level_json(i, {{price}, quantity}));
    publish(stream,
            JsonObject()
                .text("e", "depthUpdate")
                .number("E", now_ms())
                .text("s", i.symbol.view())
                .number("U", gathered.first)
                .number("u", gathered.last)
                .raw("b", bids.done())
                .raw("a", asks.done())
                .done(),
            out);
  }
  gathered = {};
}

bool SpotServer::is_book_delta(std::string_view frame) const {
  return frame.find(R"("e":"depthUpdate")") != frame.npos;
}

void SpotServer::on_book(const BookChange& change, ServerOutbox& out) {
  Market& market = markets_[change.instrument];
  gather(market.fast, change, fast_suffix, out);
  gather(market.slow, change, slow_suffix, out);
}

void SpotServer::on_trade(const PublicTrade& trade, ServerOutbox& out) {
  const Instrument& i = instrument(trade.instrument);
  const std::string symbol = lower_symbol(i);
  if (anyone_has(symbol + "@trade")) {
    publish(symbol + "@trade",
            JsonObject()
                .text("e", "trade")
                .number("E", now_ms())
                .text("s", i.symbol.view())
                .number("t", trade.id)
                .text("p", price_text(i, trade.price))
                .text("q", quantity_text(i, trade.quantity))
                .number("T", to_ms(trade.time))
                .flag("m", trade.taker_side == Side::Sell)
                .flag("M", true)
                .done(),
            out);
  }
  if (anyone_has(symbol + "@aggTrade")) {
    JsonObject event;
    event.text("e", "aggTrade").number("E", now_ms()).text("s", i.symbol.view());
    publish(symbol + "@aggTrade", aggregate_fields(std::move(event), i, trade).done(), out);
  }
}

void SpotServer::send_tops(ServerOutbox& out) {
  for (const InstrumentId id : exchange_.instruments()) {
    const Instrument& i = instrument(id);
    const std::string stream = lower_symbol(i) + "@bookTicker";
    if (!anyone_has(stream)) continue;
    const BookImage top = exchange_.book(id, 1);
    const Level bid = top.bids.empty() ? Level{} : top.bids.front();
    const Level ask = top.asks.empty() ? Level{} : top.asks.front();
    Market& market = markets_[id];
    if (market.top_update != 0 && bid == market.top_bid && ask == market.top_ask) continue;
    market.top_bid = bid;
    market.top_ask = ask;
    market.top_update = top.last;
    publish(stream,
            JsonObject()
                .number("u", top.last)
                .text("s", i.symbol.view())
                .text("b", price_text(i, bid.price))
                .text("B", quantity_text(i, bid.quantity))
                .text("a", price_text(i, ask.price))
                .text("A", quantity_text(i, ask.quantity))
                .done(),
            out);
  }
}

void SpotServer::end_old_sessions(ServerOutbox& out) {
  for_sessions([&](SessionId id, const Session& session) {
    if (now_ms() - session.opened_ms < connection_life_ms) return;
    sessions_.erase(id);
    out.close(id, 1001, "24 hours are over");
  });
}

void SpotServer::on_tick(ServerOutbox& out) {
  ++ticks_;
  end_old_sessions(out);
  if (say_goodbye_) {
    say_goodbye_ = false;
    const std::string event = JsonObject().text("e", "serverShutdown").number("E", now_ms()).done();
    for_sessions([&](SessionId id, const Session& session) {
      if (session.api) {
        out.send_text(id, JsonObject().raw("event", event).done());
      } else if (session.combined) {
        out.send_text(id, JsonObject().text("stream", "!serverShutdown").raw("data", event).done());
      } else {
        out.send_text(id, event);
      }
      out.close(id, 1001, "maintenance");
    });
    sessions_.clear();
    return;
  }
  for (auto& [id, market] : markets_) {
    send_diff(id, market.fast, fast_suffix, out);
    if (ticks_ % ticks_per_second == 0) send_diff(id, market.slow, slow_suffix, out);
  }
  send_tops(out);
}

// --- WebSocket API ---

void SpotServer::on_api_request(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto answer = [&](std::string_view request_id, const Reply& reply, std::string_view data,
                          const AccountId* account, bool limits) {
    JsonObject text;
    text.raw("id", request_id).number("status", reply.status);
    if (reply.status == 200) {
      text.raw("result", reply.body);
    } else if (data.empty()) {
      text.raw("error", reply.body);
    } else {
      text.raw("error", reply.body.substr(0, reply.body.size() - 1) +
                            ",\"data\":" + std::string(data) + "}");
    }
    if (limits) text.raw("rateLimits", limits_json(account));
    out.send_text(id, text.done());
  };
  object request;
  std::string_view method;
  if (!document_.parse(frame, request) || !get(request, "method", method)) {
    answer("null", error(400, -1100, "Invalid request."), {}, nullptr, true);
    return;
  }
  const std::string request_id = id_json(request);
  if (maintenance_) {
    answer(request_id, error(503, -1000, "The service is under maintenance."), {}, nullptr, true);
    return;
  }
  Parameters parameters;
  std::vector<std::pair<std::string, std::string>> sorted;
  object values;
  if (get(request, "params", values)) {
    for (const auto field : values) {
      std::string name(field.key);
      std::string value = value_text(field.value);
      if (name != "signature") sorted.emplace_back(name, value);
      parameters.add(std::move(name), std::move(value));
    }
  }
  std::ranges::sort(sorted);
  std::string payload;
  for (const auto& [name, value] : sorted) {
    if (!payload.empty()) payload += '&';
    payload += name + '=' + value;
  }
  const std::string* limits_wanted = parameters.find("returnRateLimits");
  const bool limits = limits_wanted == nullptr || *limits_wanted != "false";

  const auto operation = std::ranges::find(operations(), method, &Operation::name);
  const bool to_stream =
      method == "userDataStream.subscribe.signature" || method == "userDataStream.unsubscribe";
  if (operation == operations().end() && !to_stream) {
    answer(request_id, error(400, -1100, "Unknown method."), {}, nullptr, limits);
    return;
  }
  std::int64_t retry_after_ms = 0;
  if (auto refused =
          refuse_for_weight(to_stream ? 2 : weight_of(*operation, parameters), retry_after_ms)) {
    const std::string data =
        JsonObject().number("serverTime", now_ms()).number("retryAfter", retry_after_ms).done();
    answer(request_id, *refused, data, nullptr, limits);
    return;
  }
  AccountId account;
  Reply reply;
  if (to_stream) {
    const auto session = sessions_.find(id);
    if (session == sessions_.end()) return;
    if (method == "userDataStream.unsubscribe") {
      session->second.account = {};
      reply.body = "{}";
    } else {
      reply = subscribe_account(session->second, parameters, payload);
    }
  } else if (operation->is_signed) {
    auto refused = authenticate(parameters.find("apiKey"), parameters, payload, account);
    reply = refused ? std::move(*refused) : run(*operation, {parameters, account});
  } else {
    reply = run(*operation, {parameters, account});
  }
  answer(request_id, reply, {}, reply.order_count ? &account : nullptr, limits);
}

SpotServer::Reply SpotServer::subscribe_account(Session& session, const Parameters& parameters,
                                                std::string_view payload) {
  AccountId account;
  if (auto refused = authenticate(parameters.find("apiKey"), parameters, payload, account)) {
    return std::move(*refused);
  }
  if (session.account == account) return error(400, -2035, "Subscription already active.");
  session.account = account;
  session.subscription = session.next_subscription++;
  return {200, JsonObject().number("subscriptionId", session.subscription).done(), false};
}

// --- the accounts' events ---

void SpotServer::tell_account(AccountId account, std::string_view event, ServerOutbox& out) {
  for_sessions([&](SessionId id, const Session& session) {
    if (!session.api || session.account != account) return;
    out.send_text(
        id, JsonObject().number("subscriptionId", session.subscription).raw("event", event).done());
  });
}

void SpotServer::on_order(const OrderUpdate& update, ServerOutbox& out) {
  const VenueOrder& order = update.order;
  const Instrument& i = instrument(order.instrument);
  const bool cancelled = update.kind == OrderUpdate::Kind::Cancelled;
  const char* execution = "NEW";
  const char* status = status_text(order.state);
  switch (update.kind) {
    case OrderUpdate::Kind::New:
      status = "NEW";
      break;  // the order may have filled already
    case OrderUpdate::Kind::Fill:
      execution = "TRADE";
      break;
    case OrderUpdate::Kind::Amended:
      execution = "REPLACED";
      break;
    case OrderUpdate::Kind::Cancelled:
      execution = "CANCELED";
      break;
    case OrderUpdate::Kind::Expired:
      execution = "EXPIRED";
      break;
  }
  JsonObject event;
  event.text("e", "executionReport")
      .number("E", now_ms())
      .text("s", i.symbol.view())
      .text("c", cancelled ? made_up_client_id() : order.client_order_id)
      .text("S", order.side == Side::Buy ? "BUY" : "SELL")
      .text("o", type_text(order.kind))
      .text("f", time_in_force_text(order.time_in_force))
      .text("q", quantity_text(i, order.quantity))
      .text("p", price_text(i, order.price))
      .text("P", "0.00000000")
      .text("F", "0.00000000")
      .number("g", -1)
      .text("C", cancelled ? std::string_view(order.client_order_id) : std::string_view())
      .text("x", execution)
      .text("X", status)
      .text("r", "NONE")
      .number("i", order.id);
  if (update.fill) {
    const VenueFill& fill = *update.fill;
    const Decimal quote = i.notional(fill.price, fill.quantity);
    event.text("l", quantity_text(i, fill.quantity))
        .text("z", quantity_text(i, order.executed))
        .text("L", price_text(i, fill.price))
        .text("n", amount_text(fill.fee))
        .text("N", asset_name(fill.fee_asset))
        .number("T", to_ms(fill.time))
        .number("t", fill.trade_id)
        .number("I", ++executions_)
        .flag("w", order.live())
        .flag("m", fill.liquidity == Liquidity::Maker)
        .flag("M", true)
        .number("O", to_ms(order.created))
        .text("Z", amount_text(order.quote_executed))
        .text("Y", amount_text(quote));
  } else {
    event.text("l", "0.00000000")
        .text("z", quantity_text(i, order.executed))
        .text("L", "0.00000000")
        .text("n", "0")
        .raw("N", "null")
        .number("T", to_ms(order.updated))
        .number("t", -1)
        .number("I", ++executions_)
        .flag("w", order.live())
        .flag("m", false)
        .flag("M", false)
        .number("O", to_ms(order.created))
        .text("Z", amount_text(order.quote_executed))
        .text("Y", "0.00000000");
  }
  event.text("Q", "0.00000000").number("W", to_ms(order.created)).text("V", "EXPIRE_MAKER");
  if (update.kind == OrderUpdate::Kind::Expired) event.text("eR", expiry_text(order));
  tell_account(order.account, event.done(), out);
}

void SpotServer::on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) {
  const std::string entry = JsonObject()
                                .text("a", asset_name(balance.asset))
                                .text("f", amount_text(balance.total - balance.held))
                                .text("l", amount_text(balance.held))
                                .done();
  tell_account(account,
               JsonObject()
                   .text("e", "outboundAccountPosition")
                   .number("E", now_ms())
                   .number("u", now_ms())
                   .raw("B", JsonList().raw(entry).done())
                   .done(),
               out);
}

}  // namespace ats::venues::binance
