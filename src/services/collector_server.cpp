#include "services/collector_server.hpp"

#include <ats/v1/collector.grpc.pb.h>

#include <utility>
#include <vector>

#include "io/clock.hpp"
#include "services/engine_messages.hpp"
#include "services/grpc_host.hpp"
#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

class CollectorService final : public v1::Collector::CallbackService {
 public:
  CollectorService(GrpcCalls& calls, const MonitorSource& source, const FeedSource& books,
                   CollectorServer::Places places)
      : calls_(calls), source_(source), books_(books), places_(std::move(places)) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetCollector(Context* context, const v1::GetCollectorRequest* in,
                      v1::GetCollectorResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, out] {
      MonitorView view;
      source_.monitored(view);
      const CollectorMonitorView& told = *view.collector;
      fill_time(*out->mutable_as_of(), io::OsClock::wall());
      fill_duration(*out->mutable_running(), view.running);
      for (const VenueView& venue : told.venues) fill(*out->add_venues(), venue);
      for (const BookStatus& book : told.books) ++(*out->mutable_books())[name(book.state)];
      v1::CollectorFeed& feed = *out->mutable_feed();
      feed.set_socket(places_.feed);
      feed.set_readers(static_cast<std::uint32_t>(told.feed.readers));
      feed.set_joined(told.feed.joined);
      feed.set_refused(told.feed.refused);
      feed.set_records(told.feed.records);
      feed.set_bytes(told.feed.bytes);
      if (told.captures) {
        v1::CollectorCapture& capture = *out->mutable_capture();
        capture.set_folder(places_.capture);
        capture.set_records(told.captured_records);
        capture.set_lost(told.capture_lost);
      }
      return grpc::Status::OK;
    });
  }
  Unary* ListBooks(Context* context, const v1::ListBooksRequest* in,
                   v1::ListBooksResponse* out) override {
    return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
      if (in->depth() > book_depth_most) return bad(fmt::format("depth: 0 to {}", book_depth_most));
      const BooksWanted wanted(in->venue(), in->pair());
      const Universe& universe = books_.universe();
      if (const auto nowhere = wanted.nowhere(universe))
        return {grpc::StatusCode::NOT_FOUND, *nowhere};
      MonitorView view;
      source_.monitored(view);
      for (const BookStatus& book : view.collector->books) {
        const Instrument& on = universe.instrument(book.instrument);
        if (!wanted.has(on, universe)) continue;
        v1::Book& to = *out->add_books();
        fill(to, book, universe, view.collector->now);
        if (in->depth() > 0) add_levels(to, on, in->depth());
      }
      return grpc::Status::OK;
    });
  }

  // Of a book that may be priced from.
  void add_levels(v1::Book& to, const Instrument& on, std::size_t depth) {
    BookSnapshot snapshot;
    if (!books_.book_snapshot(on.id, snapshot, bids_, asks_)) return;
    const auto best = [depth](std::span<const Level> levels) {
      return levels.first(std::min(depth, levels.size()));
    };
    fill_levels(*to.mutable_bids(), best(snapshot.bids), on);
    fill_levels(*to.mutable_asks(), best(snapshot.asks), on);
  }

  GrpcCalls& calls_;
  const MonitorSource& source_;
  const FeedSource& books_;
  const CollectorServer::Places places_;
  std::vector<Level> bids_, asks_;  // room for a snapshot
};

}  // namespace

class CollectorServer::Parts {
 public:
  Parts(io::Reactor& reactor, const MonitorSource& source, const FeedSource& books, Places places,
        std::function<void(std::string)> log)
      : host(reactor, std::move(log)), service(host.calls(), source, books, std::move(places)) {
    host.add(service, v1::Collector::service_full_name());
  }
  ~Parts() { host.stop(); }

  GrpcHost host;
  CollectorService service;
};

CollectorServer::CollectorServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CollectorServer::~CollectorServer() = default;

Result<std::unique_ptr<CollectorServer>, std::string> CollectorServer::open(
    io::Reactor& reactor, const MonitorSource& source, const FeedSource& books, Places places,
    const RiskServiceConfig& config, std::function<void(std::string)> log) {
  auto parts = std::make_unique<Parts>(reactor, source, books, std::move(places), std::move(log));
  if (auto wrong = parts->host.listen(config, "--grpc")) return fail(std::move(*wrong));
  return std::unique_ptr<CollectorServer>(new CollectorServer(std::move(parts)));
}

void CollectorServer::serve() { parts_->host.serve(); }
void CollectorServer::stop() { parts_->host.stop(); }
const std::string& CollectorServer::address() const { return parts_->host.address(); }

}  // namespace ats::services
