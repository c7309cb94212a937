#include "services/notice_channel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/clock.hpp"
#include "io/http.hpp"
#include "io/net_address.hpp"
#include "io/smtp_client.hpp"
#include "services/server_access.hpp"

namespace ats::services {
namespace {

using Verdict = ChannelAnswer::Verdict;
using Opened = Result<std::unique_ptr<NoticeChannel>, std::string>;

std::string key_of(const ChannelConfig& config, const char* key) {
  return "notifier.channel." + config.name + "." + key;
}

Result<std::string, std::string> read_template(const ChannelConfig& config, const char* key,
                                               const std::string& file, const char* built_in) {
  if (file.empty()) return std::string(built_in);
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(key_of(config, key) + ": " + file + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

constexpr const char* text_built_in = "{text}\n-- \nATS, rule {rule}, {key}\n";
constexpr const char* html_built_in =
    "<html><body>\n{html}<hr><p><small>ATS, rule {rule}, {key}</small></p></body></html>\n";

class EmailChannel final : public NoticeChannel {
 public:
  EmailChannel(const ChannelConfig& config, Zone zone, io::SmtpOptions options, std::string text,
               std::string html)
      : config_(config),
        zone_(std::move(zone)),
        text_(std::move(text)),
        html_(std::move(html)),
        client_(std::move(options)) {}

  static Opened open(const ChannelConfig& config, const Zone& zone) {
    const std::string& url = config.server;
    const bool tls = url.starts_with("smtps://");
    if (!tls && !url.starts_with("smtp://")) {
      return fail(key_of(config, "server") + ": " + url +
                  ": expected smtp://host:587 or smtps://host:465");
    }
    if (config.from.empty() || config.to.empty())
      return fail(key_of(config, "from") + " and to: a mail needs both");
    std::string host = url.substr(url.find("//") + 2);
    host = host.substr(0, host.find_first_of(":/"));
    if (!tls && !config.starttls && !on_this_machine(host)) {
      return fail(key_of(config, "starttls") + ": " + host +
                  " is another machine: it needs STARTTLS, or smtps://");
    }
    if (config.user.empty() != config.password_file.empty())
      return fail(key_of(config, "user") + " and password_file go together");
    io::SmtpOptions options;
    options.url = url;
    options.starttls = tls || config.starttls;
    options.ca_file = config.tls_ca;
    options.user = config.user;
    options.within = config.within;
    if (!config.password_file.empty()) {
      auto password = read_password(key_of(config, "password_file"), config.password_file);
      if (!password) return fail(password.error());
      options.password = std::move(*password);
    }
    auto text = read_template(config, "text_template", config.text_template, text_built_in);
    if (!text) return fail(text.error());
    auto html = read_template(config, "html_template", config.html_template, html_built_in);
    if (!html) return fail(html.error());
    return std::unique_ptr<NoticeChannel>(
        new EmailChannel(config, zone, std::move(options), *std::move(text), *std::move(html)));
  }

  ChannelAnswer deliver(const report::Letter& letter) override {
    MailTexts texts;
    texts.from = config_.from, texts.to = config_.to;
    texts.subject = report::fill_template(config_.subject, letter, zone_, false);
    texts.text = report::fill_template(text_, letter, zone_, false);
    texts.html = report::fill_template(html_, letter, zone_, true);
    std::vector<std::string> to;
    for (const std::string& one : config_.to) to.push_back(mail_address(one));
    const io::SmtpAnswer answer =
        client_.send(mail_address(config_.from), to, mail_bytes(texts, letter));
    ChannelAnswer out;
    out.said = said_line(answer.said);
    if (answer.taken) {
      out.verdict = Verdict::Accepted;
    } else if (answer.let_in && answer.code >= 500 && answer.code < 600 && answer.code != 530) {
      // 530 and what is wrong with user or password is of the channel, not of this mail.
      out.verdict = Verdict::Refused;
    }
    return out;
  }

 private:
  const ChannelConfig config_;
  const Zone zone_;
  const std::string text_, html_;
  io::SmtpClient client_;
};

class PostChannel final : public NoticeChannel {
 public:
  static Opened open(const ChannelConfig& config, const Zone& zone) {
    std::unique_ptr<PostChannel> channel(new PostChannel(config, zone));
    if (auto error = channel->prepare()) return fail(std::move(*error));
    return std::unique_ptr<NoticeChannel>(std::move(channel));
  }

  ChannelAnswer deliver(const report::Letter& letter) override {
    HttpRequest request;
    request.method = "POST";
    request.target = target_.reveal();
    request.body = channel_body(config_.kind, config_.chat, letter, zone_);
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "ats"},
                       {"Idempotency-Key", letter.key}};
    if (!secret_.empty()) {
      const std::string now = std::to_string(io::OsClock::wall().ns_utc / 1'000'000'000);
      request.headers.push_back({"X-ATS-Timestamp", now});
      request.headers.push_back(
          {"X-ATS-Signature", webhook_signature(secret_.reveal(), now, request.body)});
    }
    // What the other side has closed meanwhile is noticed before it is written to.
    while (reactor_.poll({}) > 0) {
    }
    std::optional<Result<HttpResponse, TransportError>> answer;
    client_->request(request, config_.within, [&](auto got) { answer = std::move(got); });
    while (!answer) reactor_.poll(milliseconds(100));
    return answered(*answer);
  }

 private:
  PostChannel(const ChannelConfig& config, Zone zone) : config_(config), zone_(std::move(zone)) {}

  std::optional<std::string> prepare() {
    std::string address = config_.url;
    const bool hidden = !config_.url_file.empty();
    if (hidden == !address.empty() && config_.kind != ChannelKind::Telegram)
      return key_of(config_, "url") + " or url_file: expected one of them";
    const char* const key = hidden ? "url_file" : "url";
    if (hidden) {
      auto read = read_password(key_of(config_, key), config_.url_file);
      if (!read) return read.error();
      address = read->reveal();
    }
    if (config_.kind == ChannelKind::Telegram && address.empty())
      address = "https://api.telegram.org";
    const auto url = io::parse_url(address);
    if (!url || url->websocket) {
      return key_of(config_, key) + ": " + (hidden ? config_.url_file : address) +
             ": expected an address such as https://example.org/hook";
    }
    if (!url->tls && !on_this_machine(url->host))
      return key_of(config_, key) + ": " + url->host + " is another machine: it has to be https";
    std::string target = url->target;
    if (config_.kind == ChannelKind::Telegram) {
      if (config_.token_file.empty() || config_.chat.empty())
        return key_of(config_, "token_file") + " and chat: Telegram needs both";
      auto token = read_password(key_of(config_, "token_file"), config_.token_file);
      if (!token) return token.error();
      while (target.ends_with('/')) target.pop_back();
      target += "/bot" + std::string(token->reveal()) + "/sendMessage";
      token_ = security::SecretText(std::move(*token));
    }
    if (!config_.secret_file.empty()) {
      auto secret = read_password(key_of(config_, "secret_file"), config_.secret_file);
      if (!secret) return secret.error();
      secret_ = security::SecretText(std::move(*secret));
    }
    target_ = security::SecretText(target);
    hidden_ = hidden;
    security::wipe(target);
    security::wipe(address);
    io::HttpClientOptions options;
    options.host = url->host;
    options.port = url->port;
    options.limits.body_max = std::size_t{1} << 20;
    if (url->tls) {
      auto authority = load_authority(key_of(config_, "tls_ca"), config_.tls_ca);
      if (!authority) return authority.error();
      tls_ = std::move(*authority);
      options.tls = tls_.get();
    }
    client_.emplace(reactor_, std::move(options));
    return std::nullopt;
  }

  ChannelAnswer answered(const Result<HttpResponse, TransportError>& got) const {
    ChannelAnswer out;
    if (!got) {
      out.said = std::string("no answer: ") + ats::name(got.error());
      return out;
    }
    std::vector<std::string_view> secrets{secret_.reveal(), token_.reveal()};
    if (hidden_) secrets.push_back(target_.reveal());
    out.said = said_line(fmt::format("{} {}", got->status, got->body), secrets);
    if (got->status >= 200 && got->status < 300) {
      out.verdict = Verdict::Accepted;
      return out;
    }
    // The message is what it does not take. Anything else may be put right: an address, a token, a server.
    if (got->status == 400 || got->status == 413 || got->status == 422)
      out.verdict = Verdict::Refused;
    out.wait = told_wait(*got);
    return out;
  }

  static Duration told_wait(const HttpResponse& response) {
    if (response.status != 429 && response.status != 503) return {};
    std::int64_t wait = 0;
    if (const std::string* header = response.header("Retry-After")) {
      std::from_chars(header->data(), header->data() + header->size(), wait);
    } else if (const auto body = nlohmann::json::parse(response.body, nullptr, false);
               body.is_object()) {
      const auto told = body.find("parameters");
      if (told != body.end() && told->is_object() && told->contains("retry_after") &&
          (*told)["retry_after"].is_number_integer())
        wait = (*told)["retry_after"].get<std::int64_t>();
    }
    return seconds(std::clamp(wait, std::int64_t{0}, std::int64_t{3600}));
  }

  const ChannelConfig config_;
  const Zone zone_;
  security::SecretText target_, secret_, token_;
  bool hidden_ = false;
  std::shared_ptr<const io::TlsContext> tls_;
  io::Reactor reactor_;
  std::optional<io::HttpClient> client_;
};

}  // namespace

Opened open_channel(const ChannelConfig& config, const Zone& zone) {
  if (config.kind == ChannelKind::None) {
    return fail(key_of(config, "kind") + ": expected email, webhook, slack, discord or telegram");
  }
  return config.kind == ChannelKind::Email ? EmailChannel::open(config, zone)
                                           : PostChannel::open(config, zone);
}

}  // namespace ats::services
