#include "io/http.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "io/net_address.hpp"
#include "io/tls.hpp"

namespace ats::io {

HttpClient::HttpClient(Reactor& reactor, HttpClientOptions options)
    : reactor_(reactor), options_(std::move(options)), reader_(options_.limits) {}

HttpClient::~HttpClient() {
  for (Entry& entry : queue_) reactor_.cancel(entry.timer);
  if (in_flight_) reactor_.cancel(in_flight_->timer);
}

void HttpClient::request(const HttpRequest& request, Duration timeout, Callback callback) {
  Entry entry;
  entry.number = next_number_++;
  entry.callback = std::move(callback);
  entry.head = request.method == "HEAD";
  if (writable(request)) {
    ByteQueue text(1024 + request.body.size());
    append_request(text, request,
                   host_header(options_.host, options_.port, options_.tls != nullptr));
    entry.bytes = text.view();
  } else {
    timeout = {};  // never taken from the queue: reported as NotSent in the next round
  }
  entry.timer = reactor_.after(timeout, [this, number = entry.number] { timed_out(number); });
  queue_.push_back(std::move(entry));
  send_next();
}

void HttpClient::warm() {
  if (stream_ == nullptr) connect();
}

void HttpClient::connect() {
  StreamListener& listener = *this;
  stream_ = std::make_unique<Stream>(reactor_, listener, options_.stream);
  opened_ = false;
  stream_->connect(options_.host, options_.port, options_.tls);
}

void HttpClient::on_open() {
  opened_ = true;
  send_next();
}

void HttpClient::send_next() {
  if (in_flight_) return;
  const auto next = std::ranges::find_if(queue_, [](const Entry& e) { return !e.bytes.empty(); });
  if (next == queue_.end()) return;
  if (stream_ == nullptr) return connect();
  if (!stream_->is_open()) return;
  in_flight_ = std::move(*next);
  queue_.erase(next);
  reader_.begin(in_flight_->head);
  first_byte_ = stream_->handed_over() + stream_->unsent();
  stream_->write(in_flight_->bytes);
}

void HttpClient::on_bytes() {
  last_receive_ = stream_->last_receive();
  const std::span<char> bytes = stream_->received();
  // Nobody asked: whatever this is, it must not become the answer to the next request.
  if (!in_flight_) return lose(TransportError::Malformed);
  const HttpProgress progress = reader_.read({bytes.data(), bytes.size()});
  stream_->consume(progress.consumed);
  switch (progress.step) {
    case HttpStep::NeedMore:
      return;
    case HttpStep::Done:
      return answered();
    case HttpStep::Malformed:
      return lose(TransportError::Malformed);
    case HttpStep::TooLarge:
      return lose(TransportError::TooLarge);
  }
}

void HttpClient::answered() {
  Entry entry = std::move(*in_flight_);
  in_flight_.reset();
  reactor_.cancel(entry.timer);
  HttpResponse response = reader_.take();
  const bool reusable =
      reader_.keep_alive() && stream_->received().empty() && stream_->unsent() == 0;
  if (!reusable) stream_.reset();
  // The next request leaves before this answer is looked at.
  send_next();
  entry.callback(std::move(response));
}

TransportError HttpClient::unless_unsent(TransportError error) const {
  const bool left = stream_ != nullptr && stream_->handed_over() > first_byte_;
  return left ? error : TransportError::NotSent;
}

void HttpClient::lose(TransportError error) {
  std::optional<Entry> entry = std::exchange(in_flight_, std::nullopt);
  if (entry) error = unless_unsent(error);
  stream_.reset();
  send_next();
  if (!entry) return;
  reactor_.cancel(entry->timer);
  entry->callback(fail(error));
}

void HttpClient::on_close(CloseReason reason) {
  last_close_ = reason;
  // An answer whose body ends with the connection.
  if (in_flight_ && reason == CloseReason::PeerClosed && reader_.end() == HttpStep::Done) {
    return answered();
  }
  if (!opened_) return fail_queue();
  lose(TransportError::ConnectionLost);
}

// There is no connection to be had: told at once rather than after everyone's time-out.
void HttpClient::fail_queue() {
  stream_.reset();
  std::deque<Entry> refused = std::exchange(queue_, {});
  for (Entry& entry : refused) reactor_.cancel(entry.timer);
  const Lifeline::Watch watch(lifeline_);
  for (Entry& entry : refused) {
    entry.callback(fail(TransportError::NotSent));
    if (watch.dead()) return;
  }
}

void HttpClient::timed_out(std::uint64_t number) {
  if (in_flight_ && in_flight_->number == number) {
    in_flight_->timer = {};
    return lose(TransportError::TimedOut);
  }
  const auto late = std::ranges::find(queue_, number, &Entry::number);
  ATS_ASSERT(late != queue_.end());
  Entry entry = std::move(*late);
  queue_.erase(late);
  entry.callback(fail(TransportError::NotSent));
}

}  // namespace ats::io
