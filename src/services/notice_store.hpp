// What the notifier must not forget, in one SQLite file: how far each source was heard, what the rules know (matters), each
// hit, each delivery with its attempts, and those that came to nothing.
//
// Invariants: what belongs together is written in one transaction, or none of it: a notice that is settled has all its hits. A
// hit is in at most one delivery, a delivery is Waiting, Trying, Delivered or Dead, and no delivery is tried before
// that it will be is on the disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/sqlite.hpp"
#include "report/letter.hpp"
#include "report/notice_desk.hpp"

namespace ats::services {

// Of a stream of notices: what was settled last.
struct NoticeCursor {
  std::string entry;  // id in the stream; empty: it was never read
  std::uint64_t journal = 0, number = 0;
  bool operator==(const NoticeCursor&) const = default;
};

enum class DeliveryState : std::uint8_t { Waiting, Trying, Delivered, Dead };
const char* name(DeliveryState state);

struct Delivery {
  std::int64_t id = 0;
  std::string channel, rule;
  Severity severity = Severity::Info;
  WallTime made, due;
  DeliveryState state = DeliveryState::Waiting;
  std::uint32_t attempts = 0;
  std::string reason;  // of the last attempt, unless it was delivered
  WallTime ended;      // delivered, or dead
};
struct Attempt {
  std::uint32_t number = 0;
  WallTime began, ended;  // not told: it did not end in this program's life
  std::string outcome, answer;
};
struct ChannelCounts {
  std::uint64_t waiting = 0, delivered = 0, dead = 0;
  WallTime oldest;  // of those that wait
};

class NoticeStore {
 public:
  // The error is one line a person can act on.
  static Result<std::unique_ptr<NoticeStore>, std::string> open(const std::filesystem::path& file);

  // Begins a transaction unless one is open; every change below belongs to it. False from commit(), or a failure():
  // nothing of it was written.
  void begin();
  bool commit();
  const std::string& failure() const { return database_->failure(); }

  // Made with the file: deliveries of two files have different keys.
  const std::string& identity() const { return identity_; }
  NoticeCursor cursor(const std::string& stream);
  void put(const std::string& stream, const NoticeCursor& cursor);
  std::vector<report::Matter> matters();
  void put(const report::Matter& matter);
  void forget(const report::MatterKey& matter);

  // False: there is one of this key.
  bool add(const report::Hit& hit);
  // Every hit that is due and in no delivery becomes one, or part of one. How many deliveries were made.
  std::size_t make_deliveries(WallTime now);

  // Of those that may be tried now: the most severe, of these the one that waits longest.
  std::optional<Delivery> next(const std::string& channel, WallTime now);
  std::optional<Delivery> find(std::int64_t id);
  std::optional<std::int64_t> delivery_of(std::string_view hit);
  report::Letter letter(const Delivery& delivery);
  // That it will be tried.
  void begin_attempt(std::int64_t delivery, WallTime now);
  void end_attempt(std::int64_t delivery, std::uint32_t attempt, WallTime now,
                   std::string_view outcome, std::string_view answer);
  void delivered(std::int64_t delivery, WallTime now);
  void again(std::int64_t delivery, WallTime due, std::string_view reason);
  void dead(std::int64_t delivery, WallTime now, std::string_view reason);
  // From the dead, with its attempts behind it. False: it is none of them.
  bool retry(std::int64_t delivery, WallTime now);
  // Those that were being tried when the process ended: nobody knows what became of them. How many.
  std::size_t take_up_interrupted(WallTime now);

  // Those that wait and were made before that, of any channel.
  std::vector<Delivery> overdue(WallTime before, std::size_t most);

  // The latest first. `channel` empty: all.
  std::vector<Delivery> list(const std::string& channel, std::optional<DeliveryState> state,
                             std::size_t most);
  std::vector<Attempt> attempts(std::int64_t delivery);
  ChannelCounts counts(const std::string& channel);
  std::uint64_t held();  // hits that are not due yet
  // What was delivered before that, with everything of it.
  void prune(WallTime before);

 private:
  explicit NoticeStore(std::unique_ptr<io::Sqlite> database) : database_(std::move(database)) {}
  std::optional<std::string> prepare();
  io::SqlStatement& sql(const char* text) { return database_->statement(text); }

  std::unique_ptr<io::Sqlite> database_;
  std::string identity_;
  bool open_ = false;
};

}  // namespace ats::services
