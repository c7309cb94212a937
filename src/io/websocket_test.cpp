#include "io/websocket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "io/http.hpp"
#include "io/net_testing.hpp"

namespace ats::io {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

class WebSockets : public testing::TestWithParam<bool> {
 protected:
  WebSockets() { listen({}); }
  void listen(const WsOptions& websocket,
              const StreamOptions& stream = {.receive_initial = 16 * 1024}) {
    HttpServerOptions options;
    options.tls = dress.server();
    options.websocket = websocket;
    options.stream = stream;
    server = HttpServer::listen(reactor, handler, options).value();
  }
  void make_client(const WsOptions& websocket = {}, const std::string& target = "/ws?x=1") {
    WsClientOptions options;
    options.host = "127.0.0.1";
    options.port = server->port();
    options.target = target;
    options.tls = dress.client();
    options.headers = {{"X-Key", "k"}};
    options.websocket = websocket;
    client = std::make_unique<WebSocketClient>(reactor, listener, options);
    client->connect();
  }
  void open(const WsOptions& websocket = {}) {
    make_client(websocket);
    ASSERT_TRUE(run_until(reactor, [&] { return listener.open && handler.opened.size() == 1; }));
    session = handler.opened[0].first;
  }
  bool client_closed() {
    return run_until(reactor, [&] { return !listener.closed.empty(); });
  }
  bool server_closed() {
    return run_until(reactor, [&] { return !handler.closed.empty(); });
  }

  Dress dress{GetParam()};
  Reactor reactor;
  RecordingHandler handler;
  RecordingClient listener;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<WebSocketClient> client;
  SessionId session = 0;
};

INSTANTIATE_TEST_SUITE_P(, WebSockets, testing::Bool(),
                         [](const auto& info) { return info.param ? "tls" : "plain"; });

TEST_P(WebSockets, open_at_a_path_with_the_clients_headers_and_carry_messages_both_ways) {
  handler.react = [&](SessionId id, Opcode kind, std::string_view payload) {
    const std::string echo = "echo " + std::string(payload);
    EXPECT_TRUE(kind == Opcode::Text ? server->send_text(id, echo) : server->send_binary(id, echo));
  };
  open();
  EXPECT_EQ(handler.opened[0].second, "/ws?x=1");
  EXPECT_EQ(*handler.requests[0].header("x-key"), "k");
  EXPECT_TRUE(
      client->send_text("gr\xc3\xbc\xc3\x9f"
                        "e"));
  EXPECT_TRUE(client->send_binary("\xff\x00"s));
  ASSERT_TRUE(run_until(reactor, [&] { return listener.messages.size() == 2; }));
  EXPECT_THAT(listener.messages, ElementsAre("echo gr\xc3\xbc\xc3\x9f"
                                             "e",
                                             "echo \xff\x00"s));
  EXPECT_THAT(listener.kinds, ElementsAre(Opcode::Text, Opcode::Binary));
  EXPECT_THAT(server->sessions(), ElementsAre(session));
}

TEST_P(WebSockets, deliver_what_the_server_says_right_behind_its_handshake) {
  handler.greet = [&](SessionId id) {
    server->send_text(id, "hello");
    server->send_text(id, "and welcome");
  };
  open();
  ASSERT_TRUE(run_until(reactor, [&] { return listener.messages.size() == 2; }));
  EXPECT_THAT(listener.messages, ElementsAre("hello", "and welcome"));
}

TEST_P(WebSockets, hold_messages_back_until_they_are_released) {
  open();
  client->hold();
  ASSERT_TRUE(client->send_text("one"));
  ASSERT_TRUE(client->send_text("two"));
  EXPECT_GT(client->unsent(), 0u);
  for (int round = 0; round < 20; ++round) reactor.poll(milliseconds(1));
  EXPECT_TRUE(handler.messages.empty());
  client->release();
  ASSERT_TRUE(client->send_text("three"));
  ASSERT_TRUE(run_until(reactor, [&] { return handler.messages.size() == 3; }));
  EXPECT_THAT(handler.messages, ElementsAre("one", "two", "three"));
}

TEST_P(WebSockets, carry_every_length_form_in_bursts_and_in_order) {
  open();
  std::vector<std::string> sent;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t size : {0, 1, 125, 126, 600, 65535, 65536, 1'000'000}) {
      sent.emplace_back(size, static_cast<char>('a' + sent.size() % 26));
      ASSERT_TRUE(server->send_text(session, sent.back()));
      ASSERT_TRUE(client->send_text(sent.back()));
    }
  }
  ASSERT_TRUE(run_until(reactor, [&] {
    return listener.messages.size() == sent.size() && handler.messages.size() == sent.size();
  }));
  EXPECT_TRUE(listener.messages == sent);
  EXPECT_TRUE(handler.messages == sent);
}

TEST_P(WebSockets, compress_when_both_sides_agree_and_only_then) {
  WsOptions compressing;
  compressing.deflate.enabled = true;
  listen(compressing);
  open(compressing);
  const std::string* offer = handler.requests[0].header("Sec-WebSocket-Extensions");
  ASSERT_NE(offer, nullptr);
  EXPECT_EQ(*offer, "permessage-deflate; client_max_window_bits");
  std::vector<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    sent.push_back(i % 3 == 0 ? "short" : std::string(static_cast<std::size_t>(i) * 700, 'a'));
    ASSERT_TRUE(server->send_text(session, sent.back()));
    ASSERT_TRUE(client->send_text(sent.back()));
    EXPECT_LT(client->unsent(), 1000u);
  }
  ASSERT_TRUE(run_until(reactor, [&] {
    return listener.messages.size() == sent.size() && handler.messages.size() == sent.size();
  }));
  EXPECT_TRUE(listener.messages == sent);
  EXPECT_TRUE(handler.messages == sent);
}

TEST_P(WebSockets, talk_plainly_when_the_server_does_not_compress) {
  WsOptions compressing;
  compressing.deflate.enabled = true;
  open(compressing);
  const std::string text(1000, 'a');
  ASSERT_TRUE(server->send_text(session, text));
  ASSERT_TRUE(client->send_text(text));
  ASSERT_TRUE(run_until(
      reactor, [&] { return listener.messages.size() == 1 && handler.messages.size() == 1; }));
  EXPECT_EQ(listener.messages[0], text);
  EXPECT_EQ(handler.messages[0], text);
}

TEST_P(WebSockets, refuse_a_bomb_and_say_why) {
  WsOptions compressing;
  compressing.deflate.enabled = true;
  listen(compressing);
  WsOptions narrow = compressing;
  narrow.message_max = 10'000;
  open(narrow);
  ASSERT_TRUE(server->send_text(session, std::string(1'000'000, 'a')));
  ASSERT_TRUE(client_closed() && server_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::ProtocolError);
  EXPECT_EQ(listener.closed[0].frame, FrameError::InflatedTooLarge);
  EXPECT_EQ(describe(listener.closed[0]), "protocol error: message too large once inflated");
  EXPECT_EQ(handler.closed[0].second.code, close_code::too_large);
}

// RFC 6455 section 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
TEST_P(WebSockets, send_nothing_behind_their_close_frame) {
  open();
  client->close(close_code::normal, "enough");
  EXPECT_FALSE(client->send_text("too late"));
  EXPECT_FALSE(client->send_ping("too late"));
  ASSERT_TRUE(client_closed() && server_closed());
  EXPECT_TRUE(handler.messages.empty());
  EXPECT_EQ(handler.closed[0].second.text, "enough");
}

TEST_P(WebSockets, answer_pings_with_the_same_payload_on_both_sides) {
  WsOptions pinging;
  pinging.ping_every = milliseconds(2);
  pinging.pong_within = seconds(5);
  listen(pinging);
  open(pinging);
  EXPECT_TRUE(client->send_ping("mine"));
  EXPECT_TRUE(server->send_ping(session, "yours"));
  ASSERT_TRUE(run_until(reactor, [&] { return listener.pongs.size() >= 3; }));
  EXPECT_THAT(listener.pongs, testing::IsSupersetOf({"mine", "1"}));
  EXPECT_TRUE(listener.closed.empty());
  EXPECT_TRUE(handler.closed.empty());
}

TEST_P(WebSockets, notice_a_muted_server_by_its_missing_pong) {
  WsOptions pinging;
  pinging.ping_every = milliseconds(5);
  pinging.pong_within = milliseconds(20);
  open(pinging);
  ASSERT_TRUE(server->mute(session, true));
  EXPECT_TRUE(server->send_text(session, "swallowed"));
  ASSERT_TRUE(client_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::PongMissing);
  EXPECT_TRUE(listener.messages.empty());
}

TEST_P(WebSockets, speak_again_when_unmuted) {
  open();
  server->mute(session, true);
  server->send_text(session, "lost");
  server->mute(session, false);
  server->send_text(session, "heard");
  ASSERT_TRUE(run_until(reactor, [&] { return !listener.messages.empty(); }));
  EXPECT_THAT(listener.messages, ElementsAre("heard"));
}

TEST_P(WebSockets, close_in_order_from_the_clients_side) {
  open();
  client->close(close_code::going_away, "done");
  EXPECT_TRUE(listener.closed.empty());
  EXPECT_FALSE(client->send_text("too late"));
  ASSERT_TRUE(server_closed() && client_closed());
  EXPECT_EQ(handler.closed[0].second.reason, WsCloseReason::PeerClosed);
  EXPECT_EQ(handler.closed[0].second.code, close_code::going_away);
  EXPECT_EQ(handler.closed[0].second.text, "done");
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::LocalClose);
  EXPECT_EQ(listener.closed[0].code, close_code::going_away);
  ASSERT_TRUE(run_until(reactor, [&] { return server->connections() == 0; }));
  EXPECT_EQ(listener.closed.size(), 1u);
  EXPECT_EQ(handler.closed.size(), 1u);
}

TEST_P(WebSockets, close_in_order_from_the_servers_side_and_deliver_what_came_before) {
  open();
  server->send_text(session, "last words");
  ASSERT_TRUE(server->close(session, 4000, "maintenance"));
  EXPECT_FALSE(server->close(session, 4000, "maintenance"));
  EXPECT_FALSE(server->send_text(session, "too late"));
  ASSERT_TRUE(server_closed() && client_closed());
  EXPECT_THAT(listener.messages, ElementsAre("last words"));
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::PeerClosed);
  EXPECT_EQ(listener.closed[0].code, 4000);
  EXPECT_EQ(listener.closed[0].text, "maintenance");
  EXPECT_EQ(describe(listener.closed[0]), "closed by the peer: code 4000 (maintenance)");
  EXPECT_EQ(handler.closed[0].second.reason, WsCloseReason::LocalClose);
  client.reset();
  ASSERT_TRUE(run_until(reactor, [&] { return server->connections() == 0; }));
}

TEST_P(WebSockets, do_not_wait_for_ever_for_the_answer_to_a_close) {
  WsOptions impatient;
  impatient.close_within = milliseconds(10);
  open(impatient);
  server->mute(session, true);
  handler.react = [](SessionId, Opcode, std::string_view) {};
  client->close(close_code::normal, "");
  ASSERT_TRUE(client_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::LocalClose);
}

TEST_P(WebSockets, tell_an_abrupt_reset_from_a_close) {
  open();
  ASSERT_TRUE(server->reset(session));
  ASSERT_TRUE(server_closed() && client_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::ConnectionLost);
  EXPECT_EQ(listener.closed[0].stream, CloseReason::Reset);
  EXPECT_EQ(handler.closed[0].second.reason, WsCloseReason::LocalClose);
  EXPECT_FALSE(server->send_text(session, "gone"));
  EXPECT_FALSE(server->reset(session));
  EXPECT_EQ(server->connections(), 0u);
}

TEST_P(WebSockets, stop_delivering_after_a_reset_from_within_a_message) {
  open();
  for (int i = 0; i < 5; ++i) server->send_text(session, std::to_string(i));
  listener.react = [&](std::string_view payload) {
    if (payload == "2") client->reset();
  };
  ASSERT_TRUE(client_closed() && server_closed());
  EXPECT_THAT(listener.messages, ElementsAre("0", "1", "2"));
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::LocalClose);
  EXPECT_EQ(handler.closed[0].second.reason, WsCloseReason::ConnectionLost);
}

TEST_P(WebSockets, client_may_be_destroyed_from_within_its_callbacks) {
  open();
  for (int i = 0; i < 5; ++i) server->send_text(session, std::to_string(i));
  listener.react = [&](std::string_view) { client.reset(); };
  ASSERT_TRUE(run_until(reactor, [&] { return client == nullptr; }));
  ASSERT_TRUE(server_closed());
  EXPECT_EQ(listener.messages.size(), 1u);
  EXPECT_TRUE(listener.closed.empty());

  listener = {};
  handler.opened.clear();
  handler.closed.clear();
  open();
  listener.when_closed = [&] { client.reset(); };
  server->reset(session);
  ASSERT_TRUE(run_until(reactor, [&] { return client == nullptr; }));
}

TEST_P(WebSockets, server_may_reset_a_session_from_within_its_message_or_opening) {
  handler.react = [&](SessionId id, Opcode, std::string_view) { server->reset(id); };
  open();
  client->send_text("a");
  client->send_text("b");
  ASSERT_TRUE(server_closed() && client_closed());
  EXPECT_THAT(handler.messages, ElementsAre("a"));

  listener = {};
  handler.closed.clear();
  handler.greet = [&](SessionId id) { server->reset(id); };
  make_client();
  ASSERT_TRUE(server_closed() && client_closed());
  EXPECT_EQ(server->connections(), 0u);
}

TEST_P(WebSockets, cut_off_a_client_that_does_not_read) {
  listen({}, {.receive_initial = 1024, .send_max = 100'000});
  open();
  const std::string block(100'000, 'x');
  int taken = 0;
  while (server->send_text(session, block)) ASSERT_LT(++taken, 1000);
  ASSERT_TRUE(server_closed());
  EXPECT_EQ(handler.closed[0].second.reason, WsCloseReason::ConnectionLost);
  EXPECT_EQ(handler.closed[0].second.stream, CloseReason::SlowPeer);
}

TEST_P(WebSockets, refuse_a_message_over_the_limit) {
  open({.message_max = 1000});
  server->send_text(session, std::string(1001, 'x'));
  ASSERT_TRUE(client_closed() && server_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::ProtocolError);
  EXPECT_EQ(listener.closed[0].frame, FrameError::MessageTooLarge);
  EXPECT_EQ(handler.closed[0].second.code, close_code::too_large);
}

TEST_P(WebSockets, are_told_why_a_server_refuses_them) {
  handler.gate = [](const HttpRequest&) { return HttpResponse{403, {}, "IP banned"}; };
  make_client();
  ASSERT_TRUE(client_closed());
  EXPECT_FALSE(listener.open);
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::HandshakeRefused);
  EXPECT_EQ(listener.closed[0].http_status, 403);
  EXPECT_EQ(listener.closed[0].text, "IP banned");
  EXPECT_TRUE(handler.opened.empty());
  ASSERT_TRUE(run_until(reactor, [&] { return server->connections() == 0; }));
}

TEST_P(WebSockets, can_be_given_up_before_they_are_open) {
  make_client();
  client->close();
  EXPECT_FALSE(client->send_text("x"));
  ASSERT_TRUE(client_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::LocalClose);
  run_for(reactor, milliseconds(5));
  EXPECT_EQ(listener.closed.size(), 1u);
}

TEST_P(WebSockets, say_that_nobody_listens) {
  make_client();
  server.reset();
  ASSERT_TRUE(client_closed());
  EXPECT_EQ(listener.closed[0].reason, WsCloseReason::ConnectionLost);
}

TEST_P(WebSockets, share_the_port_with_plain_requests) {
  open();
  HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = server->port();
  options.tls = dress.client();
  HttpClient http(reactor, options);
  std::string body;
  http.request({"GET", "/api", {}, ""}, seconds(9), [&](auto answer) { body = answer->body; });
  server->send_text(session, "meanwhile");
  ASSERT_TRUE(run_until(reactor, [&] { return !body.empty() && !listener.messages.empty(); }));
  EXPECT_EQ(body, "GET /api ");
}

// A raw peer: says what the test says, byte for byte, and keeps what it is told.
struct Raw final : StreamListener {
  std::unique_ptr<Stream> stream;
  std::string got;
  bool open = false;
  std::optional<CloseReason> closed;
  explicit Raw(Reactor& reactor) : stream(std::make_unique<Stream>(reactor, *this)) {}
  void on_open() override { open = true; }
  void on_bytes() override {
    const auto bytes = stream->received();
    got.append(bytes.data(), bytes.size());
    stream->consume(bytes.size());
  }
  void on_close(CloseReason reason) override { closed = reason; }
};

const std::string rfc_handshake =
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: "
    "Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

struct RawClient : testing::Test {
  Reactor reactor;
  RecordingHandler handler;
  std::unique_ptr<HttpServer> server = HttpServer::listen(reactor, handler, {}).value();
  Raw raw{reactor};
  void SetUp() override {
    raw.stream->connect("127.0.0.1", server->port(), nullptr);
    ASSERT_TRUE(run_until(reactor, [&] { return raw.open; }));
  }
  std::string answer_to(const std::string& text) {
    raw.stream->write(text);
    EXPECT_TRUE(run_until(reactor, [&] { return raw.got.find("\r\n\r\n") != std::string::npos; }));
    return raw.got.substr(0, raw.got.find("\r\n"));
  }
};

TEST_F(RawClient, gets_the_standards_answer_to_the_standards_handshake) {
  EXPECT_EQ(answer_to(rfc_handshake), "HTTP/1.1 101 Switching Protocols");
  EXPECT_NE(raw.got.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
}

TEST_F(RawClient, is_read_the_same_when_every_byte_comes_alone) {
  const std::string hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
  const std::string fragments =
      "\x01\x83\x00\x00\x00\x00Hel\x89\x80\x00\x00\x00\x00\x80\x82\x00\x00\x00\x00lo"s;
  std::string wire = rfc_handshake;
  for (const std::string& part : {hello, fragments, hello}) wire += part;
  for (const char byte : wire) {
    raw.stream->write({&byte, 1});
    reactor.poll({});
    reactor.poll({});
  }
  ASSERT_TRUE(run_until(reactor, [&] { return handler.messages.size() == 3; }));
  EXPECT_THAT(handler.messages, ElementsAre("Hello", "Hello", "Hello"));
  EXPECT_TRUE(raw.got.ends_with("\x8a\x00"s)) << "the ping between the fragments was answered";
}

TEST_F(RawClient, is_told_the_code_of_its_protocol_error) {
  answer_to(rfc_handshake);
  raw.got.clear();
  raw.stream->write("\x81\x05Hello"s);  // not masked
  ASSERT_TRUE(run_until(reactor, [&] { return raw.closed.has_value(); }));
  EXPECT_EQ(raw.got, "\x88\x02\x03\xea"s);
  EXPECT_EQ(handler.closed[0].second.frame, FrameError::NotMasked);
}

TEST_F(RawClient, is_refused_when_its_handshake_is_not_one) {
  std::string other_version = rfc_handshake;
  other_version.replace(other_version.find(": 13"), 4, ": 12");
  EXPECT_EQ(answer_to(other_version), "HTTP/1.1 426 Upgrade Required");
}

TEST_F(RawClient, is_refused_without_a_proper_key) {
  std::string short_key = rfc_handshake;
  short_key.replace(short_key.find("dGhl"), 4, "");
  EXPECT_EQ(answer_to(short_key), "HTTP/1.1 400 Bad Request");
  EXPECT_TRUE(handler.opened.empty());
}

// RFC 6455 section 4.2.1: what a handshake must have, one by one left out.
TEST_F(RawClient, is_refused_without_each_part_of_the_handshake) {
  const std::pair<std::string, std::string> parts[] = {
      {"Host: server.example.com\r\n", ""},
      {"Connection: Upgrade", "Connection: keep-alive, x-upgrade"},
      {"GET /chat", "POST /chat"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!Q=="},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQQQ"}};
  for (const auto& [part, instead] : parts) {
    std::string wrong = rfc_handshake;
    wrong.replace(wrong.find(part), part.size(), instead);
    Raw other(reactor);
    other.stream->connect("127.0.0.1", server->port(), nullptr);
    ASSERT_TRUE(run_until(reactor, [&] { return other.open; }));
    other.stream->write(wrong);
    ASSERT_TRUE(run_until(reactor, [&] { return other.got.find("\r\n") != std::string::npos; }));
    EXPECT_FALSE(other.got.starts_with("HTTP/1.1 101")) << wrong;
  }
  EXPECT_TRUE(handler.opened.empty());
}

TEST_F(RawClient, that_pipelines_is_answered_in_order_even_when_answers_come_late) {
  std::vector<Responder> waiting;
  handler.answer = [&](const HttpRequest&, const Responder& to) { waiting.push_back(to); };
  raw.stream->write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(run_until(reactor, [&] { return waiting.size() == 1; }));
  run_for(reactor, milliseconds(2));
  ASSERT_EQ(waiting.size(), 1u) << "the second is read when the first is answered";
  waiting[0].respond({200, {}, "one"});
  ASSERT_TRUE(run_until(reactor, [&] { return waiting.size() == 2; }));
  waiting[1].respond({200, {}, "two"});
  ASSERT_TRUE(run_until(reactor, [&] { return raw.got.ends_with("two"); }));
  EXPECT_LT(raw.got.find("one"), raw.got.find("two"));
}

TEST_F(RawClient, that_speaks_no_http_is_answered_once_and_cut_off) {
  EXPECT_EQ(answer_to("\x16\x03\x01garbage\r\n\r\n"), "HTTP/1.1 400 Bad Request");
  ASSERT_TRUE(run_until(reactor, [&] { return raw.closed.has_value(); }));
  EXPECT_TRUE(handler.requests.empty());
}

TEST_F(RawClient, keeps_a_responder_harmless_after_it_or_the_server_has_gone) {
  std::vector<Responder> waiting;
  handler.answer = [&](const HttpRequest&, const Responder& to) { waiting.push_back(to); };
  raw.stream->write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(run_until(reactor, [&] { return waiting.size() == 1; }));
  raw.stream.reset();
  ASSERT_TRUE(run_until(reactor, [&] { return server->connections() == 0; }));
  EXPECT_FALSE(waiting[0].respond({}));
  server.reset();
  EXPECT_FALSE(waiting[0].respond({}));
  EXPECT_FALSE(waiting[0].reset());
}

// What a client makes of a server that answers its handshake with these words.
WsClosed handshake_answered(const std::function<std::string(const std::string&)>& answer) {
  Reactor reactor;
  Listening listening;
  RecordingClient listener;
  WsClientOptions options;
  options.host = "127.0.0.1";
  options.port = listening.port;
  WebSocketClient client(reactor, listener, options);
  client.connect();
  Raw server(reactor);
  server.stream->adopt(listening.accept(reactor), nullptr);
  EXPECT_TRUE(run_until(reactor, [&] { return server.got.ends_with("\r\n\r\n"); }));
  const std::size_t key = server.got.find("Sec-WebSocket-Key: ") + 19;
  server.stream->write(answer(websocket_accept(server.got.substr(key, 24))));
  EXPECT_TRUE(run_until(reactor, [&] { return !listener.closed.empty() || listener.open; }));
  EXPECT_NE(listener.open, !listener.closed.empty());
  return listener.closed.empty() ? WsClosed{} : listener.closed[0];
}

TEST(WebSocketHandshake, is_accepted_only_with_the_right_answer_to_our_key) {
  const std::string upgrade =
      "HTTP/1.1 101 X\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n";
  const auto with = [&](const std::string& more) {
    return handshake_answered([&](const std::string& accept) {
      return upgrade + "Sec-WebSocket-Accept: " + accept + "\r\n" + more + "\r\n";
    });
  };
  EXPECT_EQ(with("").reason, WsCloseReason::LocalClose) << "accepted";
  EXPECT_EQ(describe(with("Sec-WebSocket-Extensions: permessage-deflate\r\n")),
            "handshake malformed (an extension that we did not offer)");
  EXPECT_EQ(describe(with("Sec-WebSocket-Protocol: chat\r\n")),
            "handshake malformed (a subprotocol that we did not offer)");
  EXPECT_EQ(handshake_answered([&](const std::string&) {
              return upgrade + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
            }).reason,
            WsCloseReason::HandshakeMalformed);
  EXPECT_EQ(handshake_answered([&](const std::string&) { return upgrade + "\r\n"; }).reason,
            WsCloseReason::HandshakeMalformed);
  EXPECT_EQ(
      handshake_answered([&](const std::string&) { return "not http at all\r\n\r\n"s; }).reason,
      WsCloseReason::HandshakeMalformed);
  const WsClosed busy = handshake_answered([&](const std::string&) {
    return "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow"s;
  });
  EXPECT_EQ(busy.reason, WsCloseReason::HandshakeRefused);
  EXPECT_EQ(describe(busy), "handshake refused: HTTP 429 (slow)");
}

TEST(HttpServer, says_that_a_port_is_taken) {
  Reactor reactor;
  RecordingHandler handler;
  const auto first = HttpServer::listen(reactor, handler, {}).value();
  HttpServerOptions options;
  options.port = first->port();
  EXPECT_EQ(HttpServer::listen(reactor, handler, options).error(), ListenError::PortInUse);
}

}  // namespace
}  // namespace ats::io
