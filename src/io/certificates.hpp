// An authority of one's own and the certificates it gives: for a server by the names it is reached by, for a client by its name
// and roles (services/grpc_caller.hpp reads both). ECDSA over P-256, X.509 version 3, PEM.
//
// Invariants: a private key leaves in a Secret alone. What an authority signs is no authority itself, and is good no
// longer than the authority.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "security/secret.hpp"

namespace ats::io {

struct CertificateWish {
  std::string name;                // common name
  std::vector<std::string> roles;  // organisational units
  std::vector<std::string> hosts;  // names and addresses; empty: it is a client's alone
};

struct CertificateMade {
  std::string certificate;  // PEM
  security::Secret key;     // PEM (PKCS #8)
};

// What a certificate says of itself.
struct CertificateFacts {
  std::string name, issuer;
  std::vector<std::string> roles, hosts;
  bool authority = false;
  WallTime begins, ends;
};

enum class CertificateError : std::uint8_t {
  NotACertificate,
  NotAKey,
  KeyMismatch,  // it is not the key of that certificate
  BadWish,      // a name that is too long, or empty; a host that is none
  Expired,      // the authority
  Failed,       // OpenSSL could not, for a reason of its own
};
const char* name(CertificateError error);

Result<CertificateMade, CertificateError> make_authority(const std::string& name, WallTime now,
                                                         Duration life);
Result<CertificateMade, CertificateError> issue_certificate(std::string_view authority,
                                                            const security::Secret& authority_key,
                                                            const CertificateWish& wish,
                                                            WallTime now, Duration life);
// The same again for the same key: name, roles and hosts stay.
Result<std::string, CertificateError> renew_certificate(std::string_view authority,
                                                        const security::Secret& authority_key,
                                                        std::string_view certificate,
                                                        const security::Secret& key, WallTime now,
                                                        Duration life);
Result<CertificateFacts, CertificateError> read_certificate(std::string_view pem);

}  // namespace ats::io
