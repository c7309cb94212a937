// One SMTP server, for one mail at a time: plain, STARTTLS or TLS, with a user's name and password. libcurl speaks; only the source
// sees it. It waits, so it belongs to a thread that may.
//
// Invariants: with TLS the server's certificate is verified, and there is no switch to turn that off. Nothing is sent twice. The proxies
// of the environment are not asked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "security/secret.hpp"

namespace ats::io {

struct SmtpOptions {
  std::string url;       // smtp:// or smtps://
  bool starttls = true;  // of smtp://: not without
  std::string ca_file;   // empty: the system's authorities
  std::string user;      // empty: it asks for none
  security::Secret password;
  Duration within = seconds(15);
};

struct SmtpAnswer {
  int code = 0;        // of the server's last line; 0: it said nothing
  bool taken = false;  // the mail is the server's from now on
  bool let_in = true;  // false: it does not take this user or password
  std::string said;    // the server's last line, or what went wrong
};

class SmtpClient {
 public:
  explicit SmtpClient(SmtpOptions options);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  SmtpAnswer send(const std::string& from, const std::vector<std::string>& to,
                  std::string_view mail);

 private:
  struct Handle;
  const SmtpOptions options_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace ats::io
