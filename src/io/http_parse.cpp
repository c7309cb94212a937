#include "io/http_parse.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <utility>

namespace ats::io {

namespace http = boost::beast::http;

namespace {

using BeastString = boost::beast::string_view;
using BeastError = boost::beast::error_code;

// A body's announced length is believed up to here when memory is set aside for it.
constexpr std::uint64_t reserve_max = 1024 * 1024;

std::string text_of(BeastString s) { return {s.data(), s.size()}; }

// Beast's parser, filling our plain message.
template <bool IsRequest, class Message>
class Parser final : public http::basic_parser<IsRequest> {
 public:
  explicit Parser(const HttpLimits& limits) {
    this->header_limit(static_cast<std::uint32_t>(limits.header_max));
    this->body_limit(limits.body_max);
    this->eager(true);
  }

  HttpProgress read(std::string_view bytes) {
    HttpProgress progress;
    while (progress.consumed < bytes.size()) {
      const std::string_view rest = bytes.substr(progress.consumed);
      // Beast asserts that a last chunk is never offered with fewer bytes than the shortest whole one,
      // "0\r\n\r\n"; a server may send it in such pieces. At least as many are always still to come.
      constexpr std::size_t last_chunk_min = 5;
      if (this->is_header_done() && this->chunked() && rest.size() < last_chunk_min)
        return progress;
      BeastError error;
      const std::size_t n = this->put({rest.data(), rest.size()}, error);
      progress.consumed += n;
      if (error == http::error::need_more) return progress;
      if (error) {
        progress.step = step_of(error);
        return progress;
      }
      if (this->is_done()) {
        progress.step = HttpStep::Done;
        return progress;
      }
      if (n == 0) return progress;
    }
    return progress;
  }

  HttpStep end() {
    if (!this->got_some()) return HttpStep::Malformed;
    if (this->is_done()) return HttpStep::Done;
    BeastError error;
    this->put_eof(error);
    return error ? HttpStep::Malformed : HttpStep::Done;
  }

  Message message;

 private:
  static HttpStep step_of(const BeastError& error) {
    const bool large = error == http::error::header_limit || error == http::error::body_limit ||
                       error == http::error::buffer_overflow;
    return large ? HttpStep::TooLarge : HttpStep::Malformed;
  }

  void on_request_impl(http::verb, BeastString method, BeastString target, int,
                       BeastError&) override {
    if constexpr (IsRequest) {
      message.method = text_of(method);
      message.target = text_of(target);
    }
  }
  void on_response_impl(int code, BeastString, int, BeastError&) override {
    if constexpr (!IsRequest) message.status = code;
  }
  void on_field_impl(http::field, BeastString name, BeastString value, BeastError&) override {
    message.headers.push_back({text_of(name), text_of(value)});
  }
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError&) override {
    if (length) message.body.reserve(static_cast<std::size_t>(std::min(*length, reserve_max)));
  }
  std::size_t on_body_impl(BeastString bytes, BeastError&) override {
    message.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastString, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastString bytes, BeastError& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(BeastError&) override {}
};

using RequestParser = Parser<true, HttpRequest>;
using ResponseParser = Parser<false, HttpResponse>;

}  // namespace

struct HttpRequestReader::Impl {
  HttpLimits limits;
  std::optional<RequestParser> parser;
};

HttpRequestReader::HttpRequestReader(const HttpLimits& limits)
    : impl_(std::make_unique<Impl>(Impl{limits, {}})) {
  begin();
}
HttpRequestReader::~HttpRequestReader() = default;
void HttpRequestReader::begin() { impl_->parser.emplace(impl_->limits); }
HttpProgress HttpRequestReader::read(std::string_view bytes) { return impl_->parser->read(bytes); }
HttpRequest HttpRequestReader::take() { return std::move(impl_->parser->message); }
bool HttpRequestReader::keep_alive() const { return impl_->parser->keep_alive(); }
bool HttpRequestReader::upgrade() const { return impl_->parser->upgrade(); }

struct HttpResponseReader::Impl {
  HttpLimits limits;
  bool to_head = false;
  std::optional<ResponseParser> parser;

  void start() {
    parser.emplace(limits);
    parser->skip(to_head);
  }
};

HttpResponseReader::HttpResponseReader(const HttpLimits& limits)
    : impl_(std::make_unique<Impl>(Impl{limits, false, {}})) {
  begin(false);
}
HttpResponseReader::~HttpResponseReader() = default;

void HttpResponseReader::begin(bool to_head) {
  impl_->to_head = to_head;
  impl_->start();
}

HttpProgress HttpResponseReader::read(std::string_view bytes) {
  std::size_t before = 0;
  while (true) {
    HttpProgress progress = impl_->parser->read(bytes.substr(before));
    progress.consumed += before;
    const int status = impl_->parser->message.status;
    const bool interim = status >= 100 && status < 200 && status != 101;
    if (progress.step != HttpStep::Done || !interim) return progress;
    before = progress.consumed;
    impl_->start();
  }
}

HttpStep HttpResponseReader::end() { return impl_->parser->end(); }
HttpResponse HttpResponseReader::take() { return std::move(impl_->parser->message); }
bool HttpResponseReader::keep_alive() const { return impl_->parser->keep_alive(); }

}  // namespace ats::io
