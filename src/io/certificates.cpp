#include "io/certificates.hpp"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "io/secret_file.hpp"

namespace ats::io {
namespace {

using security::Secret;

struct Free {
  void operator()(BIO* one) const { BIO_free_all(one); }
  void operator()(X509* one) const { X509_free(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(X509_EXTENSION* one) const { X509_EXTENSION_free(one); }
  void operator()(GENERAL_NAMES* one) const { GENERAL_NAMES_free(one); }
  void operator()(GENERAL_NAME* one) const { GENERAL_NAME_free(one); }
  void operator()(ASN1_TIME* one) const { ASN1_TIME_free(one); }
  void operator()(BIGNUM* one) const { BN_free(one); }
  void operator()(unsigned char* one) const { OPENSSL_free(one); }
};
template <class T>
using Held = std::unique_ptr<T, Free>;

constexpr long version_3 = 2;
constexpr std::size_t name_most = 64;  // X.520's bound of a common name
constexpr std::size_t hosts_most = 32;
// Clocks of other machines may be behind.
constexpr Duration begins_before = hours(1);

Held<BIO> reading(std::string_view text) {
  return Held<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string all_of(BIO* from) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(from, &bytes);
  return size <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

Held<X509> parse_certificate(std::string_view pem) {
  Held<X509> out(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return out;
}

Held<EVP_PKEY> parse_key(const Secret& pem) {
  // Without a password nobody is asked for one.
  Held<EVP_PKEY> out(PEM_read_bio_PrivateKey(
      reading(pem.reveal()).get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  return out;
}

Held<EVP_PKEY> new_key() { return Held<EVP_PKEY>(EVP_EC_gen("P-256")); }

std::optional<Secret> key_text(EVP_PKEY* key) {
  const Held<BIO> out(BIO_new(BIO_s_secmem()));
  if (!out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return std::nullopt;
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return Secret::of({bytes, static_cast<std::size_t>(size)});
}

std::string certificate_text(X509* certificate) {
  const Held<BIO> out(BIO_new(BIO_s_mem()));
  return out && PEM_write_bio_X509(out.get(), certificate) == 1 ? all_of(out.get()) : std::string();
}

bool add_extension(X509* to, X509* authority, int kind, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, authority, to, nullptr, nullptr, 0);
  const Held<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

// Four or sixteen bytes; empty: it is no address.
std::string address_bytes(const std::string& host) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1)
    return {bytes.data(), sizeof(in6_addr)};
  return {};
}

bool is_host_name(const std::string& host) {
  constexpr std::size_t host_most = 253;
  return !host.empty() && host.size() <= host_most && host.front() != '.' && host.back() != '.' &&
         std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_' || c == '*';
         });
}

// Built up from values and not from a line of text, in which a comma would begin another name.
bool add_hosts(X509* to, const std::vector<std::string>& hosts) {
  const Held<GENERAL_NAMES> names(GENERAL_NAMES_new());
  for (const std::string& host : hosts) {
    Held<GENERAL_NAME> one(GENERAL_NAME_new());
    const std::string address = address_bytes(host);
    const std::string& bytes = address.empty() ? host : address;
    ASN1_STRING* const value = address.empty() ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    if (!one || value == nullptr ||
        ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1)
      return false;
    GENERAL_NAME_set0_value(one.get(), address.empty() ? GEN_DNS : GEN_IPADD, value);
    if (sk_GENERAL_NAME_push(names.get(), one.get()) == 0) return false;
    static_cast<void>(one.release());
  }
  return X509_add1_ext_i2d(to, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_name(X509_NAME* to, int kind, const std::string& text) {
  return X509_NAME_add_entry_by_NID(to, kind, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool set_serial(X509* to) {
  // Positive, and not to be guessed (CA/Browser Forum: 64 bits at least).
  std::array<std::uint8_t, 16> bytes{};
  fill_random(bytes);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7FU) | 0x40U);
  const Held<BIGNUM> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(to)) != nullptr;
}

bool set_times(X509* to, WallTime begins, WallTime ends) {
  constexpr std::int64_t second = 1'000'000'000;
  return ASN1_TIME_set(X509_getm_notBefore(to), begins.ns_utc / second) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(to), ends.ns_utc / second) != nullptr;
}

std::optional<WallTime> time_of(const ASN1_TIME* time) {
  const Held<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0, rest = 0;
  if (!epoch || ASN1_TIME_diff(&days, &rest, epoch.get(), time) != 1) return std::nullopt;
  return WallTime{(std::int64_t{days} * 86'400 + rest) * 1'000'000'000};
}

std::vector<std::string> texts_of(const X509_NAME* subject, int kind) {
  std::vector<std::string> out;
  for (int at = X509_NAME_get_index_by_NID(subject, kind, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, kind, at)) {
    unsigned char* bytes = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    const Held<unsigned char> kept(bytes);
    if (size >= 0)
      out.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  return out;
}

std::vector<std::string> hosts_of(const X509* certificate) {
  std::vector<std::string> out;
  const Held<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const auto* const value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind));
    const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                            static_cast<std::size_t>(ASN1_STRING_length(value)));
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (kind == GEN_DNS)
      out.push_back(bytes);
    else if (kind == GEN_IPADD && bytes.size() == sizeof(in_addr))
      out.emplace_back(::inet_ntop(AF_INET, bytes.data(), text.data(), text.size()));
    else if (kind == GEN_IPADD && bytes.size() == sizeof(in6_addr))
      out.emplace_back(::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()));
  }
  return out;
}

bool sound(const CertificateWish& wish) {
  const auto fits = [](const std::string& text) {
    return !text.empty() && text.size() <= name_most &&
           std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; });
  };
  return fits(wish.name) && std::ranges::all_of(wish.roles, fits) &&
         wish.hosts.size() <= hosts_most &&
         std::ranges::all_of(wish.hosts, [](const std::string& host) {
           return !address_bytes(host).empty() || is_host_name(host);
         });
}

struct Authority {
  Held<X509> certificate;
  Held<EVP_PKEY> key;
  WallTime ends;
};
Result<Authority, CertificateError> take_authority(std::string_view pem, const Secret& key,
                                                   WallTime now) {
  Authority out{parse_certificate(pem), parse_key(key), {}};
  if (!out.certificate) return fail(CertificateError::NotACertificate);
  if (!out.key) return fail(CertificateError::NotAKey);
  const bool pair = X509_check_private_key(out.certificate.get(), out.key.get()) == 1;
  ERR_clear_error();
  if (!pair) return fail(CertificateError::KeyMismatch);
  const auto ends = time_of(X509_get0_notAfter(out.certificate.get()));
  if (!ends || *ends <= now) return fail(CertificateError::Expired);
  out.ends = *ends;
  return out;
}

Result<std::string, CertificateError> sign(const Authority& authority, const CertificateWish& wish,
                                           EVP_PKEY* key, WallTime now, Duration life) {
  const Held<X509> made(X509_new());
  X509* const c = made.get();
  const WallTime ends = std::min(now + life, authority.ends);
  bool done = c != nullptr && X509_set_version(c, version_3) == 1 && set_serial(c) &&
              set_times(c, now + begins_before * -1, ends) && X509_set_pubkey(c, key) == 1 &&
              X509_set_issuer_name(c, X509_get_subject_name(authority.certificate.get())) == 1 &&
              add_name(X509_get_subject_name(c), NID_commonName, wish.name);
  for (const std::string& role : wish.roles)
    done = done && add_name(X509_get_subject_name(c), NID_organizationalUnitName, role);
  X509* const by = authority.certificate.get();
  done = done && add_extension(c, by, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(c, by, NID_key_usage, "critical,digitalSignature") &&
         // A process that serves asks others by the same certificate.
         add_extension(c, by, NID_ext_key_usage,
                       wish.hosts.empty() ? "clientAuth" : "serverAuth,clientAuth") &&
         add_extension(c, by, NID_subject_key_identifier, "hash") &&
         add_extension(c, by, NID_authority_key_identifier, "keyid:always") &&
         (wish.hosts.empty() || add_hosts(c, wish.hosts)) &&
         X509_sign(c, authority.key.get(), EVP_sha256()) > 0;
  std::string text = done ? certificate_text(c) : std::string();
  ERR_clear_error();
  if (text.empty()) return fail(CertificateError::Failed);
  return text;
}

}  // namespace

const char* name(CertificateError error) {
  switch (error) {
    case CertificateError::NotACertificate:
      return "not_a_certificate";
    case CertificateError::NotAKey:
      return "not_a_key";
    case CertificateError::KeyMismatch:
      return "key_mismatch";
    case CertificateError::BadWish:
      return "bad_wish";
    case CertificateError::Expired:
      return "expired";
    case CertificateError::Failed:
      return "failed";
  }
  return "?";
}

Result<CertificateMade, CertificateError> make_authority(const std::string& name, WallTime now,
                                                         Duration life) {
  if (!sound({name, {}, {}})) return fail(CertificateError::BadWish);
  const Held<EVP_PKEY> key = new_key();
  const Held<X509> made(X509_new());
  X509* const c = made.get();
  const bool done = key && c != nullptr && X509_set_version(c, version_3) == 1 && set_serial(c) &&
                    set_times(c, now + begins_before * -1, now + life) &&
                    X509_set_pubkey(c, key.get()) == 1 &&
                    add_name(X509_get_subject_name(c), NID_commonName, name) &&
                    X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
                    add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(c, c, NID_subject_key_identifier, "hash") &&
                    X509_sign(c, key.get(), EVP_sha256()) > 0;
  auto text = done ? key_text(key.get()) : std::nullopt;
  std::string certificate = done ? certificate_text(c) : std::string();
  ERR_clear_error();
  if (!text || certificate.empty()) return fail(CertificateError::Failed);
  return CertificateMade{std::move(certificate), *std::move(text)};
}

Result<CertificateMade, CertificateError> issue_certificate(std::string_view authority,
                                                            const Secret& authority_key,
                                                            const CertificateWish& wish,
                                                            WallTime now, Duration life) {
  if (!sound(wish)) return fail(CertificateError::BadWish);
  const auto by = take_authority(authority, authority_key, now);
  if (!by) return fail(by.error());
  const Held<EVP_PKEY> key = new_key();
  if (!key) return fail(CertificateError::Failed);
  auto certificate = sign(*by, wish, key.get(), now, life);
  if (!certificate) return fail(certificate.error());
  auto text = key_text(key.get());
  if (!text) return fail(CertificateError::Failed);
  return CertificateMade{*std::move(certificate), *std::move(text)};
}

Result<std::string, CertificateError> renew_certificate(std::string_view authority,
                                                        const Secret& authority_key,
                                                        std::string_view certificate,
                                                        const Secret& key, WallTime now,
                                                        Duration life) {
  const auto by = take_authority(authority, authority_key, now);
  if (!by) return fail(by.error());
  const auto facts = read_certificate(certificate);
  if (!facts) return fail(facts.error());
  const Held<EVP_PKEY> pair = parse_key(key);
  if (!pair) return fail(CertificateError::NotAKey);
  const bool matches =
      X509_check_private_key(parse_certificate(certificate).get(), pair.get()) == 1;
  ERR_clear_error();
  if (!matches) return fail(CertificateError::KeyMismatch);
  return sign(*by, {facts->name, facts->roles, facts->hosts}, pair.get(), now, life);
}

Result<CertificateFacts, CertificateError> read_certificate(std::string_view pem) {
  const Held<X509> certificate = parse_certificate(pem);
  if (!certificate) return fail(CertificateError::NotACertificate);
  CertificateFacts out;
  const auto first = [](std::vector<std::string> all) {
    return all.empty() ? std::string() : std::move(all.front());
  };
  out.name = first(texts_of(X509_get_subject_name(certificate.get()), NID_commonName));
  out.issuer = first(texts_of(X509_get_issuer_name(certificate.get()), NID_commonName));
  out.roles = texts_of(X509_get_subject_name(certificate.get()), NID_organizationalUnitName);
  out.hosts = hosts_of(certificate.get());
  out.authority = X509_check_ca(certificate.get()) == 1;
  const auto begins = time_of(X509_get0_notBefore(certificate.get()));
  const auto ends = time_of(X509_get0_notAfter(certificate.get()));
  if (!begins || !ends) return fail(CertificateError::NotACertificate);
  out.begins = *begins, out.ends = *ends;
  return out;
}

}  // namespace ats::io
