#include "io/tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/assert.hpp"
#include "io/net_address.hpp"

namespace ats::io {

namespace {

// One receive takes as many records as have arrived, up to this.
constexpr std::size_t read_ahead = 64 * 1024;

// OpenSSL's own socket BIO uses write(2), which raises SIGPIPE when the peer has gone; this one does not.
int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const int* fd = static_cast<const int*>(BIO_get_data(bio));
  const auto n = ::send(*fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* out, int room) {
  BIO_clear_retry_flags(bio);
  const int* fd = static_cast<const int*>(BIO_get_data(bio));
  const auto n = ::recv(*fd, out, static_cast<std::size_t>(room), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_ctrl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

struct SocketBio {
  BIO_METHOD* method;
  SocketBio() : method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket")) {
    ATS_ASSERT(method != nullptr);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
  }
  ~SocketBio() { BIO_meth_free(method); }
};

BIO_METHOD* socket_bio() {
  static const SocketBio bio;
  return bio.method;
}

}  // namespace

const char* name(TlsError error) {
  switch (error) {
    case TlsError::BadCaFile:
      return "CA file cannot be read or holds no certificate";
    case TlsError::BadCertificateFile:
      return "certificate file cannot be read";
    case TlsError::BadKeyFile:
      return "key file cannot be read";
    case TlsError::KeyMismatch:
      return "the key is not the certificate's";
  }
  return "?";
}

Result<WallTime, TlsError> certificates_end(const std::string& file) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), BIO_free);
  std::optional<WallTime> first;
  while (in) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    // Days and seconds from the beginning of time, so that no time zone comes into it.
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> epoch(ASN1_TIME_set(nullptr, 0),
                                                                      ASN1_TIME_free);
    int days = 0, rest = 0;
    if (!epoch ||
        ASN1_TIME_diff(&days, &rest, epoch.get(), X509_get0_notAfter(certificate.get())) != 1)
      return fail(TlsError::BadCertificateFile);
    const WallTime end{(std::int64_t{days} * 86'400 + rest) * 1'000'000'000};
    if (!first || end.ns_utc < first->ns_utc) first = end;
  }
  ERR_clear_error();  // the end of the file is one
  if (!first) return fail(TlsError::BadCertificateFile);
  return *first;
}

TlsContext::TlsContext(bool server)
    : context_(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), SSL_CTX_free),
      server_(server) {
  SSL_CTX* c = context_.get();
  ATS_ASSERT(c != nullptr);
  ATS_ASSERT(SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_default_read_buffer_len(c, read_ahead);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  if (server) SSL_CTX_set_num_tickets(c, 0);
}

Result<TlsContext, TlsError> TlsContext::client(const std::string& ca_file) {
  TlsContext context(false);
  SSL_CTX* c = context.context_.get();
  const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(c)
                                     : SSL_CTX_load_verify_locations(c, ca_file.c_str(), nullptr);
  ERR_clear_error();
  if (loaded != 1) return fail(TlsError::BadCaFile);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  return context;
}

Result<TlsContext, TlsError> TlsContext::server(const std::string& certificate_file,
                                                const std::string& key_file) {
  TlsContext context(true);
  SSL_CTX* c = context.context_.get();
  const bool certificate = SSL_CTX_use_certificate_chain_file(c, certificate_file.c_str()) == 1;
  const bool key =
      certificate && SSL_CTX_use_PrivateKey_file(c, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  // A readable key of another certificate is refused on loading already.
  const bool mismatch = !key && ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
  ERR_clear_error();
  if (!certificate) return fail(TlsError::BadCertificateFile);
  if (!key) return fail(mismatch ? TlsError::KeyMismatch : TlsError::BadKeyFile);
  return context;
}

TlsSession::TlsSession(const TlsContext& context, int fd, const std::string& host)
    : ssl_(SSL_new(context.context_.get())), fd_(fd) {
  ATS_ASSERT(ssl_ != nullptr);
  BIO* bio = BIO_new(socket_bio());
  ATS_ASSERT(bio != nullptr);
  BIO_set_data(bio, &fd_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (context.is_server()) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
  if (numeric_address(host, 0)) {
    ATS_ASSERT(X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1);
  } else {
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ATS_ASSERT(X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size()) == 1);
    std::string server_name = host;  // OpenSSL's macro casts constness away
    ATS_ASSERT(SSL_ctrl(ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                        server_name.data()) == 1);
  }
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsStep TlsSession::step_of(int result) {
  if (result > 0) return TlsStep::Done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return TlsStep::WantRead;
    case SSL_ERROR_WANT_WRITE:
      return TlsStep::WantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return TlsStep::Ended;
    case SSL_ERROR_SYSCALL:
      return TlsStep::Broken;
    default:
      break;
  }
  ERR_clear_error();
  if (SSL_get_verify_result(ssl_) != X509_V_OK) return TlsStep::Rejected;
  return TlsStep::Failed;
}

TlsStep TlsSession::handshake() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(ssl_));
}

TlsStep TlsSession::read(char* out, std::size_t room, std::size_t& got) {
  ERR_clear_error();
  got = 0;
  return step_of(SSL_read_ex(ssl_, out, room, &got));
}

TlsStep TlsSession::write(const char* bytes, std::size_t size, std::size_t& taken) {
  ERR_clear_error();
  taken = 0;
  return step_of(SSL_write_ex(ssl_, bytes, size, &taken));
}

bool TlsSession::pending() const { return SSL_has_pending(ssl_) == 1; }

void TlsSession::goodbye() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  ERR_clear_error();
}

}  // namespace ats::io
