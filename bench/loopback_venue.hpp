// A simulated venue on loopback as bare sockets in the caller's thread: the exchange's own protocol and
// matching (venues::Server, sim::Exchange), no event loop. What it has to do between two measurements it
// does in serve(); what is measured is a send and a receive and nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "io/http_parse.hpp"
#include "io/net_queue.hpp"
#include "io/tls.hpp"
#include "io/websocket_frame.hpp"
#include "raw_sender.hpp"
#include "sim/exchange.hpp"
#include "venues/client.hpp"
#include "venues/server.hpp"

namespace ats::bench {

class LoopbackVenue final : private venues::ServerOutbox, private sim::ExchangeListener {
 public:
  // `certificate`: everything goes over TLS, in its name; null: plain.
  LoopbackVenue(const Universe& universe, VenueId venue, const BenchCertificate* certificate);
  ~LoopbackVenue();
  LoopbackVenue(const LoopbackVenue&) = delete;
  LoopbackVenue& operator=(const LoopbackVenue&) = delete;

  VenueId venue() const { return exchange_.venue(); }
  venues::VenueUrls urls() const;
  const venues::Credentials& credentials() const { return credentials_; }
  sim::Exchange& exchange() { return exchange_; }

  // Accepts, reads, answers and tells until nothing more is there. True: something was.
  bool serve();
  // Publishes what the house has changed in the book of `instrument`, and sends it.
  void tell_book(InstrumentId instrument);
  // While held, what goes over other sockets than the market's waits; then it leaves at once.
  void hold_private(bool hold);
  // Like tell_book(), but gives the bytes of the one WebSocket frame instead of sending it.
  std::string book_frame(InstrumentId instrument);

  // Sends the client's market stream bytes as they are.
  void send_market(std::string_view bytes) { send_all(*market_, bytes); }
  // Reads of the client's orders what is there now, for serve() to work on later: bytes read.
  std::size_t take_order() { return receive(*trading_); }

 private:
  struct Connection {
    explicit Connection(int socket)
        : fd(socket), requests({}), reader(io::WsRole::Server, 1 << 20) {}
    int fd;
    std::optional<io::TlsSession> tls;  // above it
    bool secured = false;               // the handshake is over
    io::ByteQueue in{64 * 1024};
    io::HttpRequestReader requests;
    bool in_request = false;
    io::FrameReader reader;
    bool websocket = false;
    venues::SessionId session = 0;
  };
  using News = std::variant<venues::BookChange, venues::PublicTrade, venues::OrderUpdate,
                            std::pair<sim::AccountId, venues::VenueBalance>>;

  void send_text(venues::SessionId session, std::string_view frame) override {
    send(session, io::Opcode::Text, frame);
  }
  void send_binary(venues::SessionId session, std::string_view frame) override {
    send(session, io::Opcode::Binary, frame);
  }
  void send(venues::SessionId session, io::Opcode kind, std::string_view frame);
  void close(venues::SessionId session, int code, std::string_view reason) override;
  void on_book(const venues::BookChange& change) override { news_.emplace_back(change); }
  void on_trade(const venues::PublicTrade& trade) override { news_.emplace_back(trade); }
  void on_order(const venues::OrderUpdate& update) override { news_.emplace_back(update); }
  void on_balance(sim::AccountId account, const venues::VenueBalance& balance) override {
    news_.emplace_back(std::pair{account, balance});
  }

  void set_time();
  bool accept_all();
  bool read(Connection& connection);
  void work(Connection& connection);
  void answer(Connection& connection, const HttpRequest& request, bool upgrade);
  void tell_news();
  static std::size_t receive(Connection& connection);
  static void send_all(Connection& connection, std::string_view bytes);

  sim::Exchange exchange_;
  const venues::Protocol& protocol_;
  std::unique_ptr<venues::Server> server_;
  venues::Credentials credentials_;
  std::optional<io::TlsContext> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  Connection* market_ = nullptr;  // once they are open
  Connection* trading_ = nullptr;
  std::deque<News> news_;
  bool keeping_ = false;  // market frames are kept instead of sent
  std::string kept_;
  bool holding_ = false;
  std::vector<std::pair<Connection*, std::string>> held_;
};

}  // namespace ats::bench
