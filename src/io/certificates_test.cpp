#include "io/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace ats::io {
namespace {

using ::testing::ElementsAre;
constexpr WallTime now{1'800'000'000'000'000'000};
constexpr Duration year = hours(24 * 365);

struct Parsed {
  explicit Parsed(const std::string& pem) {
    BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO_free(in);
  }
  ~Parsed() { X509_free(certificate); }
  X509* certificate;
};

// What OpenSSL's verifier says: as a server or a client, under that host.
std::string verdict(const std::string& authority, const std::string& certificate, bool server,
                    const char* host, WallTime at = now) {
  const Parsed root(authority), leaf(certificate);
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, root.certificate);
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.certificate, nullptr);
  X509_STORE_CTX_set_purpose(context, server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM* const rule = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(rule, at.ns_utc / 1'000'000'000);
  X509_VERIFY_PARAM_set_flags(rule, X509_V_FLAG_X509_STRICT);
  if (host != nullptr && X509_VERIFY_PARAM_set1_ip_asc(rule, host) != 1)
    X509_VERIFY_PARAM_set1_host(rule, host, 0);
  const bool good = X509_verify_cert(context) == 1;
  const std::string out =
      good ? "good" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return out;
}

TEST(Certificates, AServersIsBelievedUnderItsNamesAndNoOther) {
  const auto authority = make_authority("ATS", now, year * 10);
  ASSERT_TRUE(authority);
  const auto server =
      issue_certificate(authority->certificate, authority->key,
                        {"server", {}, {"ats.example.org", "10.0.0.5", "::1"}}, now, year);
  ASSERT_TRUE(server);
  for (const char* host : {"ats.example.org", "10.0.0.5", "::1"})
    EXPECT_EQ(verdict(authority->certificate, server->certificate, true, host), "good") << host;
  EXPECT_EQ(verdict(authority->certificate, server->certificate, true, "example.org"),
            "hostname mismatch");
  EXPECT_EQ(verdict(authority->certificate, server->certificate, true, "10.0.0.6"),
            "IP address mismatch");
  EXPECT_EQ(verdict(authority->certificate, server->certificate, true, nullptr, now + year),
            "certificate has expired");
  const auto other = make_authority("ATS", now, year * 10);
  EXPECT_NE(verdict(other->certificate, server->certificate, true, "10.0.0.5"), "good");
}

TEST(Certificates, AClientsSaysWhoAndWithWhichRolesAndServesNothing) {
  const auto authority = make_authority("ATS", now, year * 10);
  const auto client = issue_certificate(authority->certificate, authority->key,
                                        {"알리스, a,O=x", {"trader", "viewer"}, {}}, now, year);
  ASSERT_TRUE(client);
  const auto facts = read_certificate(client->certificate);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "알리스, a,O=x");
  EXPECT_THAT(facts->roles, ElementsAre("trader", "viewer"));
  EXPECT_EQ(facts->issuer, "ATS");
  EXPECT_FALSE(facts->authority);
  EXPECT_EQ(facts->ends, now + year);
  EXPECT_EQ(verdict(authority->certificate, client->certificate, false, nullptr), "good");
  EXPECT_NE(verdict(authority->certificate, client->certificate, true, nullptr), "good");
}

TEST(Certificates, WhatAnAuthoritySignedSignsNothing) {
  const auto authority = make_authority("ATS", now, year * 10);
  const auto client = issue_certificate(authority->certificate, authority->key,
                                        {"alice", {"admin"}, {}}, now, year);
  const auto below =
      issue_certificate(client->certificate, client->key, {"mallory", {"admin"}, {}}, now, year);
  ASSERT_TRUE(below);
  EXPECT_NE(verdict(authority->certificate, below->certificate, false, nullptr), "good");
}

TEST(Certificates, ARenewedOneIsTheSameForLonger) {
  const auto authority = make_authority("ATS", now, year * 10);
  const auto server = issue_certificate(authority->certificate, authority->key,
                                        {"server", {"engine"}, {"localhost"}}, now, year);
  const WallTime later = now + year;
  const auto renewed = renew_certificate(authority->certificate, authority->key,
                                         server->certificate, server->key, later, year);
  ASSERT_TRUE(renewed);
  const auto facts = read_certificate(*renewed);
  EXPECT_EQ(facts->name, "server");
  EXPECT_THAT(facts->roles, ElementsAre("engine"));
  EXPECT_THAT(facts->hosts, ElementsAre("localhost"));
  EXPECT_EQ(facts->ends, later + year);
  EXPECT_EQ(verdict(authority->certificate, *renewed, true, "localhost", later), "good");
}

TEST(Certificates, NothingIsGoodForLongerThanItsAuthority) {
  const auto authority = make_authority("ATS", now, year);
  const auto client =
      issue_certificate(authority->certificate, authority->key, {"alice", {}, {}}, now, year * 10);
  EXPECT_EQ(read_certificate(client->certificate)->ends, now + year);
  const auto late = issue_certificate(authority->certificate, authority->key, {"alice", {}, {}},
                                      now + year, year);
  EXPECT_EQ(late.error(), CertificateError::Expired);
}

TEST(Certificates, WhatIsWrongIsNamed) {
  const auto authority = make_authority("ATS", now, year);
  const auto other = make_authority("ATS", now, year);
  const auto issue = [&](const CertificateWish& wish) {
    const auto made = issue_certificate(authority->certificate, authority->key, wish, now, year);
    return made ? CertificateError::Failed : made.error();
  };
  EXPECT_EQ(issue({"", {}, {}}), CertificateError::BadWish);
  EXPECT_EQ(issue({std::string(65, 'x'), {}, {}}), CertificateError::BadWish);
  EXPECT_EQ(issue({"a\nb", {}, {}}), CertificateError::BadWish);
  EXPECT_EQ(issue({"a", {}, {"a b"}}), CertificateError::BadWish);
  EXPECT_EQ(issue({"a", {}, {"x,DNS:y"}}), CertificateError::BadWish);
  EXPECT_EQ(issue_certificate(authority->certificate, other->key, {"a", {}, {}}, now, year).error(),
            CertificateError::KeyMismatch);
  EXPECT_EQ(issue_certificate("x", other->key, {"a", {}, {}}, now, year).error(),
            CertificateError::NotACertificate);
  EXPECT_EQ(read_certificate("").error(), CertificateError::NotACertificate);
}

}  // namespace
}  // namespace ats::io
