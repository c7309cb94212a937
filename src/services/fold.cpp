#include "services/fold.hpp"

#include <algorithm>

#include "services/describe.hpp"
#include "venues/client.hpp"

namespace ats::services {
namespace {

class Folder {
 public:
  Folder(io::JournalReader& reader, const Folded& folded, const FoldOptions& options)
      : reader_(reader), folded_(folded), options_(options) {}

  Result<FoldReport, io::JournalError> run() {
    io::Record record;
    for (;;) {
      const auto more = reader_.next(record);
      if (!more) return fail(more.error());
      if (!*more) break;
      const bool sound = record.kind == io::RecordKind::Event    ? on_event(record)
                         : record.kind == io::RecordKind::Action ? on_action(record)
                                                                 : on_closed(record);
      if (!sound) return fail(damaged(record));
      if (report_.difference) break;
      if (options_.progress && record.sequence % 65'536 == 0) options_.progress(record.sequence);
    }
    report_.closed_cleanly = reader_.closed_cleanly();
    if (const auto& torn = reader_.torn_tail()) report_.torn_bytes = torn->bytes;
    return std::move(report_);
  }

 private:
  bool on_event(const io::Record& record) {
    if (!decode_event(record.payload, decoded_).ok()) return false;
    if (auto* started = std::get_if<Started>(&decoded_.event)) {
      // What the run before wanted last may have died with it; nothing else may be missing.
      if (!venues::bind_rules(decoded_.universe)) return false;
      ++report_.runs;
      report_.incarnation = started->incarnation;
      report_.universe = decoded_.universe;
      report_.config = decoded_.config;
    } else if (done_ < actions_.size()) {
      differ(record, "nothing");
      return true;
    }
    if (report_.runs == 0) return false;
    actions_.clear();
    done_ = 0;
    folded_(decoded_.event, decoded_.now, actions_);
    report_.last = decoded_.now;
    ++report_.events;
    if (options_.observe) options_.observe(decoded_.event, decoded_.now, actions_);
    return true;
  }

  bool on_action(const io::Record& record) {
    ++report_.actions;
    wanted_.clear();
    if (done_ < actions_.size()) encode_action(actions_[done_], wanted_);
    if (std::ranges::equal(wanted_, record.payload)) {
      ++done_;
      return true;
    }
    const auto journalled = decode_action(record.payload);
    if (!journalled) return false;
    differ(record, describe(*journalled, report_.universe));
    return true;
  }

  bool on_closed(const io::Record& record) {
    if (done_ < actions_.size()) differ(record, "nothing");
    return true;
  }

  void differ(const io::Record& record, std::string journalled) {
    report_.difference = Difference{
        record.sequence, reader_.position(), describe(decoded_.event, report_.universe),
        std::move(journalled),
        done_ < actions_.size() ? describe(actions_[done_], report_.universe) : "nothing"};
  }

  io::JournalError damaged(const io::Record& record) const {
    return {io::JournalFault::Damaged, "record " + std::to_string(record.sequence) + " before " +
                                           reader_.position() +
                                           " has a sound checksum but no meaning"};
  }

  io::JournalReader& reader_;
  const Folded& folded_;
  const FoldOptions& options_;
  FoldReport report_;
  DecodedEvent decoded_;
  Actions actions_;
  std::size_t done_ = 0;  // of actions_, found in the journal
  std::vector<std::byte> wanted_;
};

}  // namespace

Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, const Folded& folded,
                                                  const FoldOptions& options) {
  return Folder(reader, folded, options).run();
}

Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, core::Engine& engine,
                                                  const FoldOptions& options) {
  return fold_journal(
      reader,
      [&engine](const Event& event, Instant now, Actions& out) { engine.on(event, now, out); },
      options);
}

}  // namespace ats::services
