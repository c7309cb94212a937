// What writing an event to the journal costs: encoding, checksum and copy into the map, by sync policy.
// The baseline writes the same bytes, encoded beforehand, with a system call each: what one would do first.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/crc32.hpp"
#include "frames.hpp"
#include "harness.hpp"
#include "io/journal.hpp"
#include "temporary_folder.hpp"

namespace ats::bench {

namespace {

namespace fs = std::filesystem;

struct Load {
  std::size_t passes;
  std::size_t records;  // a pass
};

// ns a record: the median pass.
template <class Write>
double time_records(const Load& load, const Write& write) {
  std::vector<double> spent;
  std::size_t record = 0;
  for (std::size_t pass = 0; pass < load.passes; ++pass) {
    const std::int64_t from = now_ns();
    for (std::size_t n = 0; n < load.records; ++n) write(record++);
    spent.push_back(static_cast<double>(now_ns() - from) / static_cast<double>(load.records));
  }
  return percentile(spent, 0.5);
}

Outcome journal(const KeptEvents& events, const Load& load, io::SyncPolicy policy) {
  const TemporaryFolder folder;
  unpin();  // its thread runs where it likes, as in production
  auto writer = io::JournalWriter::open(folder.path(), {}, policy);
  pin();
  if (!writer) die("journal: " + writer.error().detail);
  const double spent = time_records(load, [&](std::size_t i) {
    if (!writer->append(events[i % events.size()], KeptEvents::time)) die("journal: append failed");
    if (policy == io::SyncPolicy::Effect && !writer->commit()) die("journal: commit failed");
  });
  if (!writer->close()) die("journal: close failed");
  auto reader = io::JournalReader::open(folder.path());
  if (!reader) die("journal: " + reader.error().detail);
  std::uint32_t crc = 0;
  io::Record record;
  for (;;) {
    const auto more = reader->next(record);
    if (!more) die("journal: " + more.error().detail);
    if (!*more) break;
    if (record.kind == io::RecordKind::Event) crc = crc32c(record.payload, crc);
  }
  return {{spent}, crc};
}

Outcome plain_file(const KeptEvents& events, const Load& load, bool sync) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "records";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) die("journal: cannot open a file");
  const double spent = time_records(load, [&](std::size_t i) {
    const auto bytes = events.bytes(i % events.size());
    if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      die("journal: write failed");
    if (sync && fdatasync(fd) != 0) die("journal: fdatasync failed");
  });
  close(fd);
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return {{spent}, crc32c(text)};
}

void run(Session& session) {
  const FiveVenues venues = five_venues();
  const KeptEvents events = decode(venues, make_market(venues, 7, 2'000));
  struct Row {
    const char* name;
    io::SyncPolicy policy;
    Load load;
  };
  for (const Row& row : {Row{"append, no sync", io::SyncPolicy::None, {40, 1'000}},
                         Row{"append, synced every 100 ms", io::SyncPolicy::Interval, {40, 1'000}},
                         Row{"append and commit to disk", io::SyncPolicy::Effect, {30, 5}}}) {
    const bool sync = row.policy == io::SyncPolicy::Effect;
    session.compare({.name = row.name,
                     .baseline_name = sync ? "write(2) and fdatasync(2)" : "write(2)",
                     .baseline = [&] { return plain_file(events, row.load, sync); },
                     .ours = [&] { return journal(events, row.load, row.policy); },
                     .metrics = {{.unit = "ns/record"}}});
  }
}

const Register registered{"journal", run};

}  // namespace

}  // namespace ats::bench
