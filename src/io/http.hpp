// HTTP/1.1 client: one kept-alive connection to one host, one request at a time, the others queue.
//
// Invariants:
//  - Every request's callback is called exactly once, from Reactor::poll(), unless the client is destroyed
//    first. The client may be destroyed from within a callback.
//  - NotSent is certain: not one byte of the request was handed to the kernel. With every other error the
//    server may have acted on it. Nothing is ever sent twice: the client does not retry.
//  - After a time-out the connection is given up, so that a late answer is never taken for the next one's.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "io/http_parse.hpp"
#include "io/stream.hpp"
#include "venues/http.hpp"

namespace ats::io {

struct HttpClientOptions {
  std::string host;
  std::uint16_t port = 0;
  const TlsContext* tls = nullptr;  // null: plain; must outlive the client
  HttpLimits limits;
  StreamOptions stream;
};

class HttpClient final : private StreamListener {
 public:
  using Callback = std::function<void(Result<HttpResponse, TransportError>)>;

  HttpClient(Reactor& reactor, HttpClientOptions options);
  ~HttpClient() override;

  // `timeout` counts from now and covers queueing, connecting and the answer. A request that cannot be
  // written safely (line breaks in a header, say) is NotSent.
  void request(const HttpRequest& request, Duration timeout, Callback callback);
  // Connects ahead of the first request, so that it does not pay for the handshakes.
  void warm();

  // Requests whose callback is still to come.
  std::size_t pending() const { return queue_.size() + (in_flight_ ? 1 : 0); }
  bool connected() const { return stream_ != nullptr && stream_->is_open(); }
  Instant last_receive() const { return last_receive_; }
  // Why the connection last ended, for logs.
  std::optional<CloseReason> last_close() const { return last_close_; }

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::string bytes;  // empty: not writable
    bool head = false;
    TimerId timer;
    Callback callback;
  };

  void on_open() override;
  void on_bytes() override;
  void on_close(CloseReason reason) override;
  void connect();
  void send_next();
  void answered();
  // Gives the connection up and the request in flight its result, then goes on with the queue.
  void lose(TransportError error);
  void timed_out(std::uint64_t number);
  void fail_queue();
  TransportError unless_unsent(TransportError error) const;

  Reactor& reactor_;
  const HttpClientOptions options_;
  Lifeline lifeline_;
  HttpResponseReader reader_;
  std::unique_ptr<Stream> stream_;
  bool opened_ = false;  // stream_ has been open
  std::deque<Entry> queue_;
  std::optional<Entry> in_flight_;
  std::uint64_t first_byte_ = 0;  // of the request in flight, as Stream::handed_over() counts
  std::uint64_t next_number_ = 1;
  Instant last_receive_;
  std::optional<CloseReason> last_close_;
};

}  // namespace ats::io
