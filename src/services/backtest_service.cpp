#include "services/backtest_service.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "services/backtest_messages.hpp"

namespace ats::services {
namespace {

constexpr std::size_t piece = std::size_t{64} << 10;

grpc::Status nowhere(const std::string& id) {
  return {grpc::StatusCode::NOT_FOUND, "no backtest '" + id + "' here"};
}

class JobStream final : public WatchStream<v1::WatchBacktestsResponse> {
 public:
  JobStream(Watches& watches, const BacktestJobs& jobs, std::string id)
      : WatchStream(watches), jobs_(jobs), id_(std::move(id)) {}

 private:
  bool tell(v1::WatchBacktestsResponse& out) override {
    const bool first = !std::exchange(begun_, true);
    std::map<std::string, std::uint64_t> now;
    for (auto job = jobs_.jobs().rbegin(); job != jobs_.jobs().rend(); ++job) {
      if (!id_.empty() && job->id != id_) continue;
      now.emplace(job->id, job->version);
      const auto sent = sent_.find(job->id);
      if (sent != sent_.end() && sent->second == job->version) continue;
      fill(*out.add_backtests(), *job);
    }
    for (const auto& [id, version] : sent_) {
      if (!now.contains(id)) out.add_removed(id);
    }
    sent_ = std::move(now);
    out.set_snapshot(first);
    return first || !out.backtests().empty() || !out.removed().empty();
  }

  const BacktestJobs& jobs_;
  std::string id_;  // empty: all
  bool begun_ = false;
  std::map<std::string, std::uint64_t> sent_;  // versions by id
};

class FileStream final : public Stream<grpc::ServerWriteReactor<v1::FetchBacktestResponse>,
                                       v1::FetchBacktestResponse> {
 public:
  explicit FileStream(Watches& watches) : Stream(watches) {}

  void begin(const std::filesystem::path& path, std::string media_type) {
    std::error_code ec;
    left_ = size_ = std::filesystem::file_size(path, ec);
    if (!ec) in_.open(path, std::ios::binary);
    if (ec || !in_.is_open()) {
      return end({grpc::StatusCode::FAILED_PRECONDITION,
                  path.filename().string() + " is not there (yet)"});
    }
    media_type_ = std::move(media_type);
    pump();
  }

 private:
  bool next(v1::FetchBacktestResponse& out) override {
    // Before begin(), or all of it has left. An empty file is one empty piece.
    if (!in_.is_open()) return false;
    if (std::exchange(begun_, true) && left_ == 0) {
      end(grpc::Status::OK);
      return false;
    }
    std::string& content = *out.mutable_content();
    content.resize(std::min<std::uint64_t>(piece, left_));
    in_.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (static_cast<std::size_t>(in_.gcount()) != content.size()) {
      end({grpc::StatusCode::UNAVAILABLE, "the file cannot be read any more"});
      return false;
    }
    left_ -= content.size();
    out.set_size(size_);
    out.set_media_type(media_type_);
    return true;
  }

  std::ifstream in_;
  std::uint64_t size_ = 0, left_ = 0;
  std::string media_type_;
  bool begun_ = false;
};

}  // namespace

BacktestService::BacktestService(BacktestJobsSetup setup, std::function<void(std::string)> log)
    : bridge_(reactor_),
      calls_(bridge_, std::move(log)),
      watches_{bridge_},
      jobs_(reactor_, std::move(setup), [this] { watches_.pump(); }) {}

BacktestService::~BacktestService() { close(); }

void BacktestService::begin() {
  thread_ = std::thread([this] {
    jobs_.begin();
    while (!closing_) reactor_.poll(seconds(1));
    bridge_.close();
    jobs_.close();
  });
}

void BacktestService::serve() {
  bridge_.submit([this] { calls_.set_serving(true); });
}

void BacktestService::stop_serving() {
  bridge_.submit([this] {
    calls_.set_serving(false);
    watches_.end(stopping());
  });
}

void BacktestService::close() {
  if (!thread_.joinable()) return;
  reactor_.post([this] { closing_ = true; });
  thread_.join();
}

BacktestService::Unary* BacktestService::ListRecordings(Context* context,
                                                        const v1::ListRecordingsRequest* in,
                                                        v1::ListRecordingsResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, out] {
    fill(*out, jobs_.recordings());
    return grpc::Status::OK;
  });
}

BacktestService::Unary* BacktestService::StartBacktest(Context* context,
                                                       const v1::StartBacktestRequest* in,
                                                       v1::StartBacktestResponse* out) {
  return calls_.act(context, in, out, Right::Study, [this, in, out](const Wish& wish) {
    const auto plan = plan_of(in->plan());
    if (!plan) return bad(plan.error());
    const auto job = jobs_.start(*plan, wish);
    if (!job) return status_of(job.error());
    fill(*out->mutable_backtest(), **job);
    return grpc::Status(grpc::Status::OK);
  });
}

BacktestService::Unary* BacktestService::CancelBacktest(Context* context,
                                                        const v1::CancelBacktestRequest* in,
                                                        v1::CancelBacktestResponse* out) {
  return calls_.act(context, in, out, Right::Study, [this, in, out](const Wish&) {
    const auto job = jobs_.cancel(in->id());
    if (!job) return status_of(job.error());
    fill(*out->mutable_backtest(), **job);
    return grpc::Status(grpc::Status::OK);
  });
}

BacktestService::Unary* BacktestService::ListBacktests(Context* context,
                                                       const v1::ListBacktestsRequest* in,
                                                       v1::ListBacktestsResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, out] {
    for (auto job = jobs_.jobs().rbegin(); job != jobs_.jobs().rend(); ++job)
      fill(*out->add_backtests(), *job);
    return grpc::Status::OK;
  });
}

BacktestService::Unary* BacktestService::GetBacktest(Context* context,
                                                     const v1::GetBacktestRequest* in,
                                                     v1::GetBacktestResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, in, out] {
    const BacktestJob* job = jobs_.find(in->id());
    if (job == nullptr) return nowhere(in->id());
    fill(*out->mutable_backtest(), *job);
    return grpc::Status(grpc::Status::OK);
  });
}

BacktestService::Stream<v1::WatchBacktestsResponse>* BacktestService::WatchBacktests(
    Context* context, const v1::WatchBacktestsRequest* in) {
  const std::string& id = in->id();
  return calls_.watch(context, "WatchBacktests", Right::Look, watches_,
                      new JobStream(watches_, jobs_, id), [this, id](JobStream& one) {
                        if (!id.empty() && jobs_.find(id) == nullptr) return one.end(nowhere(id));
                        one.pump();
                      });
}

BacktestService::Stream<v1::FetchBacktestResponse>* BacktestService::FetchBacktest(
    Context* context, const v1::FetchBacktestRequest* in) {
  struct Which {
    BacktestJobs::File file;
    const char* media_type;
  };
  static const std::map<int, Which> files = {
      {v1::FetchBacktestRequest::REPORT, {BacktestJobs::File::Report, "text/html"}},
      {v1::FetchBacktestRequest::RESULT, {BacktestJobs::File::Result, "application/json"}},
      {v1::FetchBacktestRequest::CONFIGURATION,
       {BacktestJobs::File::Configuration, "application/toml"}},
      {v1::FetchBacktestRequest::LOG, {BacktestJobs::File::Log, "text/plain"}}};
  return calls_.watch(context, "FetchBacktest", Right::Look, watches_, new FileStream(watches_),
                      [this, id = in->id(), file = static_cast<int>(in->file())](FileStream& one) {
                        const auto found = files.find(file);
                        if (found == files.end())
                          return one.end(bad("file: REPORT, RESULT, CONFIGURATION or LOG"));
                        const BacktestJob* job = jobs_.find(id);
                        if (job == nullptr) return one.end(nowhere(id));
                        one.begin(jobs_.path_of(*job, found->second.file),
                                  found->second.media_type);
                      });
}

}  // namespace ats::services
