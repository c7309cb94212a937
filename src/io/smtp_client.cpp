#include "io/smtp_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/assert.hpp"

namespace ats::io {
namespace {

struct Mail {
  std::string_view rest;
};

std::size_t give(char* to, std::size_t size, std::size_t count, void* mail) {
  std::string_view& rest = static_cast<Mail*>(mail)->rest;
  const std::size_t some = std::min(size * count, rest.size());
  std::memcpy(to, rest.data(), some);
  rest.remove_prefix(some);
  return some;
}

// curl hands each line of the server over as a header.
std::size_t hear(char* line, std::size_t size, std::size_t count, void* last) {
  static_cast<std::string*>(last)->assign(line, size * count);
  return size * count;
}

}  // namespace

struct SmtpClient::Handle {
  CURL* curl = nullptr;
  char error[CURL_ERROR_SIZE] = {};
  std::string last;  // line of the server
  Handle() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl = curl_easy_init();
    ATS_ASSERT(curl != nullptr);
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

SmtpClient::SmtpClient(SmtpOptions options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {
  CURL* const curl = handle_->curl;
  curl_easy_setopt(curl, CURLOPT_URL, options_.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &hear);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &handle_->last);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &hear);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &handle_->last);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give);
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.within.ns / 1'000'000));
  // Also for its goodbye to a server that says nothing, which else takes two minutes.
  const std::int64_t within_s = options_.within.ns / seconds(1).ns;
  curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                   static_cast<long>(std::max<std::int64_t>(1, within_s)));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_USE_SSL,
                   static_cast<long>(options_.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!options_.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.user.c_str());
    std::string password(options_.password.reveal());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
    security::wipe(password);
  }
}

SmtpClient::~SmtpClient() = default;

SmtpAnswer SmtpClient::send(const std::string& from, const std::vector<std::string>& to,
                            std::string_view mail) {
  CURL* const curl = handle_->curl;
  Mail rest{mail};
  curl_slist* recipients = nullptr;
  for (const std::string& one : to)
    recipients = curl_slist_append(recipients, ("<" + one + ">").c_str());
  const std::string sender = "<" + from + ">";
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
  handle_->error[0] = '\0';
  handle_->last.clear();
  const CURLcode result = curl_easy_perform(curl);
  SmtpAnswer answer;
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  answer.code = static_cast<int>(code);
  answer.taken = result == CURLE_OK;
  answer.let_in = result != CURLE_LOGIN_DENIED;
  answer.said = handle_->last;
  constexpr int refusals = 400;  // from there on the server says what is wrong
  if (!answer.taken && answer.code < refusals) {
    const std::string wrong =
        handle_->error[0] != '\0' ? handle_->error : curl_easy_strerror(result);
    answer.said = answer.said.empty() ? wrong : wrong + " (" + answer.said + ")";
  }
  curl_slist_free_all(recipients);
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, nullptr);
  return answer;
}

}  // namespace ats::io
