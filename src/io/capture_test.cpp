#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/rng.hpp"
#include "domain/codec.hpp"
#include "io/capture_reader.hpp"
#include "io/capture_recorder.hpp"
#include "io/capture_writer.hpp"
#include "io/clock.hpp"

namespace ats::io {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day = 1'700'000'000'000'000'000;

// A record that owns what it says.
struct Kept {
  CaptureKind kind = CaptureKind::Text;
  std::int64_t ns = 0;
  CaptureStream from;
  std::string data;
  std::string url;
  std::uint32_t status = 0;
  std::uint64_t lost_records = 0;
  std::uint64_t lost_bytes = 0;
  bool operator==(const Kept&) const = default;
};

class Capture : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() /
           ("ats-capture-" + std::to_string(::getpid()) + "-" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  CaptureWriter writer(const CaptureOptions& options = {}) {
    auto opened = CaptureWriter::open(dir_, options);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().detail);
    return std::move(*opened);
  }

  static Kept random_record(Rng& rng, std::int64_t ns) {
    Kept k;
    k.kind = static_cast<CaptureKind>(rng.between(1, 9));
    k.ns = ns;
    k.from = {rng.between(0, 1) == 0 ? "kraken" : "upbit",
              "market " + std::to_string(rng.between(0, 2)), "ws://somewhere/ws"};
    const auto text = [&](std::int64_t most) {
      std::string t(static_cast<std::size_t>(rng.between(0, most)), '\0');
      for (char& c : t) c = static_cast<char>(rng.between(-128, 127));
      return t;
    };
    if (k.kind == CaptureKind::Lost) {
      k.lost_records = static_cast<std::uint64_t>(rng.between(1, 1'000'000'000'000));
      k.lost_bytes = static_cast<std::uint64_t>(rng.between(0, 9'000'000'000'000));
    } else if (k.kind != CaptureKind::Connect) {
      k.data = text(300);
    }
    if (k.kind == CaptureKind::Rest) {
      k.url = text(60);
      k.status = static_cast<std::uint32_t>(rng.between(0, 599));
    }
    return k;
  }

  static Kept frame(std::int64_t ns, std::string text) {
    Kept k;
    k.ns = ns;
    k.from = {"kraken", "market", ""};
    k.data = std::move(text);
    return k;
  }

  static void put(CaptureWriter& w, const Kept& k) {
    CaptureRecord r;
    r.kind = k.kind;
    r.ns = k.ns;
    r.stream = w.stream(k.from);
    r.data = k.data;
    r.url = k.url;
    r.status = k.status;
    r.lost_records = k.lost_records;
    r.lost_bytes = k.lost_bytes;
    const auto done = w.put(r);
    ASSERT_TRUE(done.ok()) << done.error().detail;
  }

  std::vector<Kept> write_random(CaptureWriter& w, int count, std::uint64_t seed = 1) {
    Rng rng(seed);
    std::vector<Kept> all;
    std::int64_t ns = day;
    for (int i = 0; i < count; ++i) {
      ns += rng.between(-2'000'000, 20'000'000);  // the recorder's clock may step back
      all.push_back(random_record(rng, ns));
      put(w, all.back());
    }
    return all;
  }

  static Kept keep(const CaptureRecord& r) {
    return {r.kind,   r.ns,           *r.from,     std::string(r.data), std::string(r.url),
            r.status, r.lost_records, r.lost_bytes};
  }

  struct Read {
    std::vector<Kept> records;
    std::optional<CaptureError> error;
    std::optional<CaptureReader::TornTail> torn;
    std::size_t segments = 0;
  };
  static Read read_all(const fs::path& path) {
    Read out;
    auto reader = CaptureReader::open(path);
    if (!reader) return out.error = reader.error(), out;
    out.torn = reader->torn_tail();
    out.segments = reader->segments().size();
    CaptureRecord record;
    for (std::uint64_t number = 0;;) {
      const auto more = reader->next(record);
      if (!more) return out.error = more.error(), out;
      if (!*more) return out;
      if (!out.records.empty()) {
        EXPECT_EQ(record.number, number + 1);
      }
      number = record.number;
      out.records.push_back(keep(record));
    }
  }

  fs::path segment(int n = 1) const {
    return dir_ / ("capture-00000" + std::to_string(n) + ".atc");
  }
  static std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static void set_bytes(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  fs::path dir_;
};

TEST_F(Capture, WhatWasPutIsReadBackToTheBit) {
  CaptureOptions options;
  options.block_bytes = 4096;
  CaptureWriter w = writer(options);
  const auto put = write_random(w, 3000);
  ASSERT_TRUE(w.close().ok());
  EXPECT_EQ(w.written().records, 3000u);
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  EXPECT_TRUE(got.records == put);
  EXPECT_FALSE(got.torn);
}

TEST_F(Capture, SegmentsRotateBySizeAndEachCanBeReadAlone) {
  CaptureOptions options;
  options.block_bytes = 2048;
  options.segment_bytes = 20'000;
  CaptureWriter w = writer(options);
  const auto put = write_random(w, 2000);
  ASSERT_TRUE(w.close().ok());
  const Read whole = read_all(dir_);
  ASSERT_FALSE(whole.error) << whole.error->detail;
  EXPECT_TRUE(whole.records == put);
  ASSERT_GT(whole.segments, 5u);
  std::vector<Kept> joined;
  for (std::size_t n = 1; n <= whole.segments; ++n) {
    char name[32];
    std::snprintf(name, sizeof name, "capture-%06zu.atc", n);
    const Read part = read_all(dir_ / name);
    ASSERT_FALSE(part.error) << part.error->detail;
    joined.insert(joined.end(), part.records.begin(), part.records.end());
  }
  EXPECT_TRUE(joined == put);
}

TEST_F(Capture, SegmentsRotateByTheRecordsTimes) {
  CaptureOptions options;
  options.segment_age = seconds(60);
  CaptureWriter w = writer(options);
  for (int i = 0; i < 10; ++i) {
    put(w, frame(day + i * 30'000'000'000, "x"));
    ASSERT_TRUE(w.flush().ok());
  }
  ASSERT_TRUE(w.close().ok());
  EXPECT_EQ(read_all(dir_).segments, 4u);  // 0..60 s, 90..150 s, 180..240 s, 270 s
}

TEST_F(Capture, RetentionRemovesTheOldestClosedSegmentsAndTheRestIsSound) {
  CaptureOptions options;
  options.block_bytes = 2048;
  options.segment_bytes = 20'000;
  options.keep_bytes = 60'000;
  CaptureWriter w = writer(options);
  const auto put = write_random(w, 4000);
  ASSERT_TRUE(w.close().ok());
  EXPECT_GT(w.written().segments_removed, 3u);
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(dir_)) bytes += entry.file_size();
  EXPECT_LE(bytes, 60'000u + 25'000u);
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  ASSERT_FALSE(got.records.empty());
  EXPECT_TRUE(std::equal(got.records.rbegin(), got.records.rend(), put.rbegin()));
}

TEST_F(Capture, RetentionByAgeGoesByTheRecordsTimes) {
  CaptureOptions options;
  options.segment_age = seconds(60);
  options.keep_age = seconds(300);
  CaptureWriter w = writer(options);
  for (int i = 0; i < 60; ++i) {
    put(w, frame(day + i * 30'000'000'000, "x"));
    ASSERT_TRUE(w.flush().ok());
  }
  ASSERT_TRUE(w.close().ok());
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  EXPECT_GE(got.records.front().ns, day + (59 * 30 - 300 - 60) * 1'000'000'000ll);
  EXPECT_LE(got.records.front().ns, day + (59 * 30 - 300) * 1'000'000'000ll);
}

TEST_F(Capture, SeekingFindsEveryRecordOfATimeAndLater) {
  CaptureOptions options;
  options.block_bytes = 2048;
  options.segment_bytes = 30'000;
  CaptureWriter w = writer(options);
  const auto put = write_random(w, 3000);
  ASSERT_TRUE(w.close().ok());
  auto reader = CaptureReader::open(dir_);
  ASSERT_TRUE(reader.ok());
  Rng rng(5);
  for (int i = 0; i < 200; ++i) {
    const std::int64_t ns = rng.between(put.front().ns - 10, put.back().ns + 10'000'000);
    std::vector<Kept> expected;
    for (const Kept& k : put) {
      if (k.ns >= ns) expected.push_back(k);
    }
    reader->seek(ns);
    std::vector<Kept> got;
    std::size_t earlier = 0;
    CaptureRecord record;
    for (;;) {
      const auto more = reader->next(record);
      ASSERT_TRUE(more.ok()) << more.error().detail;
      if (!*more) break;
      if (record.ns >= ns) {
        got.push_back(keep(record));
      } else if (got.empty()) {
        ++earlier;
      }
    }
    ASSERT_TRUE(got == expected);
    EXPECT_LT(earlier, 200u);  // no more than a block or two are looked through
  }
}

TEST_F(Capture, EveryFlippedByteOfAClosedCaptureIsANamedError) {
  CaptureOptions options;
  options.block_bytes = 512;
  CaptureWriter w = writer(options);
  std::vector<std::byte> preamble(40, std::byte{7});
  ASSERT_TRUE(w.set_preamble(preamble).ok());
  write_random(w, 12);
  ASSERT_TRUE(w.close().ok());
  const std::string sound = bytes_of(segment());
  ASSERT_GT(sound.size(), 500u);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const char flip : {static_cast<char>(1 << (i % 8))}) {
      std::string bad = sound;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      set_bytes(segment(), bad);
      Read got = read_all(dir_);
      if (!got.error) {  // the preamble is looked at when it is asked for
        auto reader = CaptureReader::open(dir_);
        const auto read = reader->preamble();
        if (!read) got.error = read.error();
      }
      ASSERT_TRUE(got.error) << "byte " << i;
      ASSERT_TRUE(got.error->fault == CaptureFault::Damaged ||
                  got.error->fault == CaptureFault::NotACapture ||
                  got.error->fault == CaptureFault::OtherVersion)
          << "byte " << i << ": " << got.error->detail;
      ASSERT_NE(got.error->detail.find("capture-000001.atc"), std::string::npos);
    }
  }
}

TEST_F(Capture, ACaptureCutAnywhereReadsUpToTheLastWholeBlockAndSaysHowMuchIsMissing) {
  CaptureOptions options;
  options.block_bytes = 512;
  std::vector<Kept> put;
  {
    CaptureWriter w = writer(options);
    put = write_random(w, 12);
    ASSERT_TRUE(w.close().ok());
  }
  const std::string whole = bytes_of(segment());
  std::size_t most = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    set_bytes(segment(), whole.substr(0, size));
    const Read got = read_all(dir_);
    ASSERT_FALSE(got.error) << "cut at " << size << ": " << got.error->detail;
    ASSERT_LE(got.records.size(), put.size());
    ASSERT_TRUE(std::equal(got.records.begin(), got.records.end(), put.begin()));
    ASSERT_GE(got.records.size(), most);
    most = got.records.size();
    if (got.torn) {
      ASSERT_EQ(got.torn->tail.offset + got.torn->tail.bytes, size);
    }
  }
  EXPECT_EQ(most, put.size());
}

TEST_F(Capture, AWriterThatFindsATornTailCutsItOffAndGoesOnNumbering) {
  CaptureOptions options;
  options.block_bytes = 512;
  std::vector<Kept> all;
  {
    CaptureWriter w = writer(options);
    all = write_random(w, 40);
    ASSERT_TRUE(w.flush().ok());
  }  // not closed: as after a crash
  const std::string whole = bytes_of(segment());
  set_bytes(segment(), whole.substr(0, whole.size() - 9));
  const std::size_t left = read_all(dir_).records.size();
  ASSERT_LT(left, all.size());
  all.resize(left);
  {
    CaptureWriter w = writer(options);
    ASSERT_TRUE(w.repaired().has_value());
    EXPECT_GT(w.repaired()->tail.bytes, 0u);
    ASSERT_TRUE(w.repaired()->tail.records.has_value());
    EXPECT_EQ(*w.repaired()->tail.records + left, 40u);
    const auto more = write_random(w, 40, 2);
    all.insert(all.end(), more.begin(), more.end());
    ASSERT_TRUE(w.close().ok());
  }
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  EXPECT_TRUE(got.records == all);
  EXPECT_EQ(got.segments, 2u);
  EXPECT_FALSE(got.torn);
}

TEST_F(Capture, AMissingSegmentIsDamageButTheOldestMayBeGone) {
  CaptureOptions options;
  options.block_bytes = 512;
  options.segment_bytes = 2000;
  CaptureWriter w = writer(options);
  write_random(w, 200);
  ASSERT_TRUE(w.close().ok());
  fs::remove(segment(1));
  EXPECT_FALSE(read_all(dir_).error);
  fs::remove(segment(3));
  const Read got = read_all(dir_);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->fault, CaptureFault::Damaged);
}

TEST_F(Capture, TwoWritersCannotWriteTheSameCapture) {
  CaptureWriter first = writer();
  const auto second = CaptureWriter::open(dir_, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().fault, CaptureFault::InUse);
}

TEST_F(Capture, AnotherPreambleBeginsAnotherSegment) {
  CaptureWriter w = writer();
  const std::vector<std::byte> one(10, std::byte{1});
  const std::vector<std::byte> two(10, std::byte{2});
  ASSERT_TRUE(w.set_preamble(one).ok());
  put(w, frame(day, "a"));
  ASSERT_TRUE(w.set_preamble(one).ok());
  put(w, frame(day, "b"));
  ASSERT_TRUE(w.set_preamble(two).ok());
  put(w, frame(day, "c"));
  ASSERT_TRUE(w.close().ok());
  auto reader = CaptureReader::open(dir_);
  ASSERT_TRUE(reader.ok());
  std::vector<int> preambles;
  CaptureRecord record;
  while (*reader->next(record)) {
    const auto preamble = reader->preamble();
    ASSERT_TRUE(preamble.ok());
    preambles.push_back(static_cast<int>((*preamble)[0]));
  }
  EXPECT_EQ(preambles, (std::vector<int>{1, 1, 2}));
}

TEST_F(Capture, AProcessKilledWhileRecordingLosesAtMostWhatWasNotWrittenYet) {
  // Counted by the child before it dies: what it had flushed.
  int counts[2];
  ASSERT_EQ(::pipe(counts), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto w = CaptureWriter::open(dir_, {});
    if (!w.ok()) ::_exit(1);
    std::uint64_t flushed = 0;
    for (std::uint64_t n = 0;; ++n) {
      CaptureRecord r;
      r.ns = day + static_cast<std::int64_t>(n);
      r.stream = w->stream({"kraken", "market", ""});
      const std::string text = "frame " + std::to_string(n);
      r.data = text;
      if (!w->put(r).ok()) ::_exit(1);
      if (n % 50 == 49) {
        if (!w->flush().ok()) ::_exit(1);
        flushed = n + 1;
        if (::write(counts[1], &flushed, sizeof flushed) != sizeof flushed) ::_exit(1);
      }
    }
  }
  std::uint64_t flushed = 0;
  while (flushed < 5000)
    ASSERT_EQ(::read(counts[0], &flushed, sizeof flushed), static_cast<ssize_t>(sizeof flushed));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(counts[1]);
  for (std::uint64_t n = 0; ::read(counts[0], &n, sizeof n) == static_cast<ssize_t>(sizeof n);)
    flushed = n;
  ::close(counts[0]);
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  ASSERT_GE(got.records.size(), flushed);
  for (std::size_t n = 0; n < got.records.size(); ++n)
    ASSERT_EQ(got.records[n].data, "frame " + std::to_string(n));
}

TEST_F(Capture, TheRecorderKeepsWhatTheFeedGaveInOrderWithItsTimes) {
  auto recorder = CaptureRecorder::start(dir_, {}, std::size_t{1} << 20);
  ASSERT_TRUE(recorder.ok()) << recorder.error().detail;
  CaptureRecorder& r = **recorder;
  const std::uint32_t market = r.stream("kraken", "market", "ws://k/v2");
  const std::uint32_t rest = r.stream("binance", "rest", "http://b");
  const Instant t = OsClock::now();
  r.connected(market, t);
  r.message(market, CaptureKind::Text, t + nanoseconds(5), "frame one");
  r.message(market, CaptureKind::Binary, t + nanoseconds(7), std::string_view("\0\xff\x01", 3));
  r.rest(rest, t + nanoseconds(9), 200, "http://b/depth?symbol=X", "{}");
  r.event(market, t + nanoseconds(9), Event(Heartbeat{VenueId{0}, {{}, t}}));
  r.disconnected(market, t + nanoseconds(11), "silent for 30000 ms");
  ASSERT_TRUE(r.stop().ok());
  EXPECT_EQ(r.lost().records, 0u);
  const Read got = read_all(dir_);
  ASSERT_FALSE(got.error) << got.error->detail;
  ASSERT_EQ(got.records.size(), 6u);
  const std::int64_t ns = r.wall(t).ns_utc;
  EXPECT_EQ(got.records[0].kind, CaptureKind::Connect);
  EXPECT_EQ(got.records[0].ns, ns);
  EXPECT_EQ(got.records[0].from, (CaptureStream{"kraken", "market", "ws://k/v2"}));
  EXPECT_EQ(got.records[1].data, "frame one");
  EXPECT_EQ(got.records[1].ns, ns + 5);
  EXPECT_EQ(got.records[2].kind, CaptureKind::Binary);
  EXPECT_EQ(got.records[2].data, std::string("\0\xff\x01", 3));
  EXPECT_EQ(got.records[3].url, "http://b/depth?symbol=X");
  EXPECT_EQ(got.records[3].status, 200u);
  EXPECT_EQ(got.records[3].from.venue, "binance");
  DecodedEvent decoded;
  ASSERT_TRUE(decode_event(std::as_bytes(std::span(got.records[4].data)), decoded).ok());
  EXPECT_TRUE(std::holds_alternative<Heartbeat>(decoded.event));
  EXPECT_EQ(got.records[5].data, "silent for 30000 ms");
}

TEST_F(Capture, AFullRingNeverBlocksAndTheCaptureSaysHowMuchIsMissing) {
  auto recorder = CaptureRecorder::start(dir_, {}, std::size_t{1} << 12);
  ASSERT_TRUE(recorder.ok());
  CaptureRecorder& r = **recorder;
  const std::uint32_t market = r.stream("kraken", "market", "");
  const std::string frame(900, 'x');
  constexpr std::uint64_t count = 20'000;
  for (std::uint64_t n = 0; n < count; ++n)
    r.message(market, CaptureKind::Text, OsClock::now(), frame);
  const auto lost = r.lost();
  ASSERT_GT(lost.records, 0u);
  EXPECT_EQ(lost.bytes, lost.records * frame.size());
  ASSERT_TRUE(r.stop().ok());
  std::uint64_t kept = 0;
  std::uint64_t told = 0;
  const Read got = read_all(dir_);
  for (const Kept& k : got.records) {
    kept += k.kind == CaptureKind::Text ? 1u : 0u;
    told += k.lost_records;
  }
  EXPECT_EQ(kept + told, count);
  EXPECT_EQ(told, lost.records);
}

TEST_F(Capture, WhatIsNoCaptureIsNamed) {
  fs::create_directories(dir_);
  EXPECT_EQ(read_all(dir_).error->fault, CaptureFault::NotACapture);
  set_bytes(dir_ / "x", "hello, this is thirty-two bytes or more of text");
  EXPECT_EQ(read_all(dir_ / "x").error->fault, CaptureFault::NotACapture);
  EXPECT_FALSE(CaptureReader::is_capture(dir_ / "x"));
  EXPECT_EQ(read_all(dir_ / "absent").error->fault, CaptureFault::CannotOpen);
}

}  // namespace
}  // namespace ats::io
