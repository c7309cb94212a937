#include "raw_sender.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "io/websocket.hpp"

namespace ats::bench {

namespace {

namespace fs = std::filesystem;

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "ats_bench: raw sender: %s failed\n", what);
  std::abort();
}

template <class Write>
void write_pem(const std::string& path, const Write& write) {
  FILE* file = std::fopen(path.c_str(), "w");
  must(file != nullptr && write(file) == 1 && std::fclose(file) == 0, "writing a PEM file");
}

}  // namespace

BenchCertificate::BenchCertificate() {
  std::string pattern = (fs::temp_directory_path() / "ats_bench_tls_XXXXXX").string();
  must(mkdtemp(pattern.data()) != nullptr, "a temporary folder");
  folder_ = pattern;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 24L * 3600);
  X509_set_pubkey(x509.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(x509.get());
  const std::string name = "ats bench";
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  for (const auto& [nid, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                   std::pair{NID_subject_alt_name, "IP:127.0.0.1"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    must(extension != nullptr, "a certificate's extension");
    X509_add_ext(x509.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  must(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0, "signing a certificate");
  write_pem(certificate_file(), [&](FILE* file) { return PEM_write_X509(file, x509.get()); });
  write_pem(key_file(), [&](FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

BenchCertificate::~BenchCertificate() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

struct RawSender::Impl {
  int listening = -1;
  int fd = -1;
  std::uint16_t port = 0;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;

  std::size_t read_some(char* out, std::size_t room) const {
    if (ssl == nullptr) {
      const auto n = ::recv(fd, out, room, MSG_DONTWAIT);
      must(n > 0 || (n < 0 && errno == EAGAIN), "receiving");
      return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    const int n = SSL_read(ssl, out, static_cast<int>(room));
    must(n > 0 || SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ, "receiving over TLS");
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
};

RawSender::RawSender(const BenchCertificate* certificate) : impl_(std::make_unique<Impl>()) {
  impl_->listening = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  must(::bind(impl_->listening, generic, size) == 0 && ::listen(impl_->listening, 1) == 0 &&
           getsockname(impl_->listening, generic, &size) == 0,
       "listening");
  impl_->port = ntohs(address.sin_port);
  if (certificate == nullptr) return;
  impl_->context = SSL_CTX_new(TLS_server_method());
  must(impl_->context != nullptr &&
           SSL_CTX_use_certificate_file(impl_->context, certificate->certificate_file().c_str(),
                                        SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_use_PrivateKey_file(impl_->context, certificate->key_file().c_str(),
                                       SSL_FILETYPE_PEM) == 1,
       "loading the certificate");
  SSL_CTX_set_num_tickets(impl_->context, 0);
}

RawSender::~RawSender() {
  if (impl_->ssl != nullptr) SSL_free(impl_->ssl);
  if (impl_->context != nullptr) SSL_CTX_free(impl_->context);
  if (impl_->fd >= 0) ::close(impl_->fd);
  ::close(impl_->listening);
}

std::uint16_t RawSender::port() const { return impl_->port; }

void RawSender::open(WebSocketReader& client) {
  while (impl_->fd < 0) {
    client.poll();
    impl_->fd = ::accept4(impl_->listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }
  const int on = 1;
  setsockopt(impl_->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (impl_->context != nullptr) {
    impl_->ssl = SSL_new(impl_->context);
    SSL_set_fd(impl_->ssl, impl_->fd);
    SSL_set_accept_state(impl_->ssl);
    while (SSL_do_handshake(impl_->ssl) != 1) client.poll();
  }
  std::string request;
  while (!request.ends_with("\r\n\r\n")) {
    client.poll();
    char chunk[4096];
    request.append(chunk, impl_->read_some(chunk, sizeof chunk));
  }
  const std::string field = "Sec-WebSocket-Key: ";
  const std::string key = request.substr(request.find(field) + field.size(), 24);
  send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      io::websocket_accept(key) + "\r\n\r\n");
  while (!client.open()) client.poll();
}

void RawSender::send(std::string_view bytes) {
  if (impl_->ssl == nullptr) {
    must(::send(impl_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(bytes.size()),
         "sending");
    return;
  }
  must(SSL_write(impl_->ssl, bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size()),
       "sending over TLS");
}

std::size_t RawSender::receive() {
  char chunk[4096];
  return impl_->read_some(chunk, sizeof chunk);
}

std::string server_frame(std::string_view text) {
  std::string out(io::frame_size(text.size(), false), '\0');
  io::write_frame(out.data(), io::Opcode::Text, text, nullptr);
  return out;
}

}  // namespace ats::bench
