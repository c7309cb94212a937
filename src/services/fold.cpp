#include "services/fold.hpp"

#include <algorithm>
#include <utility>

#include "services/describe.hpp"
#include "venues/client.hpp"

namespace ats::services {

Fold::Fold(Folded folded, FoldOptions options)
    : folded_(std::move(folded)), options_(std::move(options)) {}

bool Fold::take(const io::Record& record, const std::function<std::string()>& position) {
  if (report_.difference) return true;
  bool sound = true;
  if (record.kind == io::RecordKind::Event) {
    sound = on_event(record);
  } else if (record.kind == io::RecordKind::Action) {
    sound = on_action(record);
  } else if (done_ < actions_.size()) {
    differ("nothing");
  }
  if (report_.difference) {
    report_.difference->sequence = record.sequence;
    report_.difference->position = position();
  }
  report_.closed_cleanly = record.kind == io::RecordKind::Closed;
  if (options_.progress && record.sequence % 65'536 == 0) options_.progress(record.sequence);
  return sound;
}

bool Fold::on_event(const io::Record& record) {
  if (!decode_event(record.payload, decoded_).ok()) return false;
  if (auto* started = std::get_if<Started>(&decoded_.event)) {
    // What the run before wanted last may have died with it; nothing else may be missing.
    if (!venues::bind_rules(decoded_.universe)) return false;
    ++report_.runs;
    report_.incarnation = started->incarnation;
    report_.last_wall = started->wall;
    report_.universe = decoded_.universe;
    report_.config = decoded_.config;
  } else if (done_ < actions_.size()) {
    differ("nothing");
    return true;
  }
  if (report_.runs == 0) return false;
  if (const auto* timer = std::get_if<Timer>(&decoded_.event)) report_.last_wall = timer->wall;
  actions_.clear();
  done_ = 0;
  folded_(decoded_.event, decoded_.now, actions_);
  report_.last = decoded_.now;
  ++report_.events;
  if (options_.observe) options_.observe(decoded_.event, decoded_.now, actions_);
  return true;
}

bool Fold::on_action(const io::Record& record) {
  ++report_.actions;
  wanted_.clear();
  if (done_ < actions_.size()) encode_action(actions_[done_], wanted_);
  if (std::ranges::equal(wanted_, record.payload)) {
    ++done_;
    return true;
  }
  const auto journalled = decode_action(record.payload);
  if (!journalled) return false;
  differ(describe(*journalled, report_.universe));
  return true;
}

void Fold::differ(std::string journalled) {
  report_.difference =
      Difference{0,
                 {},
                 describe(decoded_.event, report_.universe),
                 std::move(journalled),
                 done_ < actions_.size() ? describe(actions_[done_], report_.universe) : "nothing"};
}

Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, const Folded& folded,
                                                  const FoldOptions& options) {
  Fold fold(folded, options);
  const auto position = [&reader] { return reader.position(); };
  io::Record record;
  for (;;) {
    const auto more = reader.next(record);
    if (!more) return fail(more.error());
    if (!*more) break;
    if (!fold.take(record, position)) {
      return fail(io::JournalError{io::JournalFault::Damaged,
                                   "record " + std::to_string(record.sequence) + " before " +
                                       reader.position() + " has a sound checksum but no meaning"});
    }
    if (fold.report().difference) break;
  }
  FoldReport& report = fold.report();
  report.closed_cleanly = reader.closed_cleanly();
  if (const auto& torn = reader.torn_tail()) report.torn_bytes = torn->bytes;
  return std::move(report);
}

Folded folded_into(core::Engine& engine) {
  return [&engine](const Event& event, Instant now, Actions& out) { engine.on(event, now, out); };
}

Result<FoldReport, io::JournalError> fold_journal(io::JournalReader& reader, core::Engine& engine,
                                                  const FoldOptions& options) {
  return fold_journal(reader, folded_into(engine), options);
}

}  // namespace ats::services
