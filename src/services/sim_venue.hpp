// One simulated exchange behind sockets: sim::Exchange for the money, venues::Server for the protocol,
// io::HttpServer for the bytes, and the faults that show on the way between them.
//
// Order of things: a request is answered first, what it did to orders, balances and books is told on the
// streams after that. Each fault acts where it would in life: see sim/faults.hpp for who applies what.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "base/rng.hpp"
#include "io/reactor.hpp"
#include "io/server.hpp"
#include "sim/exchange.hpp"
#include "venues/server.hpp"

namespace ats::services {

class SimVenueServer final : private io::ServerHandler,
                             private sim::ExchangeListener,
                             private venues::ServerOutbox {
 public:
  SimVenueServer(io::Reactor& reactor, const Universe& universe, VenueId venue, Rng rng);
  ~SimVenueServer() override;

  std::optional<io::ListenError> listen(std::uint16_t port);
  void open_account(std::string key, std::string secret);
  // What the account's key may do beside trading, and until when it is one.
  void set_grants(bool withdraw, WallTime expires);
  void deposit(AssetId asset, Decimal amount);
  void set_time(Instant now, WallTime wall);
  // Tells the streams what has happened since the last time.
  void deliver();
  void inject(const sim::FaultOrder& order);

  std::string name() const;
  std::uint16_t port() const { return http_->port(); }
  sim::Exchange& exchange() { return exchange_; }
  nlohmann::json state() const;

 private:
  class Door;  // what the Server takes for the exchange: orders pass it, and faults act on them

  struct BalanceNews {
    sim::AccountId account;
    venues::VenueBalance balance;
  };
  using News =
      std::variant<venues::BookChange, venues::PublicTrade, venues::OrderUpdate, BalanceNews>;
  enum class Telling : std::uint8_t { Answers, Book, Stream };

  void on_request(const HttpRequest& request, io::Responder responder) override;
  std::optional<HttpResponse> on_upgrade(const HttpRequest& request) override;
  void on_open(io::SessionId session, std::string_view target) override;
  void on_message(io::SessionId session, io::Opcode kind, std::string_view payload,
                  Instant received) override;
  void on_close(io::SessionId session, const io::WsClosed& closed) override;

  void on_book(const venues::BookChange& change) override { news_.emplace_back(change); }
  void on_trade(const venues::PublicTrade& trade) override { news_.emplace_back(trade); }
  void on_order(const venues::OrderUpdate& update) override;
  void on_balance(sim::AccountId account, const venues::VenueBalance& balance) override {
    news_.emplace_back(BalanceNews{account, balance});
  }

  void send_text(venues::SessionId session, std::string_view frame) override {
    send(session, io::Opcode::Text, frame);
  }
  void send_binary(venues::SessionId session, std::string_view frame) override {
    send(session, io::Opcode::Binary, frame);
  }
  void send(venues::SessionId session, io::Opcode kind, std::string_view frame);
  void close(venues::SessionId session, int code, std::string_view reason) override;

  // The door that market data goes out of. At most venues orders come in by the same.
  bool is_market(std::string_view target) const;
  bool strike(sim::FaultKind kind) { return exchange_.faults().strike(kind, exchange_.now()); }
  bool active(sim::FaultKind kind) const {
    return exchange_.faults().active(kind, exchange_.now());
  }
  // Why a request is refused at the door, if it is.
  std::optional<venues::Refusal> refused(bool question);
  void refresh_faults();
  void tell(const News& news);
  void tick();
  // Whatever answers do later waits this long.
  Duration answer_delay();

  io::Reactor& reactor_;
  sim::Exchange exchange_;
  std::unique_ptr<Door> door_;
  std::unique_ptr<venues::Server> server_;
  std::unique_ptr<io::HttpServer> http_;
  sim::AccountId account_;
  std::string market_path_;
  bool market_alone_ = false;       // no order comes in by that path
  std::set<io::SessionId> market_;  // sessions on it
  Rng rng_;
  std::deque<News> news_;
  Telling telling_ = Telling::Answers;
  bool swallow_answer_ = false;  // of the request being handled
  bool placing_unheard_ = false;
  std::set<std::uint64_t> unheard_;  // orders whose fate must stay unknown to the streams
  io::TimerId tick_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace ats::services
