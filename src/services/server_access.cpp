#include "services/server_access.hpp"

#include "io/secret_file.hpp"

namespace ats::services {
namespace {

constexpr std::size_t password_most = 4096;

}  // namespace

bool on_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<security::Secret, std::string> read_password(const std::string& key,
                                                    const std::string& file) {
  auto password = io::read_secret_file(file, password_most);
  if (!password) return fail(key + ": " + password.error().detail);
  // An editor ends the line.
  std::size_t size = password->size();
  while (size > 0 && password->reveal()[size - 1] == '\n') --size;
  if (size == 0) return fail(key + ": " + file + " is empty");
  return password->clone(size);
}

Result<std::shared_ptr<const io::TlsContext>, std::string> load_authority(const std::string& key,
                                                                          const std::string& file) {
  auto context = io::TlsContext::client(file);
  if (!context) return fail(key + ": " + io::name(context.error()));
  return std::make_shared<const io::TlsContext>(std::move(*context));
}

}  // namespace ats::services
