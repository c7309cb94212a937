// The client's side of a venue's protocol: bytes to events, orders to signed bytes. No sockets, no
// clock: io's connection driver (or a test, or a fuzzer) feeds frames and responses with their time and
// sends what comes out. One folder a venue implements Client, MarketDecoder, Discovery and Server and
// is named once in registry.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "domain/instrument.hpp"
#include "security/key_rights.hpp"
#include "security/secret.hpp"
#include "venues/http.hpp"

namespace ats::venues {

struct Now {
  Instant instant;
  WallTime wall;
};

// What became of a frame. Refused frames are counted by reason and never change a book silently: where
// the frame could have been book data a BookFault was raised.
enum class FrameOutcome : std::uint8_t {
  Decoded,        // gave at least one event, or was a control message understood
  Ignored,        // a known kind we do not use (kline, ticker, …)
  Malformed,      // not JSON, or a known kind with fields missing or of the wrong type
  UnknownKind,    // well-formed, of no kind we know
  UnknownSymbol,  // a known kind for an instrument that is not in the universe
  NumberFault,    // overflow or off the grid
  OtherProtocol,  // a version or product of this venue that we do not speak (Bitfinex v1)
};
constexpr std::size_t frame_outcome_count = 7;
const char* name(FrameOutcome outcome);

// Market data only: what live decoding, `ats decode`, `ats scan` and the fuzzers share. Keeps scratch
// space, allocates nothing per frame once warm. Raises BookFault itself where a frame is refused.
class MarketDecoder {
 public:
  virtual ~MarketDecoder() = default;
  // One WebSocket message. Bytes past frame.end() are never read.
  virtual FrameOutcome on_frame(std::string_view frame, Instant recv, EventSink& sink) = 0;
  // Body of the venue's REST depth answer for this instrument.
  virtual FrameOutcome on_depth_body(InstrumentId instrument, std::string_view body, Instant recv,
                                     EventSink& sink) = 0;
};

// Learns instruments from recorded frames that come without metadata: symbols and the number of
// decimals their prices and quantities need. For scanning recordings only, never for trading.
class Discovery {
 public:
  virtual ~Discovery() = default;
  virtual void on_frame(std::string_view frame) = 0;
  virtual void on_depth_body(std::string_view symbol, std::string_view body) = 0;
  // A recorded metadata answer (exchangeInfo, AssetPairs), where there is one: wins over guesses.
  virtual void on_metadata_body(std::string_view body) = 0;
  // May be called again after more was seen: the same instruments keep their ids.
  virtual void finish(VenueId venue, Universe& universe) = 0;
};

struct Credentials {
  std::string key;
  security::SecretText secret;
  bool present() const { return !key.empty(); }
};

// Identifies a REST request to the client that made it.
using RestTag = std::uint64_t;

// Where a client puts what must leave. Called synchronously; the views need not outlive the call.
class Outbox {
 public:
  virtual void send_text(Channel channel, std::string_view frame) = 0;
  virtual void send_rest(RestTag tag, const HttpRequest& request, Duration timeout) = 0;
  // Drop the connection and connect anew (protocol broken, token refused …).
  virtual void reconnect(Channel channel, std::string_view why) = 0;

 protected:
  ~Outbox() = default;
};

enum class SendOutcome : std::uint8_t {
  Sent,          // bytes were handed to the outbox
  NotConnected,  // the channel is down: nothing left
  RateLimited,   // no budget: nothing left
  Invalid,       // cannot be expressed in the venue's protocol
};
const char* name(SendOutcome outcome);

struct ClientSetup {
  VenueId venue;
  const Universe* universe = nullptr;     // outlives the client
  std::vector<InstrumentId> instruments;  // what to subscribe to
  Credentials credentials;                // absent: market data only
  std::string market_path;                // path the market WebSocket was opened at
  // The venue is to cancel every order of the account when it hears no more of us, where it offers that
  // (Bitfinex: when the connection is lost; Kraken: a minute later).
  bool cancel_on_death = true;
  // Where orders can be given by two ways: the one to take. None: whichever answers sooner.
  std::optional<OrderRoute> order_route = {};
  // It is there to cancel: an open order is told as soon as it is listed, and what it has filled is not asked for.
  bool cancel_only = false;
};

struct ClientCounters {
  std::array<std::uint64_t, frame_outcome_count> frames{};  // by FrameOutcome
  std::uint64_t rest_answers = 0, rest_errors = 0, orders_sent = 0, rate_limited = 0;
  std::uint64_t rate_used = 0, rate_limit = 0;  // of the tightest budget at last count
};

// Not thread-safe; one thread drives one client.
class Client {
 public:
  virtual ~Client() = default;

  // What the opening handshake of this channel must carry beside its own headers: a signed token, where the
  // venue wants to know who comes before the door is open.
  virtual std::vector<HttpHeader> handshake_headers(Channel channel, const Now& now) {
    static_cast<void>(channel);
    static_cast<void>(now);
    return {};
  }
  virtual void on_open(Channel channel, const Now& now, EventSink& sink, Outbox& outbox) = 0;
  // Requests in flight on the channel become OrderUnknown{ConnectionLost}.
  virtual void on_close(Channel channel, const Now& now, EventSink& sink) = 0;
  virtual FrameOutcome on_text(Channel channel, std::string_view frame, const Now& now,
                               EventSink& sink, Outbox& outbox) = 0;
  virtual void on_response(RestTag tag, const HttpResponse& response, const Now& now,
                           EventSink& sink, Outbox& outbox) = 0;
  virtual void on_rest_failed(RestTag tag, TransportError error, const Now& now, EventSink& sink,
                              Outbox& outbox) = 0;
  // Several times a second: answers overdue, tokens to renew, pings, budgets.
  virtual void on_timer(const Now& now, EventSink& sink, Outbox& outbox) = 0;

  // MarketData: subscriptions are on their way. Trading: orders may leave, and what becomes of them is heard.
  virtual bool ready(Channel channel) const = 0;

  // The connection is about to be closed in order, with nothing of ours open: what waits for our silence at the
  // venue is called off.
  virtual void on_settled(const Now& now, Outbox& outbox) {
    static_cast<void>(now);
    static_cast<void>(outbox);
  }

  // The core's effects. Anything but Sent means certainly nothing left.
  virtual SendOutcome place(const OrderRequest& order, const Now& now, Outbox& outbox) = 0;
  // The way that the last order took.
  virtual OrderRoute route() const = 0;
  virtual SendOutcome cancel(const Cancel& cancel, const Now& now, Outbox& outbox) = 0;
  // Ends in exactly one of OrderAmended, AmendRejected, OrderUnknown and the order's end. Not asked of venues whose
  // Protocol::amends is Nothing.
  virtual SendOutcome amend(const Amend& amend, const Now& now, Outbox& outbox) {
    static_cast<void>(amend);
    static_cast<void>(now);
    static_cast<void>(outbox);
    return SendOutcome::Invalid;
  }
  virtual SendOutcome query_order(const QueryOrder& query, const Now& now, Outbox& outbox) = 0;
  virtual SendOutcome query_open_orders(const Now& now, Outbox& outbox) = 0;
  virtual SendOutcome query_balances(const Now& now, Outbox& outbox) = 0;
  virtual SendOutcome request_snapshot(InstrumentId instrument, const Now& now, Outbox& outbox) = 0;
  virtual SendOutcome resubscribe(InstrumentId instrument, const Now& now, Outbox& outbox) = 0;

  virtual const ClientCounters& counters() const = 0;
};

struct ChannelPolicy {
  // Silence longer than this on a channel means it is dead, and the driver reconnects.
  Duration silence_max = seconds(30);
  Duration ping_every = seconds(15);  // WebSocket ping frames from us; 0 = none
  // The venue ends a connection when it is this old; 0 = it does not. Market data: another takes over before.
  Duration life = {};
  // Instruments that one connection may carry, by the venue's limits on subscriptions; 0 = any number.
  std::size_t instruments_max = 0;
  // The venue sends no heartbeats of its own while nothing happens: its pings, and its pongs to ours, stand for
  // them. Where it does send some they prove more, and nothing else counts.
  bool pongs_are_heartbeats = false;
};

struct VenueUrls {
  std::string rest;     // "https://api.binance.com"
  std::string market;   // "wss://stream.binance.com:9443/stream"
  std::string trading;  // "wss://ws-api.binance.com:443/ws-api/v3"
  // Hosts that serve the same, tried in turn when one does not.
  std::vector<std::string> other_rest = {};
  std::vector<std::string> other_market = {};
  std::vector<std::string> other_trading = {};
};

struct WantedPair {
  std::string base;  // our names: BTC, USDT
  std::string quote;
};

enum class MetadataError : std::uint8_t { Malformed, PairNotListed, Unsupported };
const char* name(MetadataError error);

// Why a question about an API key brought no answer.
enum class KeyFault : std::uint8_t {
  Rejected,        // the venue does not know the key, or the secret is another's
  Expired,         // it has been valid, and is no more
  AddressRefused,  // it may be used from other network addresses only
  ClockSkew,       // our clock and the venue's differ, or somebody else uses the key at this moment
  RateLimited,     // ask later
  Unavailable,     // maintenance, or a fault of theirs
  NotOffered,      // nothing at that address answers the question
  Malformed,       // an answer that makes no sense
};
const char* name(KeyFault fault);

class Server;
class ExchangeApi;

// One row of the registry: everything the rest of the system knows of a venue.
struct Protocol {
  std::string_view name;
  VenueUrls urls;  // the live ones
  BookRules rules;
  ChannelPolicy market_policy;
  ChannelPolicy trading_policy;
  // Requests whose answers, in the same order, read_metadata turns into instruments of the universe.
  std::vector<HttpRequest> (*metadata_requests)(std::span<const WantedPair> pairs);
  Status<MetadataError> (*read_metadata)(std::span<const HttpResponse> answers,
                                         std::span<const WantedPair> pairs, VenueId venue,
                                         Universe& universe);
  // Where the venue gives a book by REST, best levels first, in the form that on_depth_body reads; for
  // comparing only, so a hundred levels do. Null: it gives none.
  HttpRequest (*depth_request)(const Instrument& instrument) = nullptr;
  std::unique_ptr<MarketDecoder> (*make_decoder)(VenueId venue, const Universe& universe);
  std::unique_ptr<Discovery> (*make_discovery)();
  std::unique_ptr<Client> (*make_client)(const ClientSetup& setup);  // null: market data only
  std::unique_ptr<Server> (*make_server)(ExchangeApi& exchange);     // null: not simulated
  // How this venue would list the pair when it trades near that price: symbols, scales, tick and ladder,
  // lot, minima, an active trader's fees; nothing when it has no market in that quote. Ids are the
  // caller's. Null: not simulated.
  std::optional<Instrument> (*simulated_listing)(std::string_view base, std::string_view quote,
                                                 Decimal price);
  // Key and secret of a simulated account in the form this venue gives them, from 64 hex digits of
  // seeded randomness. Null: not simulated.
  Credentials (*simulated_credentials)(std::string_view seed);
  // Questions that tell what the key may do, and change nothing; read_key_rights reads their answers, in the same
  // order. What the venue does not say stays Unknown. Null: not of this venue.
  std::vector<HttpRequest> (*key_requests)(const Credentials& credentials,
                                           const Now& now) = nullptr;
  Result<security::KeyRights, KeyFault> (*read_key_rights)(std::span<const HttpResponse> answers,
                                                           std::string_view key) = nullptr;
  // What of an order that stands our client can have changed; docs/venues says what the venue offers.
  AmendRule amends = AmendRule::Nothing;
};

// How many digits a price has in front of the point: 5 for 61700, 0 for 0.61, -2 for 0.00107.
int integer_digits(Decimal price);

// All venues, in the order of the registry's one list.
std::span<const Protocol* const> protocols();
const Protocol* find_protocol(std::string_view name);
// Sets the BookRules of every venue of the universe from its protocol (after reading a journal).
// False when a venue is not in the registry.
bool bind_rules(Universe& universe);

}  // namespace ats::venues
