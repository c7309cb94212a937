#include "services/trade_reader.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "services/history_file.hpp"
#include "services/trade_text.hpp"

namespace ats::services {
namespace {

using Read = Result<std::string, TradeReader::Error>;

std::uint64_t size_of(const std::filesystem::path& journal) {
  std::uint64_t bytes = 0;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(journal, ec)) {
    const std::uint64_t size = entry.file_size(ec);
    if (!ec) bytes += size;
  }
  return bytes;
}

Read read_trade(const std::filesystem::path& journal, std::uint64_t trade) {
  using Failure = TradeReader::Failure;
  const std::uint64_t bytes = size_of(journal);
  if (bytes > TradeReader::journal_most) {
    return fail(TradeReader::Error{
        Failure::TooLong,
        fmt::format(
            "the journal has {} MB, too many to be read beside trading: `ats trade {} {}` reads it",
            bytes / (1024 * 1024), trade, journal.string())});
  }
  const auto read = read_history(journal);
  if (!read) return fail(TradeReader::Error{Failure::Unreadable, read.error()});
  const report::Execution* execution = read->history.find({trade});
  if (execution == nullptr)
    return fail(TradeReader::Error{Failure::NotFound, fmt::format("there is no trade {}", trade)});
  return timeline_json(*execution, read->history.universe()).dump();
}

}  // namespace

void TradeReader::read(const std::filesystem::path& journal, std::uint64_t trade, Answer answer) {
  const bool taken = work_.take([journal, trade, answer]() -> SlowWork::Call {
    // Of this thread alone, on Linux: whoever looks, what trades goes first.
    ::setpriority(PRIO_PROCESS, 0, 10);
    return [answer, read = read_trade(journal, trade)] { answer(read); };
  });
  if (!taken) answer(fail(Error{Failure::Busy, "enough are waiting for a trade; ask again"}));
}

}  // namespace ats::services
