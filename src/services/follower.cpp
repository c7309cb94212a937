#include "services/follower.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/clock.hpp"

namespace ats::services {
namespace {

constexpr Duration try_again = milliseconds(200);

}  // namespace

Follower::Follower(io::Reactor& reactor, const Config& config, std::filesystem::path journal,
                   io::JournalCopy copy, Outside outside)
    : reactor_(reactor),
      config_(config),
      journal_(std::move(journal)),
      copy_(std::move(copy)),
      outside_(std::move(outside)),
      opened_(io::OsClock::now()) {}
Follower::~Follower() = default;

Result<std::unique_ptr<Follower>, std::string> Follower::open(io::Reactor& reactor,
                                                              const Config& config,
                                                              const std::filesystem::path& journal,
                                                              Outside outside) {
  auto copy = io::JournalCopy::open(journal);
  if (!copy) return fail(copy.error().detail);
  return std::unique_ptr<Follower>(
      new Follower(reactor, config, journal, std::move(*copy), std::move(outside)));
}

void Follower::follow(const std::string& leader) {
  if (!failure_.empty()) return;
  const Instant now = io::OsClock::now();
  if (!leader.empty() && leader != leader_) {
    line_.reset();
    up_ = false;
    leader_ = leader;
    again_at_ = now;
    told_.clear();
  }
  const bool other = !leader_.empty() && leader_ != config_.standby.name;
  if (other && line_ == nullptr && now >= again_at_) connect(leader_);
  // Nobody is there to be asked, or does not answer: who led may be dead, and we are to follow.
  if (!read_ && !up_ && now - opened_ >= config_.standby.lead_for * 2) read_disk();
}

void Follower::connect(const std::string& leader) {
  again_at_ = io::OsClock::now() + try_again;
  const StandbyConfig::Engine* const engine = config_.standby.find(leader);
  if (engine == nullptr) return ended("it is not in standby.engines");
  JournalLine::Outside outside;
  outside.begins = [this](const io::JournalPlace& place) { return begins(place); };
  outside.takes = [this](const io::JournalPlace& at, std::span<const std::byte> records) {
    return takes(at, records);
  };
  outside.ended = [this](const std::string& why) { ended(why); };
  auto line =
      JournalLine::open(reactor_, config_, engine->address, copy_.marks(), std::move(outside));
  if (!line) return ended(line.error());
  line_ = std::move(*line);
}

bool Follower::begins(const io::JournalPlace& place) {
  if (read_ && copy_.has_more_than(place)) {
    return give_up(
        fmt::format("what this engine wrote last was not heard by {}, which leads: it is "
                    "moved aside when this engine is started again",
                    leader_));
  }
  const auto aside = copy_.go_on_at(place);
  if (!aside) return give_up(aside.error().detail);
  if (!aside->empty()) {
    outside_.log(
        fmt::format("what this engine wrote last was not heard by {}, which leads, and is "
                    "moved to {}",
                    leader_, aside->string()));
  }
  up_ = true;
  told_.clear();
  outside_.log(
      fmt::format("follows the journal of {} from record {}", leader_, copy_.next_sequence()));
  return read_ || read_disk();
}

bool Follower::takes(const io::JournalPlace& at, std::span<const std::byte> records) {
  const auto position = [&at] {
    return fmt::format("segment {} after byte {}", at.segment, at.offset);
  };
  const auto added = copy_.add(
      at, records, [&](const io::Record& record) { return outside_.take(record, position); });
  return added.ok() || give_up(added.error().detail);
}

void Follower::ended(const std::string& why) {
  line_.reset();
  if (std::exchange(told_, why) != why || up_)
    outside_.log(fmt::format("the journal of {}: {}", leader_, why));
  up_ = false;
}

bool Follower::read_disk() {
  read_ = true;
  auto reader = io::JournalReader::open(journal_);
  if (!reader) return give_up(reader.error().detail);
  const auto position = [&reader] { return reader->position(); };
  io::Record record;
  for (;;) {
    const auto more = reader->next(record);
    if (!more) return give_up(more.error().detail);
    if (!*more) return true;
    if (!outside_.take(record, position))
      return give_up(reader->position() + ": a record that this program cannot follow");
  }
}

bool Follower::give_up(std::string why) {
  if (failure_.empty()) failure_ = std::move(why);
  return false;
}

io::JournalEnd Follower::release() {
  line_.reset();
  up_ = false;
  return copy_.release();
}

}  // namespace ats::services
