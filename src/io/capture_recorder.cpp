#include "io/capture_recorder.hpp"

#include <cstring>
#include <ctime>

#include "domain/codec.hpp"
#include "io/clock.hpp"

namespace ats::io {

// In front of each record in the ring; two texts of these sizes follow.
struct CaptureRecorder::Head {
  enum What : std::uint8_t { Record, Name, Preamble };
  std::uint8_t what = Record;
  CaptureKind kind = CaptureKind::Text;
  std::uint16_t status = 0;
  std::uint32_t stream = 0;
  std::int64_t ns = 0;
  std::uint64_t first = 0;   // Lost: records
  std::uint64_t second = 0;  // Lost: bytes
};

namespace {

constexpr Duration idle_for = milliseconds(2);
// Under steady load, how many records pass between two looks at the clock.
constexpr int records_per_look = 256;

void rest_a_little() {
  const timespec t{0, idle_for.ns};
  ::nanosleep(&t, nullptr);
}

}  // namespace

Result<std::unique_ptr<CaptureRecorder>, CaptureError> CaptureRecorder::start(
    const std::filesystem::path& directory, const CaptureOptions& options, std::size_t ring_bytes) {
  auto writer = CaptureWriter::open(directory, options);
  if (!writer) return fail(writer.error());
  std::unique_ptr<CaptureRecorder> recorder(new CaptureRecorder(*std::move(writer), ring_bytes));
  recorder->thread_ = std::thread([raw = recorder.get()] { raw->loop(); });
  return recorder;
}

CaptureRecorder::CaptureRecorder(CaptureWriter writer, std::size_t ring_bytes)
    : writer_(std::move(writer)),
      ring_(ring_bytes),
      offset_(OsClock::wall().ns_utc - OsClock::now().ns) {}

CaptureRecorder::~CaptureRecorder() { static_cast<void>(stop()); }

// --- the feed's side ---

bool CaptureRecorder::push(const Head& head, std::string_view first, std::string_view second) {
  std::byte* at = ring_.claim(sizeof head + first.size() + second.size());
  if (at == nullptr) return false;
  std::memcpy(at, &head, sizeof head);
  if (!first.empty()) std::memcpy(at + sizeof head, first.data(), first.size());
  if (!second.empty()) std::memcpy(at + sizeof head + first.size(), second.data(), second.size());
  ring_.publish();
  return true;
}

void CaptureRecorder::offer(const Head& head, std::string_view first, std::string_view second) {
  if (failed_.load(std::memory_order_relaxed)) return;
  bool room = named_[head.stream];
  if (room && untold_.records != 0) room = tell_lost(head.stream, head.ns);
  if (room && push(head, first, second)) return;
  for (Lost* count : {&lost_, &untold_}) {
    ++count->records;
    count->bytes += first.size() + second.size();
  }
  last_lost_stream_ = head.stream;
  last_lost_ns_ = head.ns;
}

// What was lost, into the ring; false: no room for that either.
bool CaptureRecorder::tell_lost(std::uint32_t stream, std::int64_t ns) {
  Head lost;
  lost.kind = CaptureKind::Lost;
  lost.stream = stream;
  lost.ns = ns;
  lost.first = untold_.records;
  lost.second = untold_.bytes;
  if (!push(lost, {}, {})) return false;
  untold_ = {};
  return true;
}

std::uint32_t CaptureRecorder::stream(std::string_view venue, std::string_view connection,
                                      std::string_view url) {
  encoded_.clear();
  const auto add = [&](std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    encoded_.insert(encoded_.end(), bytes.begin(), bytes.end());
  };
  add(venue);
  add(connection);
  Head head;
  head.what = Head::Name;
  head.stream = streams_;
  head.status = static_cast<std::uint16_t>(venue.size());
  head.first = encoded_.size();
  head.second = url.size();
  named_.push_back(
      push(head, {reinterpret_cast<const char*>(encoded_.data()), encoded_.size()}, url));
  return streams_++;
}

void CaptureRecorder::universe(const Universe& universe) {
  encoded_.clear();
  const CoreConfig config;
  encode_event(Started{0, wall(OsClock::now()), &universe, &config}, Instant{}, encoded_);
  Head head;
  head.what = Head::Preamble;
  head.first = encoded_.size();
  static_cast<void>(
      push(head, {reinterpret_cast<const char*>(encoded_.data()), encoded_.size()}, {}));
}

void CaptureRecorder::message(std::uint32_t stream, CaptureKind kind, Instant at,
                              std::string_view bytes) {
  Head head;
  head.kind = kind;
  head.stream = stream;
  head.ns = wall(at).ns_utc;
  head.first = bytes.size();
  offer(head, bytes, {});
}

void CaptureRecorder::rest(std::uint32_t stream, Instant at, std::uint32_t status,
                           std::string_view url, std::string_view body) {
  Head head;
  head.kind = CaptureKind::Rest;
  head.status = static_cast<std::uint16_t>(status);
  head.stream = stream;
  head.ns = wall(at).ns_utc;
  head.first = body.size();
  head.second = url.size();
  offer(head, body, url);
}

void CaptureRecorder::connected(std::uint32_t stream, Instant at) {
  message(stream, CaptureKind::Connect, at, {});
}

void CaptureRecorder::disconnected(std::uint32_t stream, Instant at, std::string_view why) {
  message(stream, CaptureKind::Disconnect, at, why);
}

void CaptureRecorder::event(std::uint32_t stream, Instant at, const Event& event) {
  encoded_.clear();
  encode_event(event, Instant{wall(at).ns_utc}, encoded_);
  message(stream, CaptureKind::Event, at,
          {reinterpret_cast<const char*>(encoded_.data()), encoded_.size()});
}

std::string CaptureRecorder::failure() const {
  return failed_.load(std::memory_order_acquire) ? error_.detail : std::string();
}

Status<CaptureError> CaptureRecorder::stop() {
  if (thread_.joinable()) {
    while (untold_.records != 0 && named_[last_lost_stream_] &&
           !failed_.load(std::memory_order_acquire) && !tell_lost(last_lost_stream_, last_lost_ns_))
      rest_a_little();
    stopping_.store(true, std::memory_order_release);
    thread_.join();
  }
  if (failed_.load(std::memory_order_acquire)) return fail(error_);
  return Done{};
}

// --- the thread that writes ---

Status<CaptureError> CaptureRecorder::take(std::span<const std::byte> bytes) {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  const std::string_view rest(reinterpret_cast<const char*>(bytes.data()) + sizeof head,
                              bytes.size() - sizeof head);
  if (head.what == Head::Preamble) return writer_.set_preamble(std::as_bytes(std::span(rest)));
  if (head.what == Head::Name) {
    const std::string_view names = rest.substr(0, head.first);
    writer_stream_.resize(head.stream + std::size_t{1});
    writer_stream_[head.stream] = writer_.stream({std::string(names.substr(0, head.status)),
                                                  std::string(names.substr(head.status)),
                                                  std::string(rest.substr(head.first))});
    return Done{};
  }
  CaptureRecord record;
  record.kind = head.kind;
  record.ns = head.ns;
  record.stream = writer_stream_[head.stream];
  if (head.kind == CaptureKind::Lost) {
    record.lost_records = head.first;
    record.lost_bytes = head.second;
  } else {
    record.data = rest.substr(0, head.first);
    record.url = rest.substr(head.first);
    record.status = head.status;
  }
  return writer_.put(record);
}

void CaptureRecorder::loop() {
  const auto broke = [this](const CaptureError& error) {
    error_ = error;
    failed_.store(true, std::memory_order_release);
  };
  int since_look = 0;
  for (;;) {
    const bool last_round = stopping_.load(std::memory_order_acquire);
    const auto bytes = ring_.front();
    const bool empty = bytes.data() == nullptr;
    if (!empty) {
      const auto taken = take(bytes);
      ring_.pop();
      if (!taken) return broke(taken.error());
    }
    if (empty || ++since_look == records_per_look) {
      since_look = 0;
      if (const auto done = writer_.idle(OsClock::now()); !done) return broke(done.error());
    }
    if (!empty) continue;
    if (last_round) break;
    rest_a_little();
  }
  if (const auto closed = writer_.close(); !closed) broke(closed.error());
}

}  // namespace ats::io
