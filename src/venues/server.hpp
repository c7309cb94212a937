// The exchange's side of a venue's protocol: what `ats sim` serves. Bytes in, bytes out, no sockets; the
// matching core behind it is an ExchangeApi, implemented by sim. Authentication, parameter checks, error
// bodies, rate-limit headers, stream envelopes are the Server's; money and matching are the exchange's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/instrument.hpp"
#include "domain/order.hpp"
#include "venues/client.hpp"
#include "venues/http.hpp"

namespace ats::venues {

using AccountId = Id<struct AccountTag, std::uint16_t>;
using SessionId = std::uint64_t;  // one WebSocket connection

enum class OrderKind : std::uint8_t { Limit, Market, LimitMaker };

struct NewOrder {
  AccountId account;
  InstrumentId instrument;
  Side side = Side::Buy;
  OrderKind kind = OrderKind::Limit;
  TimeInForce time_in_force = TimeInForce::Gtc;
  Price price;                  // Limit, LimitMaker
  Quantity quantity;            // zero when quote_amount is used
  Decimal quote_amount;         // market buy by amount
  std::string client_order_id;  // made by the Server when the user sent none
};

enum class VenueOrderState : std::uint8_t { New, PartlyFilled, Filled, Cancelled, Expired };

struct VenueOrder {
  std::uint64_t id = 0;  // rising per exchange; each Server spells it its own way
  AccountId account;
  InstrumentId instrument;
  std::string client_order_id;
  Side side = Side::Buy;
  OrderKind kind = OrderKind::Limit;
  TimeInForce time_in_force = TimeInForce::Gtc;
  Price price;
  Quantity quantity;
  Quantity executed;
  Decimal quote_executed;
  Decimal fee_total;  // in the asset of its fills
  VenueOrderState state = VenueOrderState::New;
  WallTime created;
  WallTime updated;
  WallTime amended;  // last; not told: never
  bool live() const {
    return state == VenueOrderState::New || state == VenueOrderState::PartlyFilled;
  }
};

struct VenueFill {
  std::uint64_t trade_id = 0;  // rising per instrument
  std::uint64_t order_id = 0;
  AccountId account;
  InstrumentId instrument;
  std::string client_order_id;
  Side side = Side::Buy;
  Liquidity liquidity = Liquidity::Taker;
  Price price;
  Quantity quantity;
  Decimal fee;
  AssetId fee_asset;
  WallTime time;
};

struct VenueBalance {
  AssetId asset;
  Decimal total;
  Decimal held;
};

struct PublicTrade {
  InstrumentId instrument;
  std::uint64_t id = 0;
  Side taker_side = Side::Buy;
  Price price;
  Quantity quantity;
  WallTime time;
};

struct BookImage {
  Sequence last = 0;
  std::vector<Level> bids;  // best first
  std::vector<Level> asks;
};

// Absolute quantities of the levels that changed between update ids first..last of this book.
struct BookChange {
  InstrumentId instrument;
  Sequence first = 0;
  Sequence last = 0;
  WallTime time;
  std::vector<Level> bids;
  std::vector<Level> asks;
};

enum class PlaceFault : std::uint8_t {
  UnknownInstrument,
  InstrumentClosed,
  InsufficientFunds,
  PriceFilter,
  PriceBand,  // too far from the last trades
  LotFilter,
  MinQuantity,
  MaxQuantity,
  MinNotional,
  DuplicateClientOrderId,
  WouldTake,
  Injected,
};
enum class CancelFault : std::uint8_t { UnknownOrder, AlreadyOver };
// Why an order stands as it did: there is none any more, or its new terms break a rule.
struct AmendFault {
  std::optional<CancelFault> gone;
  PlaceFault refused = PlaceFault::Injected;  // where it is not gone
};

// By the exchange's id, or by client order id when that is 0.
struct OrderRef {
  std::uint64_t id = 0;
  std::string client_order_id;
};

// What happened to an order of an account, in the order it happened.
struct OrderUpdate {
  enum class Kind : std::uint8_t { New, Fill, Amended, Cancelled, Expired } kind = Kind::New;
  VenueOrder order;               // after the update
  std::optional<VenueFill> fill;  // Kind::Fill
};

// What an account's key may do beside reading and trading.
struct KeyGrants {
  std::string key;
  bool withdraw = false;
  WallTime expires;  // not told: never
};

// Implemented by sim::Exchange. Everything is synchronous; what the account and the public see of it
// reaches Server::on_* (sim decides when, and what gets lost on the way).
class ExchangeApi {
 public:
  virtual ~ExchangeApi() = default;
  virtual const Universe& universe() const = 0;
  virtual VenueId venue() const = 0;
  virtual WallTime wall() const = 0;  // the exchange's own clock
  virtual std::span<const InstrumentId> instruments() const = 0;

  // The account that owns an API key, with its secret; invalid id when there is none.
  virtual AccountId find_key(std::string_view key, std::string& secret) const = 0;
  virtual KeyGrants grants(AccountId account) const = 0;
  virtual Result<VenueOrder, PlaceFault> place(const NewOrder& order) = 0;
  virtual Result<VenueOrder, CancelFault> cancel(AccountId account, const OrderRef& order) = 0;
  // Other terms for an order that rests, under the ids it has; `terms.quantity` is for all of it. At its price and for
  // less it keeps its place in the queue, else it goes to the end. A total that is reached already ends it.
  virtual Result<VenueOrder, AmendFault> amend(AccountId account, const OrderRef& order,
                                               const OrderTerms& terms) = 0;
  virtual const VenueOrder* find_order(AccountId account, const OrderRef& order) const = 0;
  virtual std::vector<VenueOrder> open_orders(AccountId account) const = 0;
  virtual std::vector<VenueOrder> closed_orders(AccountId account,
                                                std::size_t limit) const = 0;  // newest first
  virtual std::vector<VenueFill> fills(AccountId account, std::uint64_t order_id_or_0,
                                       std::size_t limit) const = 0;
  virtual std::vector<VenueBalance> balances(AccountId account) const = 0;
  virtual BookImage book(InstrumentId instrument, std::size_t depth) const = 0;
  virtual std::vector<PublicTrade> trades(InstrumentId instrument,
                                          std::size_t limit) const = 0;  // oldest first
};

// Where a Server puts what must leave.
class ServerOutbox {
 public:
  virtual void send_text(SessionId session, std::string_view frame) = 0;
  virtual void send_binary(SessionId session, std::string_view frame) = 0;
  virtual void close(SessionId session, int code, std::string_view reason) = 0;

 protected:
  ~ServerOutbox() = default;
};

// Faults only the protocol side can show.
enum class ServerFault : std::uint8_t { BadChecksum, Maintenance };

// Answers that say no, or nothing, in the venue's own words; what they are given for is the caller's
// business: with RateLimit and Ban nothing was carried out, with ServerError nobody knows.
enum class Refusal : std::uint8_t { RateLimit, Ban, ServerError };

class Server {
 public:
  virtual ~Server() = default;

  // True when `path` (without query) is one of this venue's WebSocket paths.
  virtual bool accepts(std::string_view path) const = 0;
  // The upgrade request at such a path: the refusal of it, or nothing, and on_open for it follows at once.
  virtual std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request) {
    static_cast<void>(request);
    return std::nullopt;
  }
  virtual void on_open(SessionId session, std::string_view target, ServerOutbox& out) = 0;
  virtual void on_text(SessionId session, std::string_view frame, ServerOutbox& out) = 0;
  virtual void on_close(SessionId session) = 0;
  virtual HttpResponse on_http(const HttpRequest& request) = 0;
  // Whether an HTTP request places or cancels orders, where this is how the venue's clients do it.
  virtual bool is_order(const HttpRequest& request) const {
    static_cast<void>(request);
    return false;
  }

  virtual void on_book(const BookChange& change, ServerOutbox& out) = 0;
  virtual void on_trade(const PublicTrade& trade, ServerOutbox& out) = 0;
  virtual void on_order(const OrderUpdate& update, ServerOutbox& out) = 0;
  virtual void on_balance(AccountId account, const VenueBalance& balance, ServerOutbox& out) = 0;
  // About ten times a second, exchange time: heartbeats, batches that are due, sessions that idle.
  virtual void on_tick(ServerOutbox& out) = 0;
  // Whether a frame that this server sent tells a change of a book: what is lost with it is a gap.
  virtual bool is_book_delta(std::string_view frame) const = 0;
  virtual HttpResponse refuse(Refusal why) const = 0;
  // For a WebSocket frame that places or cancels orders; nothing for any other.
  virtual std::optional<std::string> refuse_order(Refusal why, std::string_view frame) const = 0;
  // Applies to the next message it can apply to (BadChecksum) or until switched off (Maintenance).
  virtual void set_fault(ServerFault fault, bool on) = 0;
};

}  // namespace ats::venues
