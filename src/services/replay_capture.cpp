#include "services/replay_capture.hpp"

#include <fmt/format.h>

#include <deque>

#include "domain/codec.hpp"
#include "services/describe.hpp"
#include "services/recording_feed.hpp"

namespace ats::services {
namespace {

// The market events of one feed, one after the other, in their binary form.
class Events final : private EventSink {
 public:
  struct Item {
    std::uint64_t record = 0;
    std::vector<std::byte> bytes;
  };
  explicit Events(RecordingFeed& feed) : feed_(feed) {}

  // Null at the end.
  Result<const Item*, std::string> front() {
    while (items_.empty()) {
      const auto more = feed_.fetch();
      if (!more) return fail(more.error());
      if (!*more) return nullptr;
      feed_.deliver(*this);
    }
    return &items_.front();
  }
  void pop() { items_.pop_front(); }
  std::string text(const Item& item) const {
    DecodedEvent decoded;
    return decode_event(item.bytes, decoded) ? describe(decoded.event, feed_.universe())
                                             : std::string("?");
  }

 private:
  void on(const Event& event) override {
    if (!std::holds_alternative<BookSnapshot>(event) && !std::holds_alternative<BookDelta>(event) &&
        !std::holds_alternative<Trade>(event) && !std::holds_alternative<Quote>(event))
      return;
    Event timeless = event;
    std::visit(
        [](auto& e) {
          if constexpr (requires { e.times.recv_time; }) e.times.recv_time = {};
        },
        timeless);
    items_.push_back({feed_.line(), {}});
    encode_event(timeless, {}, items_.back().bytes);
  }

  RecordingFeed& feed_;
  std::deque<Item> items_;
};

Result<CaptureReplay, std::string> replay_venue(const RecordingFile& file,
                                                const std::string& venue) {
  FeedOptions options;
  options.venue = venue;
  const auto frames = RecordingFeed::open(file, options);
  if (!frames) return fail(frames.error());
  options.events = true;
  const auto events = RecordingFeed::open(file, options);
  if (!events) return fail(events.error());
  if ((*frames)->plays_events() || !(*events)->plays_events()) {
    return fail(
        fmt::format("{}: holds no {} of {} to compare; expected a capture of frames and events",
                    file.path(), (*frames)->plays_events() ? "frames" : "events", venue));
  }
  Events decoded(**frames);
  Events recorded(**events);
  CaptureReplay replay;
  replay.venue = venue;
  for (;;) {
    const auto one = decoded.front();
    if (!one) return fail(one.error());
    const auto two = recorded.front();
    if (!two) return fail(two.error());
    if (*one == nullptr && *two == nullptr) return replay;
    if (*one != nullptr && *two != nullptr && (*one)->bytes == (*two)->bytes) {
      ++replay.events;
      decoded.pop();
      recorded.pop();
      continue;
    }
    CaptureReplay::Difference difference;
    difference.frame = *one != nullptr ? (*one)->record : 0;
    difference.event = *two != nullptr ? (*two)->record : 0;
    difference.decoded = *one != nullptr ? decoded.text(**one) : "";
    difference.recorded = *two != nullptr ? recorded.text(**two) : "";
    replay.difference = std::move(difference);
    return replay;
  }
}

}  // namespace

Result<std::vector<CaptureReplay>, std::string> replay_capture(const RecordingFile& file) {
  const auto venues = RecordingFeed::venues(file, {});
  if (!venues) return fail(venues.error());
  std::vector<CaptureReplay> all;
  for (const std::string& venue : *venues) {
    auto replay = replay_venue(file, venue);
    if (!replay) return fail(replay.error());
    all.push_back(*std::move(replay));
  }
  return all;
}

}  // namespace ats::services
