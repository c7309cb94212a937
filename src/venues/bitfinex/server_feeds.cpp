// What the exchange tells: books, prints, the news of an account.
#include <algorithm>
#include <utility>

#include "base/crc32.hpp"
#include "venues/bitfinex/checksum.hpp"
#include "venues/bitfinex/names.hpp"
#include "venues/bitfinex/requests.hpp"
#include "venues/bitfinex/server.hpp"
#include "venues/bitfinex/server_text.hpp"
#include "venues/json_write.hpp"

namespace ats::venues::bitfinex {
namespace {

constexpr std::size_t whole_book = 1'000;  // levels that a coarse view is made of

// Levels that one view has and the other has not, or has otherwise.
struct Difference {
  std::vector<Level> gone;
  std::vector<Level> set;
};
Difference difference(const std::vector<Level>& before, const std::vector<Level>& after) {
  const auto find = [](const std::vector<Level>& levels, Price price) {
    return std::find_if(levels.begin(), levels.end(),
                        [price](const Level& level) { return level.price == price; });
  };
  Difference found;
  for (const Level& level : before) {
    if (find(after, level.price) == after.end()) found.gone.push_back(level);
  }
  for (const Level& level : after) {
    const auto known = find(before, level.price);
    if (known == before.end() || known->quantity != level.quantity) found.set.push_back(level);
  }
  return found;
}

// Levels at prices of fewer digits: bids downwards, asks upwards.
std::vector<Level> coarse(const Instrument& on, const std::vector<Level>& levels, int digits,
                          bool ask, std::size_t length) {
  std::vector<Level> out;
  for (const Level& level : levels) {
    const Decimal cut = cut_price(on.price_decimal(level.price), digits, ask);
    const auto units = cut.to_scaled_floor(on.price_scale);
    if (!units || *units <= 0) continue;
    if (!out.empty() && out.back().price.units == *units) {
      out.back().quantity += level.quantity;
      continue;
    }
    if (out.size() == length) break;
    out.push_back({{*units}, level.quantity});
  }
  return out;
}

// The id of the one order that stands for a level in a raw book.
std::uint64_t raw_id(const Level& level, bool ask) {
  constexpr std::uint64_t first = 1'000'000'000'000;
  return first + 2 * static_cast<std::uint64_t>(level.price.units) + (ask ? 1 : 0);
}

}  // namespace

// --- books ---

BitfinexServer::View BitfinexServer::look(const Topic& topic) const {
  const bool exact = topic.precision == 0 || topic.precision == raw_precision;
  BookImage image = exchange_.book(topic.instrument, exact ? topic.length : whole_book);
  if (exact) return {std::move(image.bids), std::move(image.asks)};
  constexpr int finest = 5;
  const Instrument& on = instrument(topic.instrument);
  const int digits = finest - topic.precision;
  return {coarse(on, image.bids, digits, false, topic.length),
          coarse(on, image.asks, digits, true, topic.length)};
}

// [PRICE,COUNT,AMOUNT], or [ORDER_ID,PRICE,AMOUNT] of a raw book. How many orders stand at a price the
// exchange does not tell: one.
std::string BitfinexServer::entry(const Topic& topic, const Level& level, bool ask,
                                  bool gone) const {
  const Instrument& on = instrument(topic.instrument);
  const std::string amount =
      gone ? std::string(ask ? "-1" : "1") : amount_text(on, level.quantity, ask);
  if (topic.precision == raw_precision) {
    return "[" + std::to_string(raw_id(level, ask)) + "," +
           (gone ? std::string("0") : price_text(on, level.price)) + "," + amount + "]";
  }
  return "[" + price_text(on, level.price) + (gone ? ",0," : ",1,") + amount + "]";
}

std::uint32_t BitfinexServer::checksum(const Topic& topic, const View& view) const {
  const Instrument& on = instrument(topic.instrument);
  if (topic.precision != raw_precision)
    return book_checksum({view.bids, view.asks, on.price_scale, on.qty_scale});
  std::string text;
  const auto append = [&](const std::vector<Level>& levels, std::size_t i, bool ask) {
    if (i >= levels.size()) return;
    if (!text.empty()) text += ':';
    text += std::to_string(raw_id(levels[i], ask));
    text.append(":").append(amount_text(on, levels[i].quantity, ask));
  };
  for (std::size_t i = 0; i < checksum_levels; ++i) {
    append(view.bids, i, false);
    append(view.asks, i, true);
  }
  return crc32(text);
}

void BitfinexServer::send_snapshot(SessionId id, Session& session, std::uint64_t channel,
                                   const Topic& topic, ServerOutbox& out) {
  const std::string head = "[" + std::to_string(channel) + ",";
  const Instrument& on = instrument(topic.instrument);
  if (topic.kind == Kind::Ticker) {
    send_data(id, session, head + "[" + ticker_fields(on) + "]", out);
    return;
  }
  JsonList rows;
  if (topic.kind == Kind::Trades) {
    constexpr std::size_t last = 30;
    std::vector<PublicTrade> prints = exchange_.trades(on.id, last);
    std::sort(prints.begin(), prints.end(),
              [](const PublicTrade& a, const PublicTrade& b) { return a.id > b.id; });
    for (const PublicTrade& print : prints) rows.raw(print_row(on, print));
  } else {
    // All subscribers of one book have been told the same, so a newcomer starts from that too.
    auto found = views_.find(topic);
    if (found == views_.end()) found = views_.emplace(topic, look(topic)).first;
    for (const Level& level : found->second.bids) rows.raw(entry(topic, level, false, false));
    for (const Level& level : found->second.asks) rows.raw(entry(topic, level, true, false));
  }
  send_data(id, session, head + rows.done(), out);
}

void BitfinexServer::on_book(const BookChange& change, ServerOutbox& out) {
  for (auto& [viewed, view] : views_) {
    const auto& topic = viewed;  // a binding cannot be captured
    if (topic.instrument != change.instrument) continue;
    View after = look(topic);
    const Difference bids = difference(view.bids, after.bids);
    const Difference asks = difference(view.asks, after.asks);
    view = std::move(after);
    // What goes, before what comes: no side is ever longer than its length.
    std::vector<std::string> entries;
    for (const Level& level : bids.gone) entries.push_back(entry(topic, level, false, true));
    for (const Level& level : asks.gone) entries.push_back(entry(topic, level, true, true));
    for (const Level& level : bids.set) entries.push_back(entry(topic, level, false, false));
    for (const Level& level : asks.set) entries.push_back(entry(topic, level, true, false));
    if (entries.empty()) continue;
    const auto right = static_cast<std::int32_t>(checksum(topic, view));
    bool told_wrong = false;
    for (auto& [id, session] : sessions_) {
      const auto channel =
          std::find_if(session.channels.begin(), session.channels.end(),
                       [&topic](const auto& known) { return known.second == topic; });
      if (channel == session.channels.end()) continue;
      const std::string head = "[" + std::to_string(channel->first) + ",";
      for (const std::string& text : entries) send_data(id, session, head + text, out);
      if ((session.flags & flags::book_checksum) == 0) continue;
      std::int32_t told = right;
      if (bad_checksum_) {
        told ^= 1;
        told_wrong = true;
      }
      send_data(id, session, head + R"("cs",)" + std::to_string(told), out);
    }
    if (told_wrong) bad_checksum_ = false;
  }
  // The ticker follows the best prices.
  for (auto& [id, session] : sessions_) {
    for (const auto& [channel, topic] : session.channels) {
      if (topic.kind != Kind::Ticker || topic.instrument != change.instrument) continue;
      const std::string fields = ticker_fields(instrument(topic.instrument));
      send_data(id, session, "[" + std::to_string(channel) + ",[" + fields + "]", out);
    }
  }
}

// [200000,[68922,1,0.5],…]: one entry. A list of entries is the snapshot.
bool BitfinexServer::is_book_delta(std::string_view frame) const {
  const std::size_t comma = frame.find(',');
  if (!frame.starts_with('[') || comma == std::string_view::npos) return false;
  const std::string_view data = frame.substr(comma + 1);
  std::uint64_t channel = 0;
  if (!data.starts_with('[') || data.starts_with("[[") || data.starts_with("[]") ||
      !integer_text(frame.substr(1, comma - 1), channel))
    return false;
  return std::any_of(channel_ids_.begin(), channel_ids_.end(), [channel](const auto& known) {
    return known.second == channel && known.first.kind == Kind::Book;
  });
}

void BitfinexServer::forget_views() {
  std::erase_if(views_, [this](const auto& view) {
    return std::none_of(sessions_.begin(), sessions_.end(), [&view](const auto& session) {
      return std::any_of(session.second.channels.begin(), session.second.channels.end(),
                         [&view](const auto& channel) { return channel.second == view.first; });
    });
  });
}

// --- prints ---

void BitfinexServer::on_trade(const PublicTrade& trade, ServerOutbox& out) {
  const std::string row = print_row(instrument(trade.instrument), trade);
  for (auto& [id, session] : sessions_) {
    for (const auto& [channel, topic] : session.channels) {
      if (topic.kind != Kind::Trades || topic.instrument != trade.instrument) continue;
      const std::string head = "[" + std::to_string(channel);
      send_data(id, session, head + R"(,"te",)" + row, out);
      send_data(id, session, head + R"(,"tu",)" + row, out);
    }
  }
}

// --- the account ---

void BitfinexServer::tell_account(AccountId account, std::string_view code, std::string_view data,
                                  ServerOutbox& out) {
  for (auto& [id, session] : sessions_) {
    if (session.account == account) send_account(id, session, code, data, out);
  }
}

void BitfinexServer::tell_ghosts(ServerOutbox& out) {
  for (const VenueOrder& ghost : std::exchange(untold_ghosts_, {}))
    tell_account(ghost.account, "oc", order_row(ghost), out);
}

void BitfinexServer::on_order(const OrderUpdate& update, ServerOutbox& out) {
  const VenueOrder& order = update.order;
  const bool rests = order.kind != OrderKind::Market && order.time_in_force == TimeInForce::Gtc;
  switch (update.kind) {
    case OrderUpdate::Kind::New:
      // What cannot rest is first heard of as it ends.
      if (rests) tell_account(order.account, "on", order_row(order), out);
      break;
    case OrderUpdate::Kind::Fill:
      if (!update.fill) return;
      tell_account(order.account, "te", fill_row(*update.fill, false), out);
      if (order.state == VenueOrderState::Filled)
        tell_account(order.account, "oc", order_row(order), out);
      else if (rests)
        tell_account(order.account, "ou", order_row(order), out);
      tell_account(order.account, "tu", fill_row(*update.fill, true), out);
      break;
    case OrderUpdate::Kind::Amended:
      tell_account(order.account, "ou", order_row(order), out);
      break;
    case OrderUpdate::Kind::Cancelled:
    case OrderUpdate::Kind::Expired:
      tell_account(order.account, "oc", order_row(order), out);
      break;
  }
}

void BitfinexServer::on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) {
  const std::string row = JsonList()
                              .text("exchange")
                              .text(asset_code(asset(balance.asset)))
                              .raw(balance.total.to_string())
                              .raw("0")
                              .raw((balance.total - balance.held).to_string())
                              .raw("null")
                              .raw("null")
                              .done();
  tell_account(account, "wu", row, out);
}

}  // namespace ats::venues::bitfinex
