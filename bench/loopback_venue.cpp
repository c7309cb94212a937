#include "loopback_venue.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "harness.hpp"
#include "io/clock.hpp"
#include "io/websocket.hpp"
#include "loopback_socket.hpp"

namespace ats::bench {

namespace {

// 96 characters: base64 for those that decode it, text for the others.
constexpr const char* secret =
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0jNhqPtmdSJYdKjVHjA7PZj4Mge3R5YN"
    "iP";

std::string_view path_of(std::string_view url) {
  const std::size_t at = url.find('/', url.find("://") + 3);
  return at == url.npos ? "/" : url.substr(at);
}

}  // namespace

LoopbackVenue::LoopbackVenue(const Universe& universe, VenueId venue,
                             const BenchCertificate* certificate)
    : exchange_(universe, venue, *this),
      protocol_(*venues::find_protocol(universe.venue(venue).name.view())),
      server_(protocol_.make_server(exchange_)),
      credentials_{"bench-key", secret} {
  if (certificate != nullptr) {
    tls_.emplace(
        io::TlsContext::server(certificate->certificate_file(), certificate->key_file()).value());
  }
  set_time();
  const sim::AccountId account =
      exchange_.open_account(credentials_.key, std::string(credentials_.secret.reveal()));
  for (std::size_t n = 0; n < universe.assets().size(); ++n) {
    const AssetId asset{static_cast<AssetId::rep>(n)};
    const bool base = universe.asset(asset).name == "BTC";
    exchange_.deposit(account, asset, Decimal::from_int(base ? 100 : 10'000'000));
  }
  listener_ = listen_on_loopback(port_);
}

LoopbackVenue::~LoopbackVenue() {
  for (const auto& connection : connections_) ::close(connection->fd);
  ::close(listener_);
}

venues::VenueUrls LoopbackVenue::urls() const {
  const auto here = [&](const char* scheme, std::string_view live) {
    const std::string_view path = path_of(live);
    return std::string(scheme) + (tls_ ? "s" : "") + "://127.0.0.1:" + std::to_string(port_) +
           (path == "/" ? "" : std::string(path));
  };
  return {here("http", protocol_.urls.rest), here("ws", protocol_.urls.market),
          here("ws", protocol_.urls.trading)};
}

void LoopbackVenue::set_time() { exchange_.set_time(io::OsClock::now(), io::OsClock::wall()); }

bool LoopbackVenue::serve() {
  set_time();
  bool any = accept_all();
  for (std::size_t n = 0; n < connections_.size(); ++n) any = read(*connections_[n]) || any;
  server_->on_tick(*this);
  tell_news();
  return any;
}

bool LoopbackVenue::accept_all() {
  bool any = false;
  for (int fd = -1; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0; any = true) {
    send_at_once(fd);
    connections_.push_back(std::make_unique<Connection>(fd));
    if (tls_) connections_.back()->tls.emplace(*tls_, fd, std::string());
    connections_.back()->session = connections_.size();
  }
  return any;
}

std::size_t LoopbackVenue::receive(Connection& connection) {
  constexpr std::size_t room = 16 * 1024;
  char* to = connection.in.prepare(room);
  std::size_t taken = 0;
  if (connection.tls) {
    if (!connection.secured) {
      connection.secured = connection.tls->handshake() == io::TlsStep::Done;
      if (!connection.secured) return 0;
    }
    if (connection.tls->read(to, room, taken) != io::TlsStep::Done) return 0;
  } else {
    const auto got = ::recv(connection.fd, to, room, MSG_DONTWAIT);
    if (got <= 0) return 0;
    taken = static_cast<std::size_t>(got);
  }
  connection.in.commit(taken);
  return taken;
}

void LoopbackVenue::send_all(Connection& connection, std::string_view bytes) {
  if (!connection.tls) return bench::send_all(connection.fd, bytes);
  while (!bytes.empty()) {
    std::size_t taken = 0;
    const io::TlsStep step = connection.tls->write(bytes.data(), bytes.size(), taken);
    if (step != io::TlsStep::Done && step != io::TlsStep::WantWrite) die("loopback: cannot send");
    bytes.remove_prefix(taken);
  }
}

bool LoopbackVenue::read(Connection& connection) {
  while (receive(connection) != 0) continue;
  const bool any = !connection.in.empty();
  if (any) work(connection);
  return any;
}

void LoopbackVenue::work(Connection& connection) {
  while (!connection.websocket && !connection.in.empty()) {
    if (!std::exchange(connection.in_request, true)) connection.requests.begin();
    const io::HttpProgress progress = connection.requests.read(connection.in.view());
    connection.in.consume(progress.consumed);
    if (progress.step == io::HttpStep::NeedMore) return;
    if (progress.step != io::HttpStep::Done) die("loopback: not an HTTP request");
    connection.in_request = false;
    const bool upgrade = connection.requests.upgrade();
    answer(connection, connection.requests.take(), upgrade);
  }
  while (connection.websocket) {
    const io::FrameReader::Step step = connection.reader.next(connection.in.bytes());
    if (step == io::FrameReader::Step::Failed) die("loopback: not a WebSocket frame");
    if (step == io::FrameReader::Step::Message) {
      const io::WsMessage& message = connection.reader.message();
      if (message.opcode == io::Opcode::Text) {
        server_->on_text(connection.session, message.payload, *this);
        tell_news();
      }
    }
    connection.in.consume(connection.reader.consumed());
    if (step == io::FrameReader::Step::NeedMore) return;
  }
}

void LoopbackVenue::answer(Connection& connection, const HttpRequest& request, bool upgrade) {
  io::ByteQueue out(64 * 1024);
  std::optional<io::DeflateAgreement> agreed;
  const HttpResponse response =
      upgrade ? io::websocket_upgrade_answer(request, {}, agreed) : server_->on_http(request);
  io::append_response(out, response, false, true);
  send_all(connection, out.view());
  if (upgrade) {
    connection.websocket = true;
    // Where both streams have one path, the market's is opened first.
    const std::string_view path =
        std::string_view(request.target).substr(0, request.target.find('?'));
    const bool market = path == path_of(protocol_.urls.market) && market_ == nullptr;
    (market ? market_ : trading_) = &connection;
    server_->on_open(connection.session, request.target, *this);
  }
  tell_news();
}

void LoopbackVenue::tell_news() {
  while (!news_.empty()) {
    const News next = std::move(news_.front());
    news_.pop_front();
    if (const auto* change = std::get_if<venues::BookChange>(&next)) {
      server_->on_book(*change, *this);
    } else if (const auto* trade = std::get_if<venues::PublicTrade>(&next)) {
      server_->on_trade(*trade, *this);
    } else if (const auto* update = std::get_if<venues::OrderUpdate>(&next)) {
      server_->on_order(*update, *this);
    } else {
      const auto& [account, balance] = std::get<3>(next);
      server_->on_balance(account, balance, *this);
    }
  }
}

void LoopbackVenue::send(venues::SessionId session, io::Opcode kind, std::string_view frame) {
  Connection& to = *connections_[session - 1];
  std::string bytes(io::frame_size(frame.size(), false), '\0');
  io::write_frame(bytes.data(), kind, frame, nullptr);
  if (keeping_ && &to == market_ && server_->is_book_delta(frame)) {
    kept_ += bytes;
  } else if (holding_ && &to != market_) {
    held_.emplace_back(&to, bytes);
  } else {
    send_all(to, bytes);
  }
}

void LoopbackVenue::close(venues::SessionId, int, std::string_view reason) {
  die("loopback: the venue closed a connection: " + std::string(reason));
}

void LoopbackVenue::tell_book(InstrumentId instrument) {
  set_time();
  exchange_.publish(instrument);
  tell_news();
  server_->on_tick(*this);  // where changes are gathered, they are due
}

void LoopbackVenue::hold_private(bool hold) {
  holding_ = hold;
  if (hold) return;
  for (const auto& [to, bytes] : held_) send_all(*to, bytes);
  held_.clear();
}

std::string LoopbackVenue::book_frame(InstrumentId instrument) {
  keeping_ = true;
  kept_.clear();
  tell_book(instrument);
  keeping_ = false;
  return std::exchange(kept_, {});
}

}  // namespace ats::bench
