#include "io/influx_client.hpp"

#include <zlib.h>

#include <charconv>
#include <utility>

#include "base/assert.hpp"
#include "security/signing.hpp"
#include "venues/percent.hpp"

namespace ats::io {
namespace {

constexpr std::size_t why_most = 300;
constexpr Duration wait_most = seconds(300);
constexpr int gzip_level = 1;  // four times less to send; more costs more than it saves
constexpr int gzip_window = 15 + 16;

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, why_most));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// A 1.x has it in a header as well, without the JSON around it.
std::string said(const HttpResponse& response) {
  const std::string* header = response.header("X-Influxdb-Error");
  return one_line(header != nullptr ? *header : response.body);
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// "partial write: … dropped=3"
std::uint64_t dropped_points(std::string_view why) {
  constexpr std::string_view mark = "dropped=";
  std::uint64_t n = 0;
  if (const std::size_t at = why.rfind(mark); at != why.npos)
    std::from_chars(why.data() + at + mark.size(), why.data() + why.size(), n);
  return n;
}

Duration told_wait(const HttpResponse& response) {
  const std::string* header = response.header("Retry-After");
  std::int64_t n = 0;
  if (header == nullptr ||
      std::from_chars(header->data(), header->data() + header->size(), n).ec != std::errc() ||
      n <= 0)
    return {};
  return n > wait_most.ns / 1'000'000'000 ? wait_most : seconds(n);
}

InfluxAnswer understood(const Result<HttpResponse, TransportError>& answer) {
  if (!answer) return {InfluxOutcome::NoAnswer, ats::name(answer.error())};
  const HttpResponse& response = *answer;
  if (response.status >= 200 && response.status < 300)
    return {InfluxOutcome::Written, {}, 0, {}, response.body};
  InfluxAnswer out;
  const std::string what = said(response);
  out.why = std::to_string(response.status) + (what.empty() ? "" : ": " + what);
  switch (response.status) {
    case 401:
    case 403:
      out.outcome = InfluxOutcome::NotLetIn;
      break;
    case 404:
      out.outcome = InfluxOutcome::Missing;
      break;
    case 413:
      out.outcome = InfluxOutcome::TooLarge;
      break;
    case 400:
    case 422:
      out.outcome =
          holds(what, "partial write") ? InfluxOutcome::PartlyWritten : InfluxOutcome::Refused;
      out.refused = dropped_points(what);
      break;
    default:
      // A 1.x says so of a policy that is not there.
      out.outcome =
          holds(what, "retention policy not found") ? InfluxOutcome::Missing : InfluxOutcome::Busy;
      out.wait = told_wait(response);
  }
  return out;
}

}  // namespace

const char* name(InfluxOutcome outcome) {
  switch (outcome) {
    case InfluxOutcome::Written:
      return "written";
    case InfluxOutcome::PartlyWritten:
      return "partly_written";
    case InfluxOutcome::Refused:
      return "refused";
    case InfluxOutcome::TooLarge:
      return "too_large";
    case InfluxOutcome::NotLetIn:
      return "not_let_in";
    case InfluxOutcome::Missing:
      return "missing";
    case InfluxOutcome::Busy:
      return "busy";
    case InfluxOutcome::NoAnswer:
      return "no_answer";
  }
  return "?";
}

// gzip, with its state kept.
class InfluxClient::Packer {
 public:
  Packer() {
    const int begun =
        deflateInit2(&state_, gzip_level, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY);
    ATS_ASSERT(begun == Z_OK);
  }
  ~Packer() { deflateEnd(&state_); }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  std::string pack(std::string_view plain) {
    deflateReset(&state_);
    std::string out(deflateBound(&state_, plain.size()), '\0');
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    state_.avail_in = static_cast<uInt>(plain.size());
    state_.next_out = reinterpret_cast<Bytef*>(out.data());
    state_.avail_out = static_cast<uInt>(out.size());
    const int done = deflate(&state_, Z_FINISH);
    ATS_ASSERT(done == Z_STREAM_END);
    out.resize(state_.total_out);
    return out;
  }

 private:
  z_stream state_{};
};

InfluxClient::InfluxClient(Reactor& reactor, InfluxOptions options)
    : options_(std::move(options)),
      packer_(options_.compress ? std::make_unique<Packer>() : nullptr),
      http_(reactor, {.host = options_.host,
                      .port = options_.port,
                      .tls = options_.tls,
                      .limits = {},
                      .stream = {.send_max = std::size_t{64} << 20,
                                 .connect_timeout = options_.answer_within}}) {}

InfluxClient::~InfluxClient() = default;

void InfluxClient::send(HttpRequest request, Told told) {
  if (!options_.secret.empty()) {
    std::string value;
    if (speaks_2()) {
      value = "Token " + std::string(options_.secret.reveal());
    } else {
      std::string both = options_.user + ":" + std::string(options_.secret.reveal());
      value = "Basic " +
              security::base64({reinterpret_cast<const std::uint8_t*>(both.data()), both.size()});
      security::wipe(both);
    }
    request.headers.push_back({"Authorization", std::move(value)});
  }
  http_.request(request, options_.answer_within,
                [told = std::move(told)](const Result<HttpResponse, TransportError>& answer) {
                  told(understood(answer));
                });
  if (!options_.secret.empty()) security::wipe(request.headers.back().value);
}

void InfluxClient::write(std::string_view policy, std::string_view lines, Told told) {
  HttpRequest request;
  request.method = "POST";
  if (speaks_2()) {
    request.target = "/api/v2/write?org=" + venues::percent_encoded(options_.organisation) +
                     "&bucket=" + venues::percent_encoded(options_.database);
    if (!policy.empty()) request.target += "%2F" + venues::percent_encoded(policy);
  } else {
    request.target = "/write?db=" + venues::percent_encoded(options_.database);
    if (!policy.empty()) request.target += "&rp=" + venues::percent_encoded(policy);
  }
  request.target += "&precision=ns";
  request.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  if (packer_) {
    request.headers.push_back({"Content-Encoding", "gzip"});
    request.body = packer_->pack(lines);
  } else {
    request.body = lines;
  }
  send(std::move(request), std::move(told));
}

void InfluxClient::ask(std::string_view question, Told told) {
  HttpRequest request;
  request.method = "GET";
  request.target = "/query?epoch=ns&db=" + venues::percent_encoded(options_.database) +
                   "&q=" + venues::percent_encoded(question);
  send(std::move(request), std::move(told));
}

void InfluxClient::command(std::string_view text, Told told) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/query";
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.body = "q=" + venues::percent_encoded(text);
  send(std::move(request), std::move(told));
}

void InfluxClient::call(std::string_view method, std::string_view target, std::string_view body,
                        Told told) {
  HttpRequest request;
  request.method = method;
  request.target = target;
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = body;
  send(std::move(request), std::move(told));
}

}  // namespace ats::io
