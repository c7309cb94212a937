// Receiving over WebSocket: what a frame costs the reader, in bursts and alone, plain and over TLS, and how
// long an order and its answer take. One thread plays both ends, so no figure holds a wake-up: what is
// timed begins when the bytes lie in the socket and ends when the last message has been handed over.
#include <optional>
#include <string>
#include <vector>

#include "harness.hpp"
#include "io/reactor.hpp"
#include "io/tls.hpp"
#include "io/websocket.hpp"
#include "raw_sender.hpp"
#include "websocket_reader.hpp"

namespace ats::bench {

namespace {

class OurReader final : public WebSocketReader, private io::WsListener {
 public:
  OurReader(std::uint16_t port, const std::string& ca_file) {
    io::WsClientOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    if (!ca_file.empty()) {
      tls_.emplace(io::TlsContext::client(ca_file).value());
      options.tls = &*tls_;
    }
    io::WsListener& listener = *this;
    client_.emplace(reactor_, listener, std::move(options));
    client_->connect();
  }
  void poll() override { reactor_.poll({}); }
  bool open() const override { return client_->is_open(); }
  void send(std::string_view text) override { client_->send_text(text); }

 private:
  void on_message(io::Opcode, std::string_view payload, Instant) override { take(payload); }
  void on_closed(const io::WsClosed&) override {}

  io::Reactor reactor_;
  std::optional<io::TlsContext> tls_;
  std::optional<io::WebSocketClient> client_;
};

using Make = std::unique_ptr<WebSocketReader> (*)(std::uint16_t, const std::string&);

std::unique_ptr<WebSocketReader> make_our_reader(std::uint16_t port, const std::string& ca_file) {
  return std::make_unique<OurReader>(port, ca_file);
}

// Like a venue's book message: what lies in it is no part of the transport.
std::string payload_of(std::size_t size) {
  std::string text = R"({"e":"depthUpdate","E":1700000000000,"s":"BTCUSDT","b":[)";
  while (text.size() < size) text += R"(["43210.50","0.12300000"],)";
  text.resize(size);
  return text;
}

constexpr std::size_t frame_bytes = 600;
constexpr std::size_t warm_up = 200;

// Both ends of one connection.
struct Line {
  std::optional<BenchCertificate> certificate;
  std::optional<RawSender> sender;
  std::unique_ptr<WebSocketReader> reader;

  Line(Make make, bool tls) {
    if (tls) certificate.emplace();
    sender.emplace(certificate ? &*certificate : nullptr);
    reader = make(sender->port(), certificate ? certificate->certificate_file() : std::string());
    sender->open(*reader);
  }
};

// ns of the reader's time a frame: the median burst.
Outcome receive(Make make, bool tls, std::size_t burst, std::size_t bursts) {
  Line line(make, tls);
  std::string wire;
  for (std::size_t i = 0; i < burst; ++i) wire += server_frame(payload_of(frame_bytes - i));
  std::vector<double> spent;
  std::uint64_t expected = line.reader->messages();
  for (std::size_t i = 0; i < bursts + warm_up; ++i) {
    line.sender->send(wire);
    expected += burst;
    const std::int64_t from = now_ns();
    while (line.reader->messages() < expected) line.reader->poll();
    const std::int64_t to = now_ns();
    if (i >= warm_up) spent.push_back(static_cast<double>(to - from) / static_cast<double>(burst));
  }
  return {{percentile(spent, 0.5)}, line.reader->digest()};
}

// ns from the call that sends an order to the answer's being handed over, the other end's work included.
Outcome round_trip(Make make, bool tls, std::size_t trips) {
  Line line(make, tls);
  const std::string order = payload_of(250);
  const std::string answer = server_frame(payload_of(200));
  std::vector<double> spent;
  std::uint64_t expected = line.reader->messages();
  for (std::size_t i = 0; i < trips + warm_up; ++i) {
    ++expected;
    const std::int64_t from = now_ns();
    line.reader->send(order);
    std::size_t got = 0;
    while (got < order.size()) {
      line.reader->poll();
      got += line.sender->receive();
    }
    line.sender->send(answer);
    while (line.reader->messages() < expected) line.reader->poll();
    const std::int64_t to = now_ns();
    if (i >= warm_up) spent.push_back(static_cast<double>(to - from));
  }
  return {{percentile(spent, 0.5)}, line.reader->digest()};
}

void run(Session& session) {
  const auto compare_receive = [&](const char* name, const char* baseline, bool tls,
                                   std::size_t burst, const Metric& metric) {
    const std::size_t bursts = burst == 1 ? 8000 : 2000;
    session.compare({.name = name,
                     .baseline_name = baseline,
                     .baseline = [=] { return receive(make_beast_reader, tls, burst, bursts); },
                     .ours = [=] { return receive(make_our_reader, tls, burst, bursts); },
                     .metrics = {metric}});
  };
  compare_receive("receive plain, bursts of 16 x 600 B", "Beast coroutine", false, 16,
                  {.unit = "ns/frame", .goal_id = "7", .goal = at_least(6, 5)});
  compare_receive("receive plain, lone frames of 600 B", "Beast coroutine", false, 1,
                  {.unit = "ns/frame", .goal_id = "7", .goal = at_least(0.9)});
  compare_receive("receive TLS, a record of 16 x 600 B", "Beast coroutine, OpenSSL", true, 16,
                  {.unit = "ns/frame", .goal_id = "7b", .goal = at_least(3, 2.3)});
  compare_receive("receive TLS, lone frames of 600 B", "Beast coroutine, OpenSSL", true, 1,
                  {.unit = "ns/frame", .goal_id = "7b", .goal = at_least(0.85)});
  session.compare(
      {.name = "order and answer over TLS, one thread",
       .baseline_name = "Beast coroutine, OpenSSL",
       .baseline = [] { return round_trip(make_beast_reader, true, 5000); },
       .ours = [] { return round_trip(make_our_reader, true, 5000); },
       .metrics = {{.name = "p50", .unit = "ns", .goal_id = "7c", .goal = at_least(1.2, 1.1)}}});
}

const Register registered{"websocket", run};

}  // namespace

}  // namespace ats::bench
