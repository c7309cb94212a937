// What the transport's tests share: waiting with a limit, a server that records, certificates made on the
// spot. Tests only.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/clock.hpp"
#include "io/reactor.hpp"
#include "io/server.hpp"
#include "io/tls.hpp"
#include "io/websocket.hpp"

namespace ats::io {

// False when it did not come true within ten seconds: then something is stuck.
template <class Predicate>
bool run_until(Reactor& reactor, Predicate done) {
  const Instant limit = OsClock::now() + seconds(10);
  while (!done()) {
    if (OsClock::now() > limit) return false;
    reactor.poll(milliseconds(20));
  }
  return true;
}

inline void run_for(Reactor& reactor, Duration duration) {
  const Instant end = OsClock::now() + duration;
  while (OsClock::now() < end) reactor.poll(milliseconds(1));
}

// A listening socket on loopback, driven by hand so that a test decides when to accept.
struct Listening {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
  Listening() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd, generic, size), 0);
    EXPECT_EQ(::listen(fd, 8), 0);
    EXPECT_EQ(getsockname(fd, generic, &size), 0);
    port = ntohs(address.sin_port);
  }
  ~Listening() { ::close(fd); }
  // Waits for a connection, running the reactor meanwhile.
  int accept(Reactor& reactor) {
    int accepted = -1;
    EXPECT_TRUE(run_until(reactor, [&] {
      accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
      return accepted >= 0;
    }));
    return accepted;
  }
};

// A self-signed certificate and its key as PEM files in a directory of their own.
class TestCertificate {
 public:
  // `names` as in X.509's subjectAltName: "DNS:localhost,IP:127.0.0.1".
  explicit TestCertificate(const std::string& names) {
    std::string pattern = (std::filesystem::path(testing::TempDir()) / "ats-tls-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 24 * 3600);
    X509_set_pubkey(x509.get(), key.get());
    X509_NAME* subject = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("ats test"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), subject);
    extend(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(x509.get(), NID_subject_alt_name, names);
    EXPECT_GT(X509_sign(x509.get(), key.get(), EVP_sha256()), 0);
    write(certificate_file(), [&](FILE* f) { return PEM_write_X509(f, x509.get()); });
    write(key_file(), [&](FILE* f) {
      return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~TestCertificate() { std::filesystem::remove_all(directory_); }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string certificate_file() const { return directory_ + "/certificate.pem"; }
  std::string key_file() const { return directory_ + "/key.pem"; }
  std::string missing_file() const { return directory_ + "/missing.pem"; }

 private:
  static void extend(X509* x509, int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    ASSERT_NE(extension, nullptr);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static void write(const std::string& path, const std::function<int(FILE*)>& pem) {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(pem(file), 1);
    std::fclose(file);
  }
  std::string directory_;
};

// Both dresses of every connection: the tests that take one run plain and over TLS.
class Dress {
 public:
  explicit Dress(bool tls) {
    if (!tls) return;
    certificate_ = std::make_unique<TestCertificate>("DNS:localhost,IP:127.0.0.1");
    server_ = std::make_unique<TlsContext>(
        TlsContext::server(certificate_->certificate_file(), certificate_->key_file()).value());
    client_ =
        std::make_unique<TlsContext>(TlsContext::client(certificate_->certificate_file()).value());
  }
  const TlsContext* server() const { return server_.get(); }
  const TlsContext* client() const { return client_.get(); }

 private:
  std::unique_ptr<TestCertificate> certificate_;
  std::unique_ptr<TlsContext> server_;
  std::unique_ptr<TlsContext> client_;
};

// Records what happens; answers as the test's functions say.
struct RecordingHandler final : ServerHandler {
  std::function<void(const HttpRequest&, const Responder&)> answer = [](const HttpRequest& r,
                                                                        const Responder& to) {
    to.respond({200, {}, r.method + " " + r.target + " " + r.body});
  };
  std::function<std::optional<HttpResponse>(const HttpRequest&)> gate = [](const HttpRequest&) {
    return std::nullopt;
  };
  std::function<void(SessionId, Opcode, std::string_view)> react = [](SessionId, Opcode,
                                                                      std::string_view) {};
  std::function<void(SessionId)> greet = [](SessionId) {};
  std::vector<HttpRequest> requests;
  std::vector<std::pair<SessionId, std::string>> opened;
  std::vector<std::string> messages;
  std::vector<std::pair<SessionId, WsClosed>> closed;

  void on_request(const HttpRequest& request, Responder responder) override {
    requests.push_back(request);
    answer(request, responder);
  }
  std::optional<HttpResponse> on_upgrade(const HttpRequest& request) override {
    requests.push_back(request);
    return gate(request);
  }
  void on_open(SessionId session, std::string_view target) override {
    opened.emplace_back(session, target);
    greet(session);
  }
  void on_message(SessionId session, Opcode kind, std::string_view payload, Instant) override {
    messages.emplace_back(payload);
    react(session, kind, payload);
  }
  void on_close(SessionId session, const WsClosed& why) override {
    closed.emplace_back(session, why);
  }
};

struct RecordingClient final : WsListener {
  bool open = false;
  std::vector<std::string> messages;
  std::vector<Opcode> kinds;
  std::vector<std::string> pongs;
  std::vector<WsClosed> closed;
  std::function<void(std::string_view)> react = [](std::string_view) {};
  std::function<void()> when_closed = [] {};

  void on_open() override { open = true; }
  void on_message(Opcode kind, std::string_view payload, Instant) override {
    kinds.push_back(kind);
    messages.emplace_back(payload);
    react(payload);
  }
  void on_pong(std::string_view payload) override { pongs.emplace_back(payload); }
  void on_closed(const WsClosed& why) override {
    closed.push_back(why);
    when_closed();
  }
};

}  // namespace ats::io
