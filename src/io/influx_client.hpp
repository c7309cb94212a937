// One connection to an InfluxDB server over HTTP/1.1, plain or TLS: points are written as line protocol, one batch at a time, and
// questions asked in its query language. Speaks to 1.x and to 2.x.
//
// Says what became of a batch and nothing more: whether, and when, it is sent again is the caller's to decide. Sending a
// batch again is always safe: a point is known by its series and its time, and the same one again takes its own place.
//
// Invariants: each call is answered exactly once, from Reactor::poll(), unless the client is destroyed first. What a server says
// is made one printable line, of bounded length, before anyone sees it; secrets go into one header and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "io/http.hpp"
#include "security/secret.hpp"

namespace ats::io {

struct InfluxOptions {
  std::string host;
  std::uint16_t port = 8086;
  const TlsContext* tls = nullptr;  // null: plain; must outlive the client
  std::string organisation;         // not empty: the server is a 2.x
  std::string database;
  std::string user;             // of a 1.x; empty: it asks for none
  security::SecretText secret;  // that user's password; of a 2.x: the token
  bool compress = true;
  Duration answer_within = seconds(10);
};

enum class InfluxOutcome : std::uint8_t {
  Written,
  PartlyWritten,  // some points were refused, for good: the same ones again would be as well
  Refused,        // all of them were, for good
  TooLarge,       // in one piece
  NotLetIn,       // user, password, token, or what they may do
  Missing,        // there is no such database, retention policy, bucket
  Busy,           // it says so, or that it is in trouble: later
  NoAnswer,       // written or not
};
const char* name(InfluxOutcome outcome);

struct InfluxAnswer {
  InfluxOutcome outcome = InfluxOutcome::NoAnswer;
  std::string why;            // empty of Written
  std::uint64_t refused = 0;  // PartlyWritten: points, as far as the server says
  Duration wait{};            // Busy: as long as it told us to stay away
  std::string body{};         // Written: of the answer to a question or a command
};

class InfluxClient {
 public:
  using Told = std::function<void(const InfluxAnswer&)>;

  InfluxClient(Reactor& reactor, InfluxOptions options);
  ~InfluxClient();

  // `policy`: the retention policy of a 1.x, "" for the database's own; a 2.x has it as a bucket "database/policy".
  void write(std::string_view policy, std::string_view lines, Told told);
  // A question in InfluxQL, which a 2.x understands of buckets that stand for a database: times come back in nanoseconds.
  void ask(std::string_view question, Told told);
  // A command in InfluxQL, 1.x only.
  void command(std::string_view text, Told told);
  // Of a 2.x: its own interface. `body`: JSON, or empty.
  void call(std::string_view method, std::string_view target, std::string_view body, Told told);

  bool speaks_2() const { return !options_.organisation.empty(); }
  const std::string& database() const { return options_.database; }

 private:
  class Packer;
  void send(HttpRequest request, Told told);

  const InfluxOptions options_;
  std::unique_ptr<Packer> packer_;
  HttpClient http_;
};

}  // namespace ats::io
