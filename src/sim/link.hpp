// One venue as the engine meets it over a network: an Exchange behind two connections with latency, and
// the venue's client as it would behave: it answers with the events the venue's codec would produce.
//
//   market data   Spanning venues: numbered deltas as they happen, snapshot by request.
//                 Venues whose stream brings the snapshot: sent after each (re)subscription; where the
//                 book is cut to a depth, only what a client of that depth must be told, with checksum.
//   trading       orders out, answers back, private stream of orders and balances. Answers and stream
//                 have their own delays and overtake each other, as on real venues; each keeps its order.
//   client        an answer that does not come in time, or is lost with the connection, becomes
//                 OrderUnknown; what cannot leave becomes OrderNotSent, AmendRejected, CancelRejected or
//                 QueryFailed.
//
// Faults are asked for at the place where they show. Everything is drawn from the link's own generator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "domain/action.hpp"
#include "domain/event.hpp"
#include "sim/exchange.hpp"
#include "sim/timeline.hpp"

namespace ats::sim {

// Medians; each single delay is lognormal around it, and one in two hundred takes ten times as long.
struct LinkModel {
  Duration market_data = milliseconds(6);
  Duration request = milliseconds(5);
  Duration answer = milliseconds(6);
  Duration stream = milliseconds(7);
  double sigma = 0.35;
  Duration connect = milliseconds(180);
  Duration answer_timeout = milliseconds(1500);  // the client gives up waiting
  Duration silence_max = seconds(30);            // the client reconnects
  std::uint32_t orders_max = 50;                 // per 10 s: the client's budget
  bool answers_tell_fills = false;               // an order's answer lists its fills (Binance)
  bool stream_tells_held = true;                 // the balance stream tells what is held (Binance)
};

class Link final : public ExchangeListener {
 public:
  Link(const Universe& universe, VenueId venue, const LinkModel& model, Timeline& timeline,
       Rng rng);

  Exchange& exchange() { return exchange_; }
  const Exchange& exchange() const { return exchange_; }
  VenueId venue() const { return exchange_.venue(); }
  AccountId account() const { return account_; }
  bool up(Channel channel) const { return side(channel).up; }

  // The world says what time it is before anything else.
  void set_time(Instant now, WallTime wall);

  // --- what the world makes happen ---
  void connect(Channel channel);  // starts connecting
  void on_connected(Channel channel);
  void drop(Channel channel);  // lost: the client notices at once and connects again
  void tick();                 // heartbeats, watchdogs, answers overdue; then again later
  void inject(const FaultOrder& order);
  void fault_over(FaultKind kind);
  // Somebody else on our account: money comes or goes; or an order that is not ours stands far from the market
  // until the next time, stands at its edge, or takes what is there.
  void stranger_moves_money();
  void stranger_orders();
  // The engine's process dies: nobody is there to notice anything.
  void engine_died();

  // --- the engine's side ---
  // An effect for this venue leaves now.
  void send(const Action& action);
  // A request reaches the venue.
  void arrive(const Request& request);
  // Whether the message may be handed over, or was lost with its connection.
  bool accept(const Message& message);

  // Since when nothing has been wrong here: no fault in force or just shown, both connections up.
  // Instant max when something is wrong now.
  Instant calm_since() const;
  // Orders that left and have not been answered.
  std::size_t unanswered() const { return pending_.size(); }

  void on_book(const venues::BookChange& change) override;
  void on_trade(const venues::PublicTrade& trade) override;
  void on_order(const venues::OrderUpdate& update) override;
  void on_balance(AccountId account, const venues::VenueBalance& balance) override;

 private:
  enum class Path : std::uint8_t { Market, Depth, Answer, Stream };
  struct Connection {
    bool up = false;
    bool connecting = false;
    std::uint32_t epoch = 0;
    Instant up_since;
  };
  struct Pending {
    Asked kind;
    OrderId order;
    Instant overdue;
  };
  // What a client of a cut book has been told last.
  struct View {
    bool subscribed = false;
    Sequence messages = 0;
    std::vector<Level> bids;
    std::vector<Level> asks;
  };

  const BookRules& rules() const { return exchange_.universe().venue(venue()).book; }
  const Connection& side(Channel channel) const {
    return connections_[static_cast<std::size_t>(channel)];
  }
  Connection& side(Channel channel) { return connections_[static_cast<std::size_t>(channel)]; }
  bool strike(FaultKind kind) { return exchange_.faults().strike(kind, now_); }
  bool active(FaultKind kind) const { return exchange_.faults().active(kind, now_); }
  Times times() const { return {exchange_.wall(), {}}; }

  Duration delay(Duration median);
  // When what leaves the venue now on this path arrives. What leaves together arrives together.
  Instant due(Path path);
  // A message for the caller to fill; it is on its way at once.
  Message& post(Channel channel, Instant at);
  // The same, of an answer that comes without a connection.
  Message& post_by_rest(Instant at);
  template <class E>
  void post(Channel channel, Instant at, const E& event);
  template <class E>
  void answer(Asked kind, OrderId order, Instant at, const E& event);
  void request(const Action& action, Channel channel);
  void try_again(Channel channel);  // to connect, after a wait

  void subscribe(InstrumentId instrument);
  void send_image(InstrumentId instrument);
  void read_top(InstrumentId instrument, std::vector<Level>& bids, std::vector<Level>& asks) const;
  std::uint32_t checksum_of(InstrumentId instrument, const View& view);

  // Why a request does not even get as far as the venue's books.
  std::optional<RejectReason> refused_at_the_door();
  void arrive(const Place& place);
  void arrive(const Cancel& cancel);
  void arrive(const Amend& amend);
  void arrive(const QueryOrder& query);
  void arrive(const QueryOpenOrders& query);
  void arrive(const QueryBalances& query);
  void arrive(const RequestSnapshot& request);
  void answer_image(const RequestImage& request, Instant asked);
  void arrive(const Resubscribe& request) { subscribe(request.instrument); }
  void tell_fills(const venues::VenueOrder& order, OrderId id, Instant at);
  OrderFound found(const venues::VenueOrder& order, OrderId id) const;
  Fill fill_of(const venues::VenueFill& fill, OrderId id) const;
  OrderFilled filled(const venues::VenueFill& fill, OrderId id) const;
  ForeignOrder foreign(const venues::VenueOrder& order) const;
  void not_sent(const Action& action);
  bool within_budget();
  void give_up(const Pending& pending, UnknownReason reason);

  Exchange exchange_;
  LinkModel model_;
  Timeline& timeline_;
  Rng rng_;
  Instant now_{};
  AccountId account_;
  Connection connections_[2];
  std::uint32_t life_ = 0;         // of the engine: an answer to an earlier one is nobody's
  Instant last_on_path_[4];        // each path keeps its order
  std::vector<View> views_;        // by instrument id
  View spare_;                     // scratch
  bool hole_ = false;              // a counted message was lost, and nobody has seen it yet
  std::vector<Pending> pending_;   // oldest first
  Instant last_market_message_{};  // sent
  Instant last_market_heard_{};    // received
  Instant last_request_{};
  Instant budget_window_{};
  std::uint32_t budget_used_ = 0;
  std::uint64_t strangers_ = 0;
  std::uint64_t strangers_order_ = 0;
  Instant asked_{};            // when the request at hand left
  bool stream_quiet_ = false;  // while an order is carried out whose fate must stay unknown
};

template <class E>
void Link::post(Channel channel, Instant at, const E& event) {
  post(channel, at).event = event;
}

template <class E>
void Link::answer(Asked kind, OrderId order, Instant at, const E& event) {
  Message& message = post(Channel::Trading, at);
  message.event = event;
  message.answers = kind;
  message.order = order;
}

}  // namespace ats::sim
