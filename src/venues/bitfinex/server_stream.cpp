// Sessions and what their clients ask for.
#include <algorithm>

#include "security/signing.hpp"
#include "venues/bitfinex/requests.hpp"
#include "venues/bitfinex/row.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr Duration heartbeat_every = seconds(15);
constexpr std::size_t channels_max = 25;
constexpr std::uint64_t first_channel = 200'000;

std::string error_event(std::int64_t code, std::string_view text) {
  return JsonObject().text("event", "error").text("msg", text).number("code", code).done();
}

std::string info_event(int code, std::string_view text) {
  return JsonObject().text("event", "info").number("code", code).text("msg", text).done();
}

// What a data frame begins with.
std::string head_of(std::uint64_t channel, std::string_view data) {
  return std::string("[").append(std::to_string(channel)).append(",").append(data);
}

}  // namespace

void BitfinexServer::send_event(SessionId id, std::string_view event, ServerOutbox& out) {
  out.send_text(id, event);
}

void BitfinexServer::send_data(SessionId id, Session& session, std::string_view data,
                               ServerOutbox& out) {
  std::string frame(data);
  if ((session.flags & flags::sequence) != 0)
    frame.append(",").append(std::to_string(++session.sequence));
  if ((session.flags & flags::timestamp) != 0) frame.append(",").append(std::to_string(now_ms()));
  out.send_text(id, frame.append("]"));
}

void BitfinexServer::send_account(SessionId id, Session& session, std::string_view code,
                                  std::string_view data, ServerOutbox& out) {
  std::string frame = R"([0,")";
  frame.append(code).append(R"(",)").append(data);
  if ((session.flags & flags::sequence) != 0) {
    frame.append(",").append(std::to_string(++session.sequence));
    frame.append(",").append(std::to_string(++session.account_sequence));
  }
  if ((session.flags & flags::timestamp) != 0) frame.append(",").append(std::to_string(now_ms()));
  out.send_text(id, frame.append("]"));
}

// [MTS,TYPE,MESSAGE_ID,null,DATA,CODE,STATUS,TEXT]. Those that say no are not numbered.
void BitfinexServer::send_notification(SessionId id, Session& session, std::string_view type,
                                       std::string_view data, const std::optional<Fault>& fault,
                                       std::string_view text, ServerOutbox& out) {
  JsonList row;
  row.raw(std::to_string(now_ms())).text(type).raw("null").raw("null").raw(data);
  if (!fault) {
    send_account(id, session, "n", row.raw("null").text("SUCCESS").text(text).done(), out);
    return;
  }
  row.raw(fault->code == 0 ? "null" : std::to_string(fault->code));
  row.text("ERROR").text(fault->text);
  out.send_text(id, R"([0,"n",)" + row.done() + "]");
}

std::string BitfinexServer::hello() const {
  return JsonObject()
      .text("event", "info")
      .number("version", 2)
      .text("serverId", "083bd8d4-aca7-4690-a573-eabfc8103de8")
      .raw("platform", JsonObject().number("status", maintenance_ ? 0 : 1).done())
      .done();
}

void BitfinexServer::on_open(SessionId id, std::string_view, ServerOutbox& out) {
  Session& session = sessions_[id];
  session.beaten = now();
  send_event(id, hello(), out);
}

void BitfinexServer::on_close(SessionId id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const Session session = std::move(found->second);
  sessions_.erase(found);
  forget_views();
  if (!session.dead_man || !session.account.valid()) return;
  for (const VenueOrder& order : exchange_.open_orders(session.account))
    static_cast<void>(exchange_.cancel(session.account, {order.id, {}}));
}

void BitfinexServer::on_tick(ServerOutbox& out) {
  tell_ghosts(out);
  const bool changed = maintenance_ != maintenance_told_;
  maintenance_told_ = maintenance_;
  for (auto& [id, session] : sessions_) {
    if (changed && maintenance_) send_event(id, info_event(20060, "maintenance begins"), out);
    if (changed && !maintenance_) {
      session.channels.clear();  // everything is to be subscribed to anew
      send_event(id, info_event(20061, "maintenance ended"), out);
    }
    if (now() - session.beaten < heartbeat_every) continue;
    session.beaten = now();
    for (const auto& [channel, topic] : session.channels)
      send_data(id, session, head_of(channel, R"("hb")"), out);
    if (session.account.valid()) send_data(id, session, R"([0,"hb")", out);
  }
  if (changed) forget_views();
}

void BitfinexServer::on_text(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  json::object root;
  std::string_view event;
  if (!json_.open(frame)) return send_event(id, error_event(10000, "json: invalid"), out);
  if (Row row; row.split(frame)) return on_request(id, session, frame, out);
  if (json_.document().get_object().get(root) != simdjson::SUCCESS ||
      !text_field(root, "event", event))
    return send_event(id, error_event(10000, "event: invalid"), out);
  if (event == "ping") {
    JsonObject pong;
    pong.text("event", "pong").number("ts", now_ms());
    std::uint64_t cid = 0;
    if (integer_field(root, "cid", cid)) pong.number("cid", cid);
    send_event(id, pong.done(), out);
  } else if (event == "conf") {
    std::uint64_t wanted = 0;
    if (!integer_field(root, "flags", wanted)) {
      send_event(id, error_event(10050, "conf: invalid"), out);
      return;
    }
    session.flags = wanted;
    send_event(
        id, JsonObject().text("event", "conf").text("status", "OK").number("flags", wanted).done(),
        out);
  } else if (event == "subscribe") {
    subscribe(id, session, root, out);
  } else if (event == "unsubscribe") {
    unsubscribe(id, session, root, out);
  } else if (event == "auth") {
    authenticate(id, session, root, out);
  } else {
    send_event(id, error_event(10000, "event: unknown"), out);
  }
}

// --- subscriptions ---

void BitfinexServer::subscribe(SessionId id, Session& session, json::object& request,
                               ServerOutbox& out) {
  std::string_view text;
  const std::string channel(text_field(request, "channel", text) ? text : "");
  const std::string symbol(text_field(request, "symbol", text) ? text : "");
  const std::string sub_id(number_field(request, "subId", text) ? text : "");
  const auto refuse_it = [&](int code, std::string_view why) {
    JsonObject event;
    event.text("event", "error").text("msg", why).number("code", code);
    event.text("channel", channel).text("symbol", symbol);
    if (!sub_id.empty()) event.raw("subId", sub_id);
    send_event(id, event.done(), out);
  };
  Topic topic;
  if (channel == "trades")
    topic.kind = Kind::Trades;
  else if (channel == "ticker")
    topic.kind = Kind::Ticker;
  else if (channel != "book")
    return refuse_it(10302, "channel: unknown");
  topic.instrument = find_symbol(symbol);
  if (!topic.instrument.valid()) return refuse_it(10300, "symbol: invalid");
  JsonObject event;
  event.text("event", "subscribed").text("channel", channel);
  std::string precision = "P0";
  std::string length = "25";
  std::string frequency = "F0";
  if (topic.kind == Kind::Book) {
    if (text_field(request, "prec", text)) precision = text;
    if (text_field(request, "freq", text)) frequency = text;
    if (number_field(request, "len", text)) length = text;
    const std::optional<int> told = precision_of(precision);
    if (!told) return refuse_it(10011, "prec: invalid");
    topic.precision = *told;
    if (!integer_text(length, topic.length) ||
        (length != "1" && length != "25" && length != "100" && length != "250"))
      return refuse_it(10012, "len: invalid");
  }
  for (const auto& [known, other] : session.channels) {
    if (other == topic) return refuse_it(10301, "subscribe: dup");
  }
  if (session.channels.size() >= channels_max) return refuse_it(10305, "subscribe: limit");
  const std::uint64_t number =
      channel_ids_.try_emplace(topic, first_channel + channel_ids_.size()).first->second;
  session.channels[number] = topic;
  event.number("chanId", number).text("symbol", symbol);
  if (topic.kind == Kind::Book)
    event.text("prec", precision).text("freq", frequency).text("len", length);
  if (!sub_id.empty()) event.raw("subId", sub_id);
  send_event(id, event.text("pair", symbol.substr(1)).done(), out);
  send_snapshot(id, session, number, topic, out);
}

void BitfinexServer::unsubscribe(SessionId id, Session& session, json::object& request,
                                 ServerOutbox& out) {
  std::uint64_t channel = 0;
  if (!integer_field(request, "chanId", channel) || session.channels.erase(channel) == 0) {
    send_event(id, error_event(10401, "unsubscribe: invalid"), out);
    return;
  }
  forget_views();
  send_event(id,
             JsonObject()
                 .text("event", "unsubscribed")
                 .text("status", "OK")
                 .number("chanId", channel)
                 .done(),
             out);
}

void BitfinexServer::authenticate(SessionId id, Session& session, json::object& request,
                                  ServerOutbox& out) {
  std::string_view text;
  const std::string key(text_field(request, "apiKey", text) ? text : "");
  const std::string nonce(number_field(request, "authNonce", text) ? text : "");
  const std::string payload(text_field(request, "authPayload", text) ? text : "");
  const std::string signature(text_field(request, "authSig", text) ? text : "");
  std::uint64_t dead_man = 0;
  if (!integer_field(request, "dms", dead_man)) dead_man = 0;
  Fault fault;
  AccountId account;
  if (session.account.valid())
    fault = {10100, "auth: dup"};
  else if (payload != "AUTH" + nonce)
    fault = {10111, "auth: payload invalid"};
  else
    account = check_signature(key, nonce, payload, signature, fault);
  JsonObject event;
  event.text("event", "auth");
  if (!account.valid()) {
    event.text("status", "FAILED").number("chanId", 0).number("code", fault.code);
    send_event(id, event.text("msg", fault.text).done(), out);
    return;
  }
  session.account = account;
  session.dead_man = dead_man == 4;
  event.text("status", "OK").number("chanId", 0).number("userId", account.value + 1);
  event.text("auth_id", "00000000-0000-0000-0000-000000000000");
  event.raw("caps", R"({"orders":{"read":1,"write":1},"wallets":{"read":1,"write":0}})");
  send_event(id, event.done(), out);
  JsonList orders;
  for (const VenueOrder& order : exchange_.open_orders(account)) orders.raw(order_row(order));
  send_account(id, session, "ps", "[]", out);
  send_account(id, session, "ws", wallets(account), out);
  send_account(id, session, "os", orders.done(), out);
}

// --- requests on channel 0 ---

void BitfinexServer::on_request(SessionId id, Session& session, std::string_view frame,
                                ServerOutbox& out) {
  Row row;
  std::uint64_t channel = 0;
  if (!row.split(frame) || !row.integer(0, channel) || channel != 0)
    return send_event(id, error_event(10000, "channel: invalid"), out);
  if (!session.account.valid()) return send_event(id, error_event(10200, "auth: required"), out);
  const std::string_view code = row.text(1);
  if (code == "calc") return;  // wallets are told anyway
  Json json;
  json::object body;
  if ((code != "on" && code != "ou" && code != "oc") || !json.open(row[3], body)) {
    send_notification(id, session, std::string(code).append("-req"), "null",
                      Fault{10020, "request: invalid"}, "", out);
    return;
  }
  if (code == "on")
    place_request(id, session, body, out);
  else if (code == "ou")
    amend_request(id, session, body, out);
  else
    cancel_request(id, session, body, out);
}

void BitfinexServer::place_request(SessionId id, Session& session, json::object& body,
                                   ServerOutbox& out) {
  OrderWords words;
  const bool read = read_words(body, words);
  const auto placed = read ? place(session.account, words)
                           : Result<VenueOrder, Fault>(fail(Fault{10020, "order: invalid"}));
  if (!placed) {
    const auto number = [](std::uint64_t n) { return n == 0 ? "null" : std::to_string(n); };
    const std::string data = JsonList()
                                 .raw("null")
                                 .raw(number(words.group))
                                 .raw(number(words.client_id))
                                 .text(words.symbol)
                                 .raw("null")
                                 .raw("null")
                                 .raw("null")
                                 .raw("null")
                                 .text(words.type)
                                 .done();
    send_notification(id, session, "on-req", data, placed.error(), "", out);
    return;
  }
  const std::string text = "Submitting " + std::string(words.type) + " order for " + words.amount +
                           " " + words.symbol + ".";
  const bool lives = placed->id < first_ghost_id - first_order_id;
  VenueOrder submitted = *placed;  // as it came in: nothing has happened to it yet
  if (lives) {
    submitted.state = VenueOrderState::New;
    submitted.executed = {};
    submitted.quote_executed = {};
  }
  send_notification(id, session, "on-req", order_row(submitted), std::nullopt, text, out);
  tell_ghosts(out);
}

void BitfinexServer::amend_request(SessionId id, Session& session, json::object& body,
                                   ServerOutbox& out) {
  AmendWords words;
  const bool read = read_amend(body, words);
  const auto amended = read ? amend(session.account, words)
                            : Result<VenueOrder, Fault>(fail(Fault{10020, "id: invalid"}));
  if (!amended) {
    const std::string named = words.id == 0 ? "null" : std::to_string(words.id);
    const std::string data = JsonList().raw(named).raw("null").raw("null").raw("null").done();
    send_notification(id, session, "ou-req", data, amended.error(), "", out);
    return;
  }
  send_notification(id, session, "ou-req", order_row(*amended), std::nullopt, "Submitting update.",
                    out);
}

void BitfinexServer::cancel_request(SessionId id, Session& session, json::object& body,
                                    ServerOutbox& out) {
  OrderName name;
  if (!read_name(body, name) || name.all) {
    send_notification(id, session, "oc-req", "null", Fault{10020, "id: invalid"}, "", out);
    return;
  }
  const auto number = [](std::uint64_t n) { return n == 0 ? "null" : std::to_string(n); };
  const std::string data =
      JsonList().raw(number(name.id)).raw("null").raw(number(name.client_id)).raw("null").done();
  const VenueOrder* const order = maintenance_ ? nullptr : find_live(session.account, name);
  if (order == nullptr) {
    send_notification(id, session, "oc-req", data, Fault{0, "Order not found."}, "", out);
    return;
  }
  const std::string text = "Submitted for cancellation; waiting for confirmation (ID: " +
                           std::to_string(told_order_id(order->id)) + ").";
  send_notification(id, session, "oc-req", data, std::nullopt, text, out);
  static_cast<void>(cancel(session.account, name));
}

}  // namespace ats::venues::bitfinex
