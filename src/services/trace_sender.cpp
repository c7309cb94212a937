#include "services/trace_sender.hpp"

#include <fmt/format.h>

#include <utility>

namespace ats::services {
namespace {

constexpr Duration answer_within = seconds(10);
constexpr Duration pause_first = milliseconds(250), pause_most = seconds(15);

// OTLP: these may be sent again, all else may not.
bool is_for_now(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

TraceSender::TraceSender(io::Reactor& reactor, Setup setup, io::Url url)
    : reactor_(reactor),
      setup_(std::move(setup)),
      url_(std::move(url)),
      backoff_(pause_first, pause_most, std::hash<std::string>()(url_.host)) {}

TraceSender::~TraceSender() { reactor_.cancel(pause_); }

Result<std::unique_ptr<TraceSender>, std::string> TraceSender::open(io::Reactor& reactor,
                                                                    Setup setup) {
  auto url = io::parse_url(setup.url);
  if (!url || url->websocket) {
    return fail(fmt::format("--to: '{}': expected a URL such as http://127.0.0.1:4318", setup.url));
  }
  std::unique_ptr<TraceSender> out(new TraceSender(reactor, std::move(setup), *std::move(url)));
  if (out->url_.tls) {
    auto tls = io::TlsContext::client(out->setup_.ca_file);
    if (!tls) return fail(fmt::format("--ca: {}", io::name(tls.error())));
    out->tls_ = *std::move(tls);
  }
  io::HttpClientOptions options;
  options.host = out->url_.host;
  options.port = out->url_.port;
  options.tls = out->tls_ ? &*out->tls_ : nullptr;
  options.limits = {.header_max = 16 * 1024, .body_max = 64 * 1024};
  out->client_ = std::make_unique<io::HttpClient>(reactor, std::move(options));
  return out;
}

void TraceSender::turn() {
  if (asking_ || pause_.set()) return;
  while (under_way_.size() < batch_most && !waiting_.empty()) {
    under_way_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (under_way_.empty()) return;
  std::string path = url_.target;
  if (path.ends_with('/')) path.pop_back();
  HttpRequest request{
      "POST", path + "/v1/traces", {{"Content-Type", "application/json"}}, setup_.body(under_way_)};
  if (!setup_.authorization.empty())
    request.headers.push_back({"Authorization", setup_.authorization});
  asking_ = true;
  client_->request(request, answer_within, [this](const auto& answer) { answered(answer); });
}

void TraceSender::answered(const Result<HttpResponse, TransportError>& answer) {
  asking_ = false;
  if (!answer) return later(name(answer.error()));
  if (is_for_now(answer->status)) return later(fmt::format("HTTP {}", answer->status));
  const bool taken = answer->status / 100 == 2;
  (taken ? sent_ : refused_) += under_way_.size();
  if (!taken) {
    setup_.say(fmt::format("{} traces were refused by {}: HTTP {} {}", under_way_.size(),
                           setup_.url, answer->status, answer->body.substr(0, 200)));
  } else if (std::exchange(down_, false)) {
    setup_.say(setup_.url + " takes traces again");
  }
  under_way_.clear();
  backoff_.succeeded();
}

void TraceSender::later(const std::string& why) {
  if (!std::exchange(down_, true)) {
    setup_.say(
        fmt::format("{} takes nothing now ({}): traces wait in the journal", setup_.url, why));
  }
  pause_ = reactor_.after(backoff_.next(), [this] { pause_ = {}; });
}

}  // namespace ats::services
