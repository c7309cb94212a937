#include "services/grpc_caller.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <utility>

#include "security/permission.hpp"

namespace ats::services {
namespace {

constexpr std::uint8_t of(Right right) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(right));
}

constexpr std::uint8_t rights_of(security::Permissions permissions) {
  using security::Permission;
  std::uint8_t rights = 0;
  for (const auto& [permission, right] :
       {std::pair{Permission::View, Right::Look}, std::pair{Permission::Halt, Right::Hold},
        std::pair{Permission::Resume, Right::Command}, std::pair{Permission::Notify, Right::Notify},
        std::pair{Permission::Backtest, Right::Study}}) {
    if (permissions.has(permission)) rights |= of(right);
  }
  return rights;
}

struct Role {
  std::string_view name;
  std::uint8_t rights;
  bool for_others = false;
};
// People have the roles that they have everywhere; the others are of processes.
const std::vector<Role>& all_roles() {
  static const std::vector<Role> all = [] {
    std::vector<Role> out;
    for (const security::Role& role : security::roles())
      out.push_back({role.name, rights_of(role.permissions)});
    out.push_back({"engine", of(Right::Look) | of(Right::Lease)});
    out.push_back({"dashboard", rights_of(security::Permissions::all()), true});
    return out;
  }();
  return all;
}
constexpr std::uint8_t everything = 0xFF;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

// In UTF-8; nothing: it is no text, or has a byte zero in it, which would end it early for somebody.
std::optional<std::string> text_of(const X509_NAME_ENTRY* entry) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry));
  const std::unique_ptr<unsigned char, Free> kept(bytes);
  if (size < 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  if (text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

std::vector<std::string> texts_of(const X509& certificate, int kind) {
  std::vector<std::string> texts;
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  for (int at = X509_NAME_get_index_by_NID(subject, kind, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(subject, kind, at)) {
    if (auto text = text_of(X509_NAME_get_entry(subject, at))) texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace

GrpcCaller caller_of_certificate(std::string_view pem) {
  GrpcCaller caller;
  caller.certified = true;
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, Free> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return caller;
  if (auto names = texts_of(*certificate, NID_commonName); !names.empty())
    caller.name = std::move(names.front());
  // Nobody without a name: what is done is written down with it.
  if (caller.name.empty()) return caller;
  for (std::string& unit : texts_of(*certificate, NID_organizationalUnitName)) {
    for (const Role& role : all_roles()) {
      if (unit != role.name) continue;
      caller.rights |= role.rights;
      caller.for_others |= role.for_others;
      caller.roles.push_back(std::move(unit));
      break;
    }
  }
  return caller;
}

GrpcCaller caller_of(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return {{}, {}, false, false, everything};
  const auto pem = auth->FindPropertyValues("x509_pem_cert");
  if (pem.empty()) return {{}, {}, true, false, 0};
  return caller_of_certificate({pem[0].data(), pem[0].size()});
}

grpc::Status denied(const GrpcCaller& caller, Right right, std::string_view method) {
  std::vector<std::string_view> would;
  for (const Role& role : all_roles()) {
    if ((role.rights & of(right)) != 0) would.push_back(role.name);
  }
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("{} is not for '{}' ({}): it takes a certificate of the role {} (its OU)",
                      method, caller.name,
                      caller.roles.empty() ? "of no role"
                                           : fmt::format("{}", fmt::join(caller.roles, ", ")),
                      fmt::join(would, " or "))};
}

}  // namespace ats::services
