// TLS 1.2 and later over a non-blocking socket (OpenSSL 3). Only tls.cpp sees OpenSSL's headers.
//
// Invariants:
//  - A client always verifies the peer's certificate chain and that it is meant for the host asked for.
//    There is no switch to turn that off: a private authority is trusted by naming its CA file.
//  - A connection that ends without TLS's own goodbye is reported as Broken, never as an orderly end,
//    so that nobody mistakes a cut-off answer for a whole one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace ats::io {

enum class TlsError : std::uint8_t {
  BadCaFile,           // cannot be read or holds no certificate
  BadCertificateFile,  // PEM chain
  BadKeyFile,          // PEM private key
  KeyMismatch,         // the key is not the certificate's
};
const char* name(TlsError error);

// When the first of the certificates in a PEM file ends.
Result<WallTime, TlsError> certificates_end(const std::string& file);

// Settings shared by many connections; copies share one context. Outlived by nothing it is used for.
class TlsContext {
 public:
  // `ca_file`: PEM certificates to trust instead of the system's; empty: the system's.
  static Result<TlsContext, TlsError> client(const std::string& ca_file = {});
  static Result<TlsContext, TlsError> server(const std::string& certificate_file,
                                             const std::string& key_file);
  bool is_server() const { return server_; }

 private:
  friend class TlsSession;
  explicit TlsContext(bool server);
  std::shared_ptr<ssl_ctx_st> context_;
  bool server_ = false;
};

enum class TlsStep : std::uint8_t {
  Done,       // handshake finished, or bytes were read / written
  WantRead,   // nothing more until the socket is readable
  WantWrite,  // nothing more until the socket is writable
  Ended,      // the peer said goodbye in order
  Broken,     // the connection went away beneath TLS
  Rejected,   // the peer's certificate is not to be trusted for this host
  Failed,     // a TLS protocol error on either side
};

// One connection's TLS. The descriptor stays the caller's and must outlive the session.
class TlsSession {
 public:
  // `host`: what the certificate must be for, and the server name sent; ignored on the server's side.
  TlsSession(const TlsContext& context, int fd, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  TlsStep handshake();
  // Decrypts at most one record into `out`.
  TlsStep read(char* out, std::size_t room, std::size_t& got);
  // May take only part. After WantWrite the same bytes must be offered again first.
  TlsStep write(const char* bytes, std::size_t size, std::size_t& taken);
  // Bytes taken off the socket are waiting inside: read() again before waiting for the socket.
  bool pending() const;
  // Says goodbye if the socket takes it at once.
  void goodbye();

 private:
  TlsStep step_of(int result);
  ssl_st* ssl_;
  int fd_;
};

}  // namespace ats::io
