#include "services/history_outlet.hpp"

#include <algorithm>
#include <utility>

#include "io/clock.hpp"

namespace ats::services {
namespace {

constexpr std::size_t bytes_most = std::size_t{8} << 20;  // in one request
constexpr Duration pause_first = milliseconds(200);
constexpr Duration pause_most = seconds(10);
// A person has to do something first.
constexpr Duration not_let_in_pause = seconds(20);
constexpr Duration missing_pause = seconds(3);

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

}  // namespace

HistoryOutlet::HistoryOutlet(io::Reactor& reactor, const io::InfluxOptions& server,
                             io::DiskQueue queue, Options options, Outside outside)
    : reactor_(reactor),
      queue_(std::move(queue)),
      options_(std::move(options)),
      outside_(std::move(outside)),
      client_(reactor, server),
      backoff_(pause_first, pause_most, options_.jitter_seed) {}

HistoryOutlet::~HistoryOutlet() { reactor_.cancel(again_); }

void HistoryOutlet::pump(bool all) {
  all_ = all_ || all;
  if (!pieces_.empty()) return;
  const std::uint64_t waiting = queue_.counts().waiting_points;
  if (waiting == 0) return;
  const Instant now = io::OsClock::now();
  if (!all_ && waiting < options_.batch && now - sent_ < options_.flush_every) return;
  std::string text;
  if (queue_.look(text, options_.batch, bytes_most) == 0) return;
  sent_ = now;
  pieces_.push_back(std::move(text));
  send();
}

void HistoryOutlet::send() {
  if (asked_ || pieces_.empty()) return;
  asked_ = true;
  client_.write(options_.policy, pieces_.front(), [this](const io::InfluxAnswer& answer) {
    asked_ = false;
    answered(answer);
  });
}

void HistoryOutlet::answered(const io::InfluxAnswer& answer) {
  using io::InfluxOutcome;
  const std::uint64_t points = lines_in(pieces_.front());
  switch (answer.outcome) {
    case InfluxOutcome::Written:
      written_ += points;
      return piece_over();
    case InfluxOutcome::PartlyWritten:
    case InfluxOutcome::Refused: {
      // A server that says "partly" and not how many has refused some: one at least.
      const std::uint64_t gone = answer.outcome == InfluxOutcome::Refused
                                     ? points
                                     : std::clamp<std::uint64_t>(answer.refused, 1, points);
      refused_ += gone;
      written_ += points - gone;
      outside_.refused(options_.policy, gone, answer.why);
      return piece_over();
    }
    case InfluxOutcome::TooLarge:
      if (points > 1) return halve();
      refused_ += points;
      outside_.refused(options_.policy, points, answer.why);
      return piece_over();
    case InfluxOutcome::NotLetIn:
    case InfluxOutcome::Missing:
    case InfluxOutcome::Busy:
    case InfluxOutcome::NoAnswer:
      break;
  }
  standing_ = Standing::Down;
  outside_.down(answer);
  switch (answer.outcome) {
    case InfluxOutcome::NotLetIn:
      return rest(not_let_in_pause);
    case InfluxOutcome::Missing:
      return rest(missing_pause);
    default:
      return rest(std::max(answer.wait, backoff_.next()));
  }
}

void HistoryOutlet::rest(Duration pause) {
  reactor_.cancel(again_);
  again_ = reactor_.after(pause, [this] {
    again_ = {};
    send();
  });
}

void HistoryOutlet::piece_over() {
  backoff_.succeeded();
  if (std::exchange(standing_, Standing::Up) != Standing::Up) outside_.up();
  pieces_.pop_front();
  if (!pieces_.empty()) return send();
  queue_.done();
  pump(false);
}

// Between two lines.
void HistoryOutlet::halve() {
  const std::string whole = std::move(pieces_.front());
  pieces_.pop_front();
  std::size_t at = whole.find('\n', whole.size() / 2);
  if (at + 1 >= whole.size()) at = whole.rfind('\n', whole.size() - 2);
  pieces_.push_front(whole.substr(at + 1));
  pieces_.push_front(whole.substr(0, at + 1));
  send();
}

}  // namespace ats::services
