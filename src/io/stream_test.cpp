#include "io/stream.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "io/net_testing.hpp"
#include "io/send_fence.hpp"

namespace ats::io {
namespace {

struct Side final : StreamListener {
  Stream stream;
  int opens = 0;
  std::string got;
  std::optional<CloseReason> closed;
  std::function<void()> when_bytes = [this] { take(); };
  std::function<void()> when_closed = [] {};

  explicit Side(Reactor& reactor, const StreamOptions& options = {})
      : stream(reactor, *this, options) {}
  void take() {
    const auto bytes = stream.received();
    got.append(bytes.data(), bytes.size());
    stream.consume(bytes.size());
  }
  void on_open() override { ++opens; }
  void on_bytes() override { when_bytes(); }
  void on_close(CloseReason reason) override {
    EXPECT_FALSE(closed.has_value());
    closed = reason;
    when_closed();
  }
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761u >> 13);
  return text;
}

class Streams : public testing::TestWithParam<bool> {
 protected:
  void connect(const StreamOptions& client_options = {}, const StreamOptions& server_options = {}) {
    client.emplace(reactor, client_options);
    server.emplace(reactor, server_options);
    client->stream.connect("127.0.0.1", listening.port, dress.client());
    server->stream.adopt(listening.accept(reactor), dress.server());
    ASSERT_TRUE(run_until(reactor, [&] { return client->opens == 1 && server->opens == 1; }));
  }

  Dress dress{GetParam()};
  Reactor reactor;
  Listening listening;
  std::optional<Side> client;
  std::optional<Side> server;
};

INSTANTIATE_TEST_SUITE_P(, Streams, testing::Bool(),
                         [](const auto& info) { return info.param ? "tls" : "plain"; });

TEST_P(Streams, carry_bytes_both_ways_and_end_in_order) {
  connect();
  EXPECT_TRUE(client->stream.write("question"));
  ASSERT_TRUE(run_until(reactor, [&] { return server->got == "question"; }));
  EXPECT_TRUE(server->stream.write("answer"));
  ASSERT_TRUE(run_until(reactor, [&] { return client->got == "answer"; }));
  server->stream.finish();
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed.has_value(); }));
  EXPECT_EQ(*client->closed, CloseReason::PeerClosed);
  ASSERT_TRUE(run_until(reactor, [&] { return server->closed.has_value(); }));
  EXPECT_EQ(*server->closed, CloseReason::LocalClose);
  EXPECT_FALSE(client->stream.write("too late"));
}

TEST_P(Streams, stamp_the_last_receive) {
  connect();
  const Instant before = OsClock::now();
  server->stream.write("x");
  ASSERT_TRUE(run_until(reactor, [&] { return client->got == "x"; }));
  EXPECT_GE(client->stream.last_receive(), before);
  EXPECT_LE(client->stream.last_receive(), OsClock::now());
}

TEST_P(Streams, carry_more_than_the_kernel_takes_at_once_and_count_what_was_handed_over) {
  connect({}, {.send_max = 1});
  const std::string large = pattern(20'000'000);
  EXPECT_TRUE(server->stream.write(large)) << "one write may be larger than the limit";
  EXPECT_GT(server->stream.unsent(), 0u);
  ASSERT_TRUE(run_until(reactor, [&] { return client->got.size() == large.size(); }));
  EXPECT_TRUE(client->got == large);
  EXPECT_EQ(server->stream.unsent(), 0u);
  EXPECT_EQ(server->stream.handed_over(), large.size());
}

TEST_P(Streams, offer_unconsumed_bytes_again_with_those_that_follow) {
  StreamOptions small;
  small.receive_initial = 64;
  connect(small);
  // Takes only whole lines.
  client->when_bytes = [&] {
    const auto bytes = client->stream.received();
    const std::string_view text(bytes.data(), bytes.size());
    const std::size_t end = text.rfind('\n');
    if (end == std::string_view::npos) return;
    client->got += text.substr(0, end + 1);
    client->stream.consume(end + 1);
  };
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string line = std::to_string(i) + " " + std::string(i * 7, 'x') + "\n";
    sent += line;
    for (const char c : std::string_view(line).substr(0, 3)) server->stream.write({&c, 1});
    reactor.poll({});
    server->stream.write(std::string_view(line).substr(3));
    reactor.poll({});
  }
  ASSERT_TRUE(run_until(reactor, [&] { return client->got.size() == sent.size(); }));
  EXPECT_EQ(client->got, sent);
}

TEST_P(Streams, cut_off_a_peer_that_does_not_read) {
  StreamOptions tight;
  tight.send_max = 100'000;
  connect({}, tight);
  // The client's socket is not read: its reactor rounds are not run.
  const std::string block(100'000, 'x');
  int taken = 0;
  while (server->stream.write(block)) ASSERT_LT(++taken, 1000);
  EXPECT_FALSE(server->closed.has_value()) << "told from poll(), not from within write()";
  ASSERT_TRUE(run_until(reactor, [&] { return server->closed.has_value(); }));
  EXPECT_EQ(*server->closed, CloseReason::SlowPeer);
}

TEST_P(Streams, drop_what_waits_and_are_cut_when_the_fence_is_closed_as_it_is_to_leave) {
  SendFence fence;
  fence.open_until(OsClock::lasting() + seconds(60));
  StreamOptions fenced;
  fenced.fence = &fence;
  connect(fenced);
  EXPECT_TRUE(client->stream.write("in time"));
  ASSERT_TRUE(run_until(reactor, [&] { return server->got == "in time"; }));
  const std::string_view order = "encoded in time";
  std::ranges::copy(order, client->stream.prepare(order.size()));
  client->stream.commit(order.size());
  const std::uint64_t before = client->stream.handed_over();
  fence.close();
  client->stream.flush();
  EXPECT_EQ(client->stream.handed_over(), before) << "certainly not sent";
  EXPECT_EQ(client->stream.unsent(), 0u) << "and it never will be";
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed && server->closed; }));
  EXPECT_EQ(*client->closed, CloseReason::NotLeading);
  EXPECT_EQ(server->got, "in time");
}

TEST_P(Streams, that_the_kernel_took_half_of_are_cut_there_when_the_fence_closes) {
  SendFence fence;
  fence.open_until(OsClock::lasting() + seconds(60));
  StreamOptions fenced;
  fenced.fence = &fence;
  connect(fenced);
  const std::string large = pattern(20'000'000);
  EXPECT_TRUE(client->stream.write(large));
  EXPECT_GT(client->stream.unsent(), 0u);
  fence.close();
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed && server->closed; }));
  EXPECT_EQ(*client->closed, CloseReason::NotLeading);
  EXPECT_LT(server->got.size(), large.size());
}

// As after SIGSTOP: nobody has closed it, time has passed.
TEST_P(Streams, read_the_clock_anew_before_anything_leaves) {
  SendFence fence;
  fence.open_until(OsClock::lasting() + milliseconds(300));
  StreamOptions fenced;
  fenced.fence = &fence;
  connect(fenced);
  ::usleep(350'000);
  client->stream.write("too late");
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed && server->closed; }));
  EXPECT_EQ(*client->closed, CloseReason::NotLeading);
  EXPECT_EQ(server->got, "");
}

TEST_P(Streams, refuse_to_buffer_for_ever_what_nobody_consumes) {
  StreamOptions tight;
  tight.receive_initial = 1000;
  tight.receive_max = 100'000;
  connect(tight);
  client->when_bytes = [] {};
  server->stream.write(std::string(300'000, 'x'));
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed.has_value(); }));
  EXPECT_EQ(*client->closed, CloseReason::ReceiveOverflow);
}

TEST_P(Streams, tell_a_cut_from_an_orderly_end) {
  connect();
  server->stream.reset();
  EXPECT_FALSE(server->stream.is_open());
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed.has_value(); }));
  EXPECT_EQ(*client->closed, CloseReason::Reset);
  run_for(reactor, milliseconds(5));
  EXPECT_FALSE(server->closed.has_value()) << "reset() makes no callback";
}

TEST_P(Streams, report_a_write_into_a_cut_connection_from_the_next_round) {
  connect();
  server->stream.reset();
  // The reset may take a moment to arrive; until then writes are taken.
  for (int i = 0; i < 10; ++i) client->stream.write("x");
  EXPECT_FALSE(client->closed.has_value());
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed.has_value(); }));
  EXPECT_EQ(*client->closed, CloseReason::Reset);
}

TEST_P(Streams, deliver_everything_sent_before_finish) {
  connect();
  const std::string large = pattern(5'000'000);
  server->stream.write(large);
  server->stream.finish();
  client->stream.write("still talking, which nobody reads");
  ASSERT_TRUE(run_until(reactor, [&] { return client->closed.has_value(); }));
  EXPECT_EQ(*client->closed, CloseReason::PeerClosed);
  EXPECT_TRUE(client->got == large);
}

TEST_P(Streams, may_be_destroyed_from_within_their_callbacks) {
  connect();
  client->when_bytes = [&] { client.reset(); };
  server->stream.write("now");
  ASSERT_TRUE(run_until(reactor, [&] { return !client.has_value(); }));
  server->when_closed = [&] { server.reset(); };
  ASSERT_TRUE(run_until(reactor, [&] { return !server.has_value(); }));
}

TEST(StreamFinish, gives_up_on_a_peer_that_never_closes) {
  Reactor reactor;
  Listening listening;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(listening.port);
  const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  StreamOptions impatient;
  impatient.linger = milliseconds(20);
  Side server(reactor, impatient);
  server.stream.adopt(listening.accept(reactor), nullptr);
  ASSERT_TRUE(run_until(reactor, [&] { return server.opens == 1; }));
  server.stream.finish();
  ASSERT_TRUE(run_until(reactor, [&] { return server.closed.has_value(); }));
  EXPECT_EQ(*server.closed, CloseReason::LocalClose);
  ::close(peer);
}

TEST(StreamConnect, says_that_nobody_listens) {
  Reactor reactor;
  std::uint16_t port = 0;
  { port = Listening().port; }
  Side client(reactor);
  client.stream.connect("127.0.0.1", port, nullptr);
  EXPECT_FALSE(client.closed.has_value());
  ASSERT_TRUE(run_until(reactor, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, CloseReason::NotConnected);
  EXPECT_EQ(client.opens, 0);
}

TEST(StreamConnect, finds_localhost_by_name_and_tries_each_of_its_addresses) {
  Reactor reactor;
  Listening listening;
  Side client(reactor);
  client.stream.connect("localhost", listening.port, nullptr);
  ASSERT_TRUE(run_until(reactor, [&] { return client.opens == 1 || client.closed.has_value(); }));
  EXPECT_EQ(client.opens, 1);
}

TEST(StreamConnect, says_that_a_name_is_unknown) {
  Reactor reactor;
  Side client(reactor);
  client.stream.connect("no.such.host.invalid", 1, nullptr);
  ASSERT_TRUE(run_until(reactor, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, CloseReason::NotResolved);
}

TEST(StreamConnect, may_be_given_up_while_the_name_is_looked_up) {
  Reactor reactor;
  auto client = std::make_unique<Side>(reactor);
  client->stream.connect("localhost", 1, nullptr);
  client.reset();
  run_for(reactor, milliseconds(20));
}

TEST(StreamConnect, times_out_on_a_server_that_says_nothing_in_the_tls_handshake) {
  Reactor reactor;
  Listening listening;
  const Dress dress(true);
  StreamOptions impatient;
  impatient.connect_timeout = milliseconds(30);
  Side client(reactor, impatient);
  client.stream.connect("127.0.0.1", listening.port, dress.client());
  ASSERT_TRUE(run_until(reactor, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, CloseReason::ConnectTimeout);
}

// What a TLS client makes of a server with this certificate, asked for as `host`.
CloseReason handshake_result(const std::string& names, const std::string& host, bool trusted) {
  Reactor reactor;
  Listening listening;
  const TestCertificate certificate(names);
  const TestCertificate other(names);
  const auto server_tls =
      TlsContext::server(certificate.certificate_file(), certificate.key_file());
  const auto client_tls =
      TlsContext::client(trusted ? certificate.certificate_file() : other.certificate_file());
  Side client(reactor), server(reactor);
  client.stream.connect(host, listening.port, &client_tls.value());
  server.stream.adopt(listening.accept(reactor), &server_tls.value());
  EXPECT_TRUE(run_until(reactor, [&] { return client.opens == 1 || client.closed.has_value(); }));
  EXPECT_NE(client.opens == 1, client.closed.has_value());
  return client.closed.value_or(CloseReason::LocalClose);
}

TEST(Tls, trusts_a_certificate_for_this_host_from_a_named_authority_only) {
  constexpr CloseReason opened = CloseReason::LocalClose;
  EXPECT_EQ(handshake_result("IP:127.0.0.1", "127.0.0.1", true), opened);
  EXPECT_EQ(handshake_result("DNS:localhost", "localhost", true), opened);
  EXPECT_EQ(handshake_result("IP:127.0.0.2", "127.0.0.1", true), CloseReason::CertificateRejected);
  EXPECT_EQ(handshake_result("DNS:elsewhere.example", "localhost", true),
            CloseReason::CertificateRejected);
  EXPECT_EQ(handshake_result("IP:127.0.0.1", "127.0.0.1", false), CloseReason::CertificateRejected);
}

TEST(Tls, tells_a_truncated_stream_from_an_orderly_end) {
  Reactor reactor;
  Listening listening;
  const Dress dress(true);
  Side client(reactor), server(reactor);
  client.stream.connect("127.0.0.1", listening.port, dress.client());
  const int fd = listening.accept(reactor);
  server.stream.adopt(fd, dress.server());
  ASSERT_TRUE(run_until(reactor, [&] { return client.opens == 1 && server.opens == 1; }));
  ::shutdown(fd, SHUT_WR);  // TCP ends, TLS has not said goodbye
  ASSERT_TRUE(run_until(reactor, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, CloseReason::Reset);
}

TEST(Tls, says_that_a_peer_does_not_speak_it) {
  Reactor reactor;
  Listening listening;
  const Dress dress(true);
  Side client(reactor), server(reactor);
  client.stream.connect("127.0.0.1", listening.port, dress.client());
  server.stream.adopt(listening.accept(reactor), nullptr);
  ASSERT_TRUE(run_until(reactor, [&] { return server.opens == 1; }));
  server.stream.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(run_until(reactor, [&] { return client.closed.has_value(); }));
  EXPECT_EQ(*client.closed, CloseReason::TlsFailed);
}

TEST(Tls, names_what_is_wrong_with_its_files) {
  const TestCertificate one("DNS:a"), two("DNS:b");
  EXPECT_EQ(TlsContext::client(one.missing_file()).error(), TlsError::BadCaFile);
  EXPECT_EQ(TlsContext::client(one.key_file()).error(), TlsError::BadCaFile);
  EXPECT_EQ(TlsContext::server(one.missing_file(), one.key_file()).error(),
            TlsError::BadCertificateFile);
  EXPECT_EQ(TlsContext::server(one.certificate_file(), one.missing_file()).error(),
            TlsError::BadKeyFile);
  EXPECT_EQ(TlsContext::server(one.certificate_file(), two.key_file()).error(),
            TlsError::KeyMismatch);
  EXPECT_TRUE(TlsContext::client().ok());
}

}  // namespace
}  // namespace ats::io
