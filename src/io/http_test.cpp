#include "io/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "io/net_address.hpp"
#include "io/net_testing.hpp"

namespace ats::io {
namespace {

using Answer = Result<HttpResponse, TransportError>;

TEST(HttpReader, reads_a_request_the_same_wherever_it_is_cut) {
  const std::string wire =
      "POST /api/v3/order?a=b%20c HTTP/1.1\r\nHost: x\r\nX-Key: v:1 \r\nContent-Length: "
      "5\r\n\r\nhello"
      "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    HttpRequestReader reader(HttpLimits{});
    std::string buffer;
    std::vector<HttpRequest> requests;
    std::vector<bool> keep;
    for (const std::string& piece : {wire.substr(0, cut), wire.substr(cut)}) {
      buffer += piece;
      while (!buffer.empty()) {
        const HttpProgress progress = reader.read(buffer);
        buffer.erase(0, progress.consumed);
        if (progress.step == HttpStep::NeedMore) break;
        ASSERT_EQ(progress.step, HttpStep::Done) << "cut at " << cut;
        keep.push_back(reader.keep_alive());
        requests.push_back(reader.take());
        reader.begin();
      }
    }
    ASSERT_EQ(requests.size(), 2u) << "cut at " << cut;
    EXPECT_EQ(requests[0].method, "POST");
    EXPECT_EQ(requests[0].target, "/api/v3/order?a=b%20c");
    EXPECT_EQ(*requests[0].header("x-key"), "v:1");
    EXPECT_EQ(requests[0].body, "hello");
    EXPECT_EQ(requests[1].target, "/next");
    EXPECT_THAT(keep, testing::ElementsAre(true, false));
  }
}

// All answers in `wire`, offered byte by byte; the reader's last step if it is not a whole number.
std::vector<HttpResponse> answers_in(const std::string& wire, HttpStep last = HttpStep::NeedMore,
                                     const HttpLimits& limits = {}) {
  HttpResponseReader reader(limits);
  std::vector<HttpResponse> answers;
  std::string buffer;
  HttpStep step = HttpStep::NeedMore;
  for (const char c : wire) {
    buffer += c;
    const HttpProgress progress = reader.read(buffer);
    buffer.erase(0, progress.consumed);
    step = progress.step;
    if (step == HttpStep::Done) {
      answers.push_back(reader.take());
      reader.begin(false);
      step = HttpStep::NeedMore;
    } else if (step != HttpStep::NeedMore) {
      break;
    }
  }
  EXPECT_EQ(step, last);
  return answers;
}

TEST(HttpReader, reads_bodies_by_length_and_in_chunks_and_passes_over_interim_answers) {
  const auto answers = answers_in(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n");
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[3].body, "");
  EXPECT_EQ(answers[0].body, "ab");
  EXPECT_EQ(answers[1].status, 429);
  EXPECT_EQ(*answers[1].header("retry-after"), "3");
  EXPECT_EQ(answers[1].body, "abc0123456789");
  EXPECT_EQ(answers[2].status, 204);
}

TEST(HttpReader, knows_when_a_body_ends_with_the_connection_and_when_it_was_cut_off) {
  HttpResponseReader reader(HttpLimits{});
  EXPECT_EQ(reader.read("HTTP/1.1 200 OK\r\n\r\npart").step, HttpStep::NeedMore);
  EXPECT_EQ(reader.end(), HttpStep::Done);
  EXPECT_EQ(reader.take().body, "part");
  reader.begin(false);
  EXPECT_EQ(reader.read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart").step,
            HttpStep::NeedMore);
  EXPECT_EQ(reader.end(), HttpStep::Malformed);
  reader.begin(false);
  EXPECT_EQ(reader.end(), HttpStep::Malformed);
}

TEST(HttpReader, refuses_what_is_malformed_or_past_its_limits) {
  answers_in("HTTP/1.1 2x0 OK\r\n\r\n", HttpStep::Malformed);
  answers_in("HTTP/3.9 200 OK\r\n\r\n", HttpStep::Malformed);
  answers_in("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", HttpStep::Malformed);
  answers_in("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
             HttpStep::Malformed);
  answers_in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", HttpStep::Malformed);
  const HttpLimits tight{.header_max = 100, .body_max = 10};
  answers_in("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", HttpStep::TooLarge, tight);
  answers_in("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nB\r\n0123456789a\r\n",
             HttpStep::TooLarge, tight);
  answers_in("HTTP/1.1 200 OK\r\nX: " + std::string(100, 'x') + "\r\n\r\n", HttpStep::TooLarge,
             tight);
}

TEST(HttpWriter, says_the_length_itself_and_names_the_host_once) {
  ByteQueue out(64);
  append_request(out, {"POST", "/o", {{"content-length", "999"}, {"A", "b"}}, "xy"}, "h:1");
  EXPECT_EQ(out.view(), "POST /o HTTP/1.1\r\nHost: h:1\r\nA: b\r\nContent-Length: 2\r\n\r\nxy");
  out.clear();
  append_request(out, {"GET", "/", {{"host", "mine"}}, ""}, "h:1");
  EXPECT_EQ(out.view(), "GET / HTTP/1.1\r\nhost: mine\r\n\r\n");
  out.clear();
  append_response(out, {404, {}, "no"}, false, false);
  EXPECT_EQ(out.view(),
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
}

TEST(HttpWriter, refuses_messages_that_could_smuggle_in_another) {
  EXPECT_TRUE(writable(HttpRequest{"GET", "/a?b=c", {{"A", "b c"}}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"GET", "/a b", {}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"GET", "", {}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"G T", "/", {}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"GET", "/\r\nX: y", {}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"GET", "/", {{"A", "b\r\nX: y"}}, ""}));
  EXPECT_FALSE(writable(HttpRequest{"GET", "/", {{"A\r\n", "b"}}, ""}));
  EXPECT_FALSE(writable(HttpResponse{200, {{"A", "b\nc"}}, ""}));
}

TEST(Url, is_taken_apart_and_refused_with_the_reason) {
  const auto full = parse_url("wss://stream.binance.com:9443/stream?streams=a/b");
  EXPECT_TRUE(full->websocket && full->tls);
  EXPECT_EQ(full->host, "stream.binance.com");
  EXPECT_EQ(full->port, 9443);
  EXPECT_EQ(full->target, "/stream?streams=a/b");
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("https://h?q")->target, "/?q");
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("ws://[::1]:80/x")->host, "::1");
  EXPECT_EQ(parse_url("ftp://h").error(), UrlError::UnknownScheme);
  EXPECT_EQ(parse_url("http:///x").error(), UrlError::NoHost);
  EXPECT_EQ(parse_url("http://user@h").error(), UrlError::BadHost);
  EXPECT_EQ(parse_url("http://[::1").error(), UrlError::BadHost);
  EXPECT_EQ(parse_url("http://[zz]/").error(), UrlError::BadHost);
  for (const char* port :
       {"http://h:", "http://h:0", "http://h:65536", "http://h:1x", "http://h:-1"}) {
    EXPECT_EQ(parse_url(port).error(), UrlError::BadPort) << port;
  }
  EXPECT_EQ(parse_url("http://h/a b").error(), UrlError::BadTarget);
  EXPECT_EQ(parse_url("http://h/#f").error(), UrlError::BadTarget);
  EXPECT_EQ(host_header("h", 443, true), "h");
  EXPECT_EQ(host_header("h", 80, true), "h:80");
  EXPECT_EQ(host_header("::1", 81, false), "[::1]:81");
}

class Http : public testing::TestWithParam<bool> {
 protected:
  Http() { listen(); }
  void listen(std::uint16_t port = 0, const HttpLimits& limits = {}) {
    HttpServerOptions options;
    options.port = port;
    options.tls = dress.server();
    options.limits = limits;
    server = HttpServer::listen(reactor, handler, options).value();
  }
  void make_client(const HttpLimits& limits = {}) {
    HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = server->port();
    options.tls = dress.client();
    options.limits = limits;
    client = std::make_unique<HttpClient>(reactor, options);
  }
  // Puts the answer where it is awaited.
  HttpClient::Callback into(std::optional<Answer>& slot) {
    return [&slot](Answer answer) {
      EXPECT_FALSE(slot.has_value()) << "answered twice";
      slot = std::move(answer);
    };
  }
  Answer ask(const HttpRequest& request, Duration timeout = seconds(9)) {
    std::optional<Answer> slot;
    client->request(request, timeout, into(slot));
    EXPECT_TRUE(run_until(reactor, [&] { return slot.has_value(); }));
    return std::move(*slot);
  }

  Dress dress{GetParam()};
  Reactor reactor;
  RecordingHandler handler;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
};

INSTANTIATE_TEST_SUITE_P(, Http, testing::Bool(),
                         [](const auto& info) { return info.param ? "tls" : "plain"; });

TEST_P(Http, carries_a_request_with_its_headers_and_body_and_the_answer_with_its_own) {
  handler.answer = [](const HttpRequest& request, const Responder& to) {
    EXPECT_EQ(*request.header("X-Key"), "k");
    to.respond({418, {{"X-Weight", "7"}}, request.target + "|" + request.body});
  };
  make_client();
  const Answer answer = ask({"POST", "/order?x=1", {{"X-Key", "k"}}, "body"});
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(*answer->header("x-weight"), "7");
  EXPECT_EQ(answer->body, "/order?x=1|body");
}

TEST_P(Http, keeps_the_connection_and_queues_requests_in_order) {
  make_client();
  client->warm();
  ASSERT_TRUE(run_until(reactor, [&] { return client->connected(); }));
  std::vector<std::string> bodies;
  for (int i = 0; i < 20; ++i) {
    client->request({"GET", "/" + std::to_string(i), {}, ""}, seconds(9),
                    [&](const Answer& answer) { bodies.push_back(answer->body); });
  }
  EXPECT_EQ(client->pending(), 20u);
  ASSERT_TRUE(run_until(reactor, [&] { return bodies.size() == 20; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(bodies[i], "GET /" + std::to_string(i) + " ");
  EXPECT_EQ(server->connections(), 1u);
  EXPECT_TRUE(client->connected());
  EXPECT_EQ(client->pending(), 0u);
}

TEST_P(Http, carries_large_bodies_both_ways) {
  listen(0, {.body_max = 8'000'000});
  handler.answer = [](const HttpRequest& request, const Responder& to) {
    to.respond({200, {}, std::string(request.body.rbegin(), request.body.rend())});
  };
  make_client();
  std::string body(5'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 11);
  const Answer answer = ask({"POST", "/", {}, body});
  EXPECT_TRUE(answer->body == std::string(body.rbegin(), body.rend()));
}

TEST_P(Http, answers_head_without_a_body_and_goes_on) {
  make_client();
  const Answer head = ask({"HEAD", "/h", {}, ""});
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(ask({"GET", "/g", {}, ""})->body, "GET /g ");
  EXPECT_EQ(server->connections(), 1u);
}

TEST_P(Http, lets_the_server_answer_late_and_only_once) {
  std::vector<Responder> waiting;
  handler.answer = [&](const HttpRequest&, const Responder& to) { waiting.push_back(to); };
  make_client();
  std::optional<Answer> slot;
  client->request({"GET", "/", {}, ""}, seconds(9), into(slot));
  ASSERT_TRUE(run_until(reactor, [&] { return waiting.size() == 1; }));
  run_for(reactor, milliseconds(5));
  EXPECT_FALSE(slot.has_value());
  EXPECT_TRUE(waiting[0].respond({200, {}, "late"}));
  EXPECT_FALSE(waiting[0].respond({200, {}, "again"}));
  ASSERT_TRUE(run_until(reactor, [&] { return slot.has_value(); }));
  EXPECT_EQ((*slot)->body, "late");
  handler.answer = [](const HttpRequest&, const Responder& to) { to.respond({200, {}, "next"}); };
  EXPECT_EQ(ask({"GET", "/", {}, ""})->body, "next");
  EXPECT_FALSE(waiting[0].respond({200, {}, "to a request long answered"}));
}

TEST_P(Http, says_timed_out_when_the_request_left_and_not_sent_for_those_that_waited_behind_it) {
  std::vector<Responder> waiting;
  handler.answer = [&](const HttpRequest&, const Responder& to) { waiting.push_back(to); };
  make_client();
  std::optional<Answer> first, second, third;
  client->request({"GET", "/1", {}, ""}, milliseconds(80), into(first));
  client->request({"GET", "/2", {}, ""}, milliseconds(40), into(second));
  client->request({"GET", "/3", {}, ""}, seconds(9), into(third));
  ASSERT_TRUE(run_until(reactor, [&] { return first && second; }));
  EXPECT_EQ(second->error(), TransportError::NotSent);
  EXPECT_EQ(first->error(), TransportError::TimedOut);
  EXPECT_FALSE(third.has_value());
  // The third goes over a new connection, so the first's late answer cannot become its own.
  ASSERT_TRUE(run_until(reactor, [&] { return waiting.size() == 2; }));
  waiting[0].respond({200, {}, "late"});
  waiting[1].respond({200, {}, "third"});
  ASSERT_TRUE(run_until(reactor, [&] { return third.has_value(); }));
  EXPECT_EQ((*third)->body, "third");
  ASSERT_EQ(handler.requests.size(), 2u) << "what timed out in the queue was never sent";
  EXPECT_EQ(handler.requests[1].target, "/3");
}

TEST_P(Http, says_not_sent_when_nobody_listens_and_connection_lost_when_the_server_cuts_it) {
  make_client();
  handler.answer = [](const HttpRequest&, const Responder& to) { to.reset(); };
  std::optional<Answer> slot;
  EXPECT_EQ(ask({"GET", "/", {}, ""}).error(), TransportError::ConnectionLost);
  EXPECT_EQ(client->last_close(), CloseReason::Reset);
  server.reset();
  EXPECT_EQ(ask({"GET", "/", {}, ""}).error(), TransportError::NotSent);
  EXPECT_EQ(client->last_close(), CloseReason::NotConnected);
}

TEST_P(Http, reconnects_after_an_idle_connection_was_closed) {
  make_client();
  EXPECT_TRUE(ask({"GET", "/", {}, ""}).ok());
  const std::uint16_t port = server->port();
  server.reset();
  ASSERT_TRUE(run_until(reactor, [&] { return !client->connected(); }));
  listen(port);
  EXPECT_TRUE(ask({"GET", "/", {}, ""}).ok());
}

TEST_P(Http, opens_a_new_connection_after_a_connection_close_in_either_direction) {
  make_client();
  EXPECT_TRUE(ask({"GET", "/", {{"Connection", "close"}}, ""}).ok());
  EXPECT_TRUE(ask({"GET", "/", {}, ""}).ok());
  ASSERT_TRUE(run_until(reactor, [&] { return server->connections() == 1; }));
}

TEST_P(Http, refuses_an_unwritable_request_as_not_sent_from_poll) {
  make_client();
  std::optional<Answer> slot;
  client->request({"GET", "/\r\nX: y", {}, ""}, seconds(9), into(slot));
  EXPECT_FALSE(slot.has_value());
  ASSERT_TRUE(run_until(reactor, [&] { return slot.has_value(); }));
  EXPECT_EQ(slot->error(), TransportError::NotSent);
}

TEST_P(Http, gives_up_on_an_answer_past_the_limit) {
  handler.answer = [](const HttpRequest&, const Responder& to) {
    to.respond({200, {}, std::string(2000, 'x')});
  };
  make_client({.body_max = 1000});
  EXPECT_EQ(ask({"GET", "/", {}, ""}).error(), TransportError::TooLarge);
}

TEST_P(Http, client_may_be_destroyed_from_within_a_callback_with_requests_waiting) {
  make_client();
  int calls = 0;
  for (int i = 0; i < 3; ++i) {
    client->request({"GET", "/", {}, ""}, seconds(9), [&](const Answer&) {
      ++calls;
      client.reset();
    });
  }
  ASSERT_TRUE(run_until(reactor, [&] { return client == nullptr; }));
  run_for(reactor, milliseconds(5));
  EXPECT_EQ(calls, 1);
}

TEST_P(Http, callbacks_may_ask_again) {
  make_client();
  int left = 5;
  std::function<void(Answer)> again = [&](const Answer& answer) {
    EXPECT_TRUE(answer.ok());
    if (--left > 0) client->request({"GET", "/", {}, ""}, seconds(9), again);
  };
  client->request({"GET", "/", {}, ""}, seconds(9), again);
  ASSERT_TRUE(run_until(reactor, [&] { return left == 0; }));
  EXPECT_EQ(server->connections(), 1u);
}

// A server that says exactly these bytes to whatever it is asked, and then perhaps ends.
struct Parrot final : StreamListener {
  std::string says;
  bool ends = false;
  std::unique_ptr<Stream> stream;
  void on_open() override {}
  void on_bytes() override {
    stream->consume(stream->received().size());
    stream->write(says);
    if (ends) stream->finish();
  }
  void on_close(CloseReason) override {}
};

struct ParrotServer final : Handler {
  Reactor& reactor;
  Listening listening;
  Parrot parrot;
  explicit ParrotServer(Reactor& r) : reactor(r) {
    reactor.add(listening.fd, Interest::Read, *this);
  }
  ~ParrotServer() override { reactor.remove(listening.fd); }
  void on_ready(Ready) override {
    const int accepted = ::accept4(listening.fd, nullptr, nullptr, SOCK_NONBLOCK);
    ASSERT_GE(accepted, 0);
    parrot.stream = std::make_unique<Stream>(reactor, parrot);
    parrot.stream->adopt(accepted, nullptr);
  }
};

HttpClientOptions at(std::uint16_t port) {
  HttpClientOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  return options;
}

Answer ask_parrot(const std::string& says, bool ends) {
  Reactor reactor;
  ParrotServer server(reactor);
  server.parrot.says = says;
  server.parrot.ends = ends;
  HttpClient client(reactor, at(server.listening.port));
  std::optional<Answer> slot;
  client.request({"GET", "/", {}, ""}, seconds(9), [&](const Answer& answer) { slot = answer; });
  EXPECT_TRUE(run_until(reactor, [&] { return slot.has_value(); }));
  return std::move(*slot);
}

TEST(HttpClient, takes_a_body_that_ends_with_the_connection) {
  EXPECT_EQ(ask_parrot("HTTP/1.1 200 OK\r\n\r\nuntil the end", true)->body, "until the end");
}

TEST(HttpClient, names_what_is_wrong_with_an_answer) {
  EXPECT_EQ(ask_parrot("SSH-2.0-OpenSSH\r\n\r\n", false).error(), TransportError::Malformed);
  EXPECT_EQ(ask_parrot("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", true).error(),
            TransportError::ConnectionLost);
  EXPECT_EQ(ask_parrot("", true).error(), TransportError::ConnectionLost);
}

TEST(HttpClient, never_takes_unasked_bytes_for_the_answer_to_the_next_request) {
  Reactor reactor;
  ParrotServer server(reactor);
  server.parrot.says =
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: "
      "5\r\n\r\nextra";
  HttpClient client(reactor, at(server.listening.port));
  std::vector<std::string> bodies;
  const auto take = [&](const Answer& answer) { bodies.push_back(answer->body); };
  client.request({"GET", "/1", {}, ""}, seconds(9), take);
  ASSERT_TRUE(run_until(reactor, [&] { return bodies.size() == 1; }));
  client.request({"GET", "/2", {}, ""}, seconds(9), take);
  ASSERT_TRUE(run_until(reactor, [&] { return bodies.size() == 2; }));
  EXPECT_THAT(bodies, testing::ElementsAre("one", "one"));
}

}  // namespace
}  // namespace ats::io
