// Sessions and what their clients ask for.
#include <algorithm>
#include <array>

#include "venues/kraken/server.hpp"
#include "venues/kraken/server_text.hpp"

namespace ats::venues::kraken {
namespace {

constexpr Duration token_life =
    seconds(900);  // to begin with; then it lasts as long as the session
constexpr Duration heartbeat_every = seconds(1);
constexpr Duration idle_max = seconds(60);
constexpr std::array<std::uint16_t, 5> depths{10, 25, 100, 500, 1000};

}  // namespace

void KrakenServer::on_open(SessionId id, std::string_view, ServerOutbox& out) {
  Session& session = sessions_[id];
  session.last_heard = now();
  send(id, session, status_frame(id), out);
}

void KrakenServer::on_close(SessionId id) {
  sessions_.erase(id);
  forget_views();
}

void KrakenServer::send(SessionId id, Session& session, std::string_view frame, ServerOutbox& out) {
  session.last_sent = now();
  out.send_text(id, frame);
}

void KrakenServer::on_tick(ServerOutbox& out) {
  for (auto& [account, state] : accounts_) {
    if (!state.cancel_at || now() < *state.cancel_at) continue;
    state.cancel_at.reset();
    cancel_all_of(account);
  }
  std::vector<SessionId> idle;
  for (auto& [id, session] : sessions_) {
    if (!status_told_) send(id, session, status_frame(id), out);
    if (session.subscribed()) {
      if (now() - session.last_sent >= heartbeat_every)
        send(id, session, R"({"channel":"heartbeat"})", out);
    } else if (now() - session.last_heard >= idle_max) {
      idle.push_back(id);
    }
  }
  status_told_ = true;
  for (const SessionId id : idle) {
    on_close(id);
    out.close(id, 1000, "idle");
  }
}

void KrakenServer::on_text(SessionId id, std::string_view frame, ServerOutbox& out) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  session.last_heard = now();
  StreamRequest request;
  request.received = now();
  json::object root;
  json::object params;
  std::string_view method;
  std::uint64_t req_id = 0;
  if (!json_.open(frame, root) || !text_field(root, "method", method)) {
    send(id, session, JsonObject().text("error", "Malformed request").flag("success", false).done(),
         out);
    return;
  }
  request.method = method;
  if (integer_field(root, "req_id", req_id)) request.req_id = std::to_string(req_id);
  if (object_field(root, "params", params) && !request.params.read_object(params)) {
    refuse(id, session, request, "EGeneral:Invalid arguments", "", out);
    return;
  }
  if (request.method == "ping") {
    JsonObject pong;
    pong.text("method", "pong");
    if (!request.req_id.empty()) pong.raw("req_id", request.req_id);
    pong.text("time_in", format_rfc3339(request.received)).text("time_out", format_rfc3339(now()));
    send(id, session, pong.done(), out);
  } else if (request.method == "subscribe" || request.method == "unsubscribe") {
    subscribe(id, session, request, request.method == "subscribe", out);
  } else {
    order_request(id, session, request, out);
  }
}

void KrakenServer::answer(SessionId id, Session& session, const StreamRequest& request,
                          const std::string& json, ServerOutbox& out) {
  JsonObject frame;
  frame.text("method", request.method).raw("result", json).flag("success", true);
  frame.text("time_in", format_rfc3339(request.received)).text("time_out", format_rfc3339(now()));
  if (!request.req_id.empty()) frame.raw("req_id", request.req_id);
  send(id, session, frame.done(), out);
}

void KrakenServer::refuse(SessionId id, Session& session, const StreamRequest& request,
                          std::string_view error, std::string_view symbol, ServerOutbox& out) {
  JsonObject frame;
  frame.text("error", error).text("method", request.method);
  if (!request.req_id.empty()) frame.raw("req_id", request.req_id);
  frame.flag("success", false);
  if (!symbol.empty()) frame.text("symbol", symbol);
  frame.text("time_in", format_rfc3339(request.received)).text("time_out", format_rfc3339(now()));
  send(id, session, frame.done(), out);
}

// --- subscriptions ---

void KrakenServer::subscribe(SessionId id, Session& session, const StreamRequest& request, bool on,
                             ServerOutbox& out) {
  const std::string_view channel = request.params.get("channel");
  if (channel == "executions" || channel == "balances") {
    subscribe_account(id, session, request, on, out);
  } else if (channel == "book" || channel == "trade") {
    const auto symbols = split(request.params.get("symbol"));
    if (symbols.empty()) refuse(id, session, request, "Symbol(s) not found", "", out);
    for (const std::string_view symbol : symbols)
      subscribe_symbol(id, session, request, symbol, on, out);
  } else {
    refuse(id, session, request, "Unsupported channel", "", out);
  }
}

void KrakenServer::subscribe_symbol(SessionId id, Session& session, const StreamRequest& request,
                                    std::string_view symbol, bool on, ServerOutbox& out) {
  const InstrumentId instrument_id = find_symbol(symbol);
  if (!instrument_id.valid()) {
    refuse(id, session, request, std::string("Currency pair not supported ").append(symbol), symbol,
           out);
    return;
  }
  const bool is_book = request.params.get("channel") == "book";
  JsonObject answered;
  answered.text("channel", is_book ? "book" : "trade");
  BookSubscription book{instrument_id, depths.front()};
  if (is_book) {
    const std::string_view depth = request.params.get("depth");
    if (!depth.empty() && (!integer_text(depth, book.depth) ||
                           std::find(depths.begin(), depths.end(), book.depth) == depths.end())) {
      refuse(id, session, request, "Subscription depth not supported", "", out);
      return;
    }
    answered.number("depth", book.depth);
  }
  const auto change = [on](auto& list, const auto& entry) {
    const auto at = std::find(list.begin(), list.end(), entry);
    if (on == (at != list.end())) return false;
    if (on)
      list.push_back(entry);
    else
      list.erase(at);
    return true;
  };
  const bool changed =
      is_book ? change(session.books, book) : change(session.trades, instrument_id);
  if (!changed) {
    refuse(id, session, request, on ? "Already subscribed" : "Subscription Not Found", symbol, out);
    return;
  }
  const std::string_view wanted = request.params.get("snapshot");
  const bool snapshot = is_book ? wanted != "false" : wanted == "true";
  if (on) answered.flag("snapshot", snapshot);
  answered.text("symbol", symbol);
  answer(id, session, request, answered.done(), out);
  if (!on) {
    forget_views();
  } else if (is_book) {
    send_snapshot(id, session, book, out);
  } else if (snapshot) {
    send_trades(id, session, instrument_id, out);
  }
}

AccountId KrakenServer::account_of(const Session& session, std::string_view token) const {
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return {};
  const AccountId account = found->second.account;
  if (now() - found->second.issued <= token_life) return account;
  const bool stands = (session.executions && session.executions->account == account) ||
                      (session.balances && session.balances->account == account);
  return stands ? account : AccountId{};
}

void KrakenServer::subscribe_account(SessionId id, Session& session, const StreamRequest& request,
                                     bool on, ServerOutbox& out) {
  const AccountId account = account_of(session, request.params.get("token"));
  if (!account.valid()) {
    refuse(id, session, request, "ESession:Invalid session", "", out);
    return;
  }
  const bool executions = request.params.get("channel") == "executions";
  auto& feed = executions ? session.executions : session.balances;
  if (on == feed.has_value()) {
    refuse(id, session, request, on ? "Already subscribed" : "Subscription Not Found", "", out);
    return;
  }
  JsonObject answered;
  answered.text("channel", executions ? "executions" : "balances");
  if (!on) {
    feed.reset();
    answer(id, session, request, answered.done(), out);
    return;
  }
  feed = AccountFeed{account, 0};
  const bool orders = request.params.get("snap_orders") != "false";
  const bool fills = request.params.get("snap_trades") == "true";
  if (executions) answered.number("maxratecount", engine_counter().limit() / 1'000);
  answered.flag("snapshot", true);
  answer(id, session, request, answered.done(), out);
  if (executions)
    send_executions_snapshot(id, session, orders, fills, out);
  else if (request.params.get("snapshot") != "false")
    send_balances_snapshot(id, session, out);
}

// --- orders ---

void KrakenServer::order_request(SessionId id, Session& session, const StreamRequest& request,
                                 ServerOutbox& out) {
  const bool add = request.method == "add_order";
  const bool one = request.method == "cancel_order";
  const bool amend = request.method == "amend_order";
  const bool later = request.method == "cancel_all_orders_after";
  if (!add && !one && !amend && !later && request.method != "cancel_all") {
    refuse(id, session, request, "Unsupported method", "", out);
    return;
  }
  const AccountId account = account_of(session, request.params.get("token"));
  if (!account.valid()) {
    refuse(id, session, request, "ESession:Invalid session", "", out);
  } else if (add) {
    add_order_request(id, session, request, account, out);
  } else if (one) {
    cancel_request(id, session, request, account, out);
  } else if (amend) {
    amend_request(id, session, request, account, out);
  } else if (maintenance_) {
    refuse(id, session, request, "EService:Unavailable", "", out);
  } else if (later) {
    cancel_all_later(id, session, request, account, out);
  } else {
    const std::size_t count = cancel_all_of(account).size();
    answer(id, session, request, JsonObject().number("count", count).done(), out);
  }
}

// A timeout of zero disarms.
void KrakenServer::cancel_all_later(SessionId id, Session& session, const StreamRequest& request,
                                    AccountId account, ServerOutbox& out) {
  constexpr std::int64_t most = 86'400;
  const auto timeout = parse_scaled(request.params.get("timeout"), 0);
  if (!timeout || *timeout < 0 || *timeout > most) {
    refuse(id, session, request, "EGeneral:Invalid arguments:timeout", "", out);
    return;
  }
  auto& cancel_at = accounts_[account].cancel_at;
  cancel_at.reset();
  if (*timeout != 0) cancel_at = now() + seconds(*timeout);
  answer(id, session, request,
         JsonObject()
             .text("currentTime", format_rfc3339(now()))
             .text("triggerTime", cancel_at ? format_rfc3339(*cancel_at) : "0")
             .done(),
         out);
}

void KrakenServer::add_order_request(SessionId id, Session& session, const StreamRequest& request,
                                     AccountId account, ServerOutbox& out) {
  static constexpr std::array<std::string_view, 19> known{
      "order_type",       "side",           "order_qty",   "symbol",       "limit_price",
      "limit_price_type", "time_in_force",  "cl_ord_id",   "post_only",    "token",
      "cash_order_qty",   "fee_preference", "stp_type",    "deadline",     "validate",
      "order_userref",    "margin",         "reduce_only", "sender_sub_id"};
  const std::string_view beyond = request.params.first_beyond(known);
  if (!beyond.empty()) {
    refuse(id, session, request,
           std::string("Unsupported field: '")
               .append(beyond)
               .append("' for the given msg type: add order"),
           "", out);
    return;
  }
  NewOrder order;
  order.account = account;
  order.instrument = find_symbol(request.params.get("symbol"));
  if (!order.instrument.valid()) {
    refuse(id, session, request, "EQuery:Unknown asset pair", "", out);
    return;
  }
  OrderWords words;
  words.type = request.params.get("order_type");
  words.side = request.params.get("side");
  words.quantity = request.params.get("order_qty");
  words.price = request.params.get("limit_price");
  words.time_in_force = request.params.get("time_in_force");
  words.client_id = request.params.get("cl_ord_id");
  words.quote_amount = request.params.get("cash_order_qty");
  words.post_only = request.params.get("post_only") == "true";
  std::string_view wrong = read_order(words, order);
  if (request.params.get("margin") == "true") wrong = "EGeneral:Invalid arguments:margin";
  if (!wrong.empty()) {
    refuse(id, session, request, wrong, "", out);
    return;
  }
  JsonObject answered;
  if (request.params.get("validate") != "true") {
    const auto placed = place(order);
    if (!placed) {
      refuse(id, session, request, placed.error(), "", out);
      return;
    }
    answered.text("order_id", order_text(placed->id));
  }
  if (!words.client_id.empty()) answered.text("cl_ord_id", words.client_id);
  answer(id, session, request, answered.done(), out);
}

void KrakenServer::amend_request(SessionId id, Session& session, const StreamRequest& request,
                                 AccountId account, ServerOutbox& out) {
  const Fields& given = request.params;
  static constexpr std::array<std::string_view, 10> known{
      "order_id",  "cl_ord_id", "order_qty", "limit_price", "limit_price_type",
      "post_only", "token",     "deadline",  "symbol",      "display_qty"};
  const std::string_view beyond = given.first_beyond(known);
  if (!beyond.empty()) {
    refuse(id, session, request,
           std::string("Unsupported field: '")
               .append(beyond)
               .append("' for the given msg type: amend order"),
           "", out);
    return;
  }
  OrderRef ref;
  const bool by_us = given.get("order_id").empty();
  if (by_us)
    ref.client_order_id = given.get("cl_ord_id");
  else
    ref.id = parse_order_text(given.get("order_id")).value_or(0);
  if (ref.id == 0 && ref.client_order_id.empty()) {
    refuse(id, session, request,
           by_us ? "EGeneral:Invalid arguments:order_id" : "EOrder:Unknown order", "", out);
    return;
  }
  const auto amended = this->amend(
      account, ref,
      {given.get("order_qty"), given.get("limit_price"), given.get("post_only") == "true"});
  if (!amended) {
    refuse(id, session, request, amended.error(), "", out);
    return;
  }
  JsonObject answered;
  answered.text("amend_id", amend_text(++serial_));
  if (by_us)
    answered.text("cl_ord_id", ref.client_order_id);
  else
    answered.text("order_id", order_text(ref.id));
  answer(id, session, request, answered.done(), out);
}

// One answer per order.
void KrakenServer::cancel_request(SessionId id, Session& session, const StreamRequest& request,
                                  AccountId account, ServerOutbox& out) {
  bool named = false;
  for (const bool by_us : {false, true}) {
    for (const std::string_view text :
         split(request.params.get(by_us ? "cl_ord_id" : "order_id"))) {
      named = true;
      OrderRef ref;
      if (by_us)
        ref.client_order_id = text;
      else
        ref.id = parse_order_text(text).value_or(0);
      const auto cancelled =
          by_us || ref.id != 0
              ? cancel(account, ref)
              : Result<VenueOrder, std::string>(fail(std::string("EOrder:Unknown order")));
      if (!cancelled) {
        refuse(id, session, request, cancelled.error(), "", out);
        continue;
      }
      JsonObject answered;
      answered.text("order_id", order_text(cancelled->id));
      if (by_us) answered.text("cl_ord_id", text);
      answer(id, session, request, answered.done(), out);
    }
  }
  if (!named) refuse(id, session, request, "EGeneral:Invalid arguments:order_id", "", out);
}

}  // namespace ats::venues::kraken
