// Boost.Beast as its own examples have it: one coroutine that reads, one that writes. The only file here
// that sees Beast's WebSocket: it takes a minute to compile.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <type_traits>

#include "websocket_reader.hpp"

namespace ats::bench {

namespace {

namespace beast = boost::beast;
namespace net = boost::asio;
using tcp = net::ip::tcp;

template <class Layer>
class BeastReader final : public WebSocketReader {
  static constexpr bool is_tls = !std::is_same_v<Layer, beast::tcp_stream>;

 public:
  BeastReader(std::uint16_t port, const std::string& ca_file, const BeastReader* beside = nullptr)
      : loop_(beside == nullptr ? std::make_shared<net::io_context>(1) : beside->loop_) {
    if constexpr (is_tls) {
      tls_.load_verify_file(ca_file);
      tls_.set_verify_mode(net::ssl::verify_peer);
      socket_.emplace(io_, tls_);
    } else {
      socket_.emplace(io_);
    }
    net::co_spawn(io_, run(port), [](const std::exception_ptr& failure) {
      if (failure) die(failure);
    });
  }
  void poll() override {
    io_.poll();
    if (io_.stopped()) io_.restart();
  }
  bool open() const override { return open_; }
  void send(std::string_view text) override {
    outgoing_ = text;
    net::co_spawn(io_, write(), net::detached);
  }

 private:
  [[noreturn]] static void die(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "ats_bench: Beast: %s\n", e.what());
    }
    std::abort();
  }

  net::awaitable<void> run(std::uint16_t port) {
    const tcp::endpoint server(net::ip::make_address("127.0.0.1"), port);
    auto& transport = beast::get_lowest_layer(*socket_);
    co_await transport.async_connect(server, net::use_awaitable);
    transport.socket().set_option(tcp::no_delay(true));
    if constexpr (is_tls) {
      co_await socket_->next_layer().async_handshake(net::ssl::stream_base::client,
                                                     net::use_awaitable);
    }
    transport.expires_never();
    co_await socket_->async_handshake("127.0.0.1", "/", net::use_awaitable);
    socket_->text(true);
    open_ = true;
    beast::flat_buffer buffer;
    while (true) {
      const std::size_t size = co_await socket_->async_read(buffer, net::use_awaitable);
      buffer.reserve(size + behind);
      take({static_cast<const char*>(buffer.data().data()), size});
      buffer.consume(size);
    }
  }
  net::awaitable<void> write() {
    co_await socket_->async_write(net::buffer(outgoing_), net::use_awaitable);
  }

  static constexpr std::size_t behind = 64;  // what a handler may read past a message

  std::shared_ptr<net::io_context> loop_;
  net::io_context& io_ = *loop_;
  net::ssl::context tls_{net::ssl::context::tls_client};
  std::optional<beast::websocket::stream<Layer>> socket_;
  std::string outgoing_;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<WebSocketReader> make_beast_reader(std::uint16_t port, const std::string& ca_file) {
  if (ca_file.empty()) return std::make_unique<BeastReader<beast::tcp_stream>>(port, ca_file);
  return std::make_unique<BeastReader<beast::ssl_stream<beast::tcp_stream>>>(port, ca_file);
}

std::unique_ptr<WebSocketReader> make_beast_reader_beside(WebSocketReader& other,
                                                          std::uint16_t port) {
  using Plain = BeastReader<beast::tcp_stream>;
  return std::make_unique<Plain>(port, "", dynamic_cast<const Plain*>(&other));
}

}  // namespace ats::bench
