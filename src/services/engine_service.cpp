#include "services/engine_service.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "services/engine_messages.hpp"
#include "services/risk_messages.hpp"

namespace ats::services {
namespace {

constexpr std::uint32_t trades_usual = 50;
constexpr std::uint32_t trades_most = 1000;

template <class Request>
BooksWanted wanted_of(const Request& asked) {
  return {asked.venue(), asked.pair()};
}

std::optional<grpc::Status> nowhere(const BooksWanted& wanted, const Universe& universe) {
  const auto why = wanted.nowhere(universe);
  if (!why) return std::nullopt;
  return grpc::Status(grpc::StatusCode::NOT_FOUND, *why);
}

class BookStream final : public WatchStream<v1::WatchBooksResponse> {
 public:
  BookStream(Watches& watches, EngineService& service, BooksWanted wanted)
      : WatchStream(watches), service_(service), wanted_(std::move(wanted)) {}

 private:
  struct Sent {
    BookState state = BookState::Resyncing;
    BookReason reason = BookReason::None;
    Level bid, ask;
    bool operator==(const Sent&) const = default;
  };

  bool tell(v1::WatchBooksResponse& out) override {
    const LiveView& view = service_.view_now();
    const bool first = sent_.empty();
    sent_.resize(view.core.books.size());
    for (std::size_t n = 0; n < view.core.books.size(); ++n) {
      const BookStatus& book = view.core.books[n];
      if (!wanted_.has(view.universe->instrument(book.instrument), *view.universe)) continue;
      const Sent is{book.state, book.reason, book.bid, book.ask};
      if (sent_[n] == is) continue;
      sent_[n] = is;
      fill(*out.add_books(), book, *view.universe, view.core.now);
    }
    if (out.books().empty() && !first) return false;
    out.set_snapshot(first);
    if (view.core.wall.told()) fill_time(*out.mutable_as_of(), view.core.wall);
    return true;
  }

  EngineService& service_;
  BooksWanted wanted_;
  std::vector<std::optional<Sent>> sent_;  // by book
};

// Numbers of the journal, none left out.
class TapeStream final : public Stream<grpc::ServerWriteReactor<v1::BusMessage>, v1::BusMessage> {
 public:
  TapeStream(Watches& watches, const EventTape& tape, BusStream stream, std::uint64_t after)
      : Stream(watches), tape_(tape), stream_(stream), after_(after) {}

  void begin(std::uint64_t journal) {
    if (journal != 0 && journal != tape_.feed().journal()) {
      return end({grpc::StatusCode::FAILED_PRECONDITION,
                  fmt::format("this is journal {}, which numbers anew: begin with after 0",
                              tape_.feed().journal())});
    }
    if (after_ > tape_.last(stream_)) {
      return end(
          {grpc::StatusCode::OUT_OF_RANGE,
           fmt::format("there is no number {} yet: the last is {}", after_, tape_.last(stream_))});
    }
    // From the first that is kept.
    if (after_ == 0 && !tape_.kept(stream_).empty())
      after_ = tape_.kept(stream_).front().number - 1;
    pump();
  }

 private:
  bool next(v1::BusMessage& out) override {
    const auto& kept = tape_.kept(stream_);
    if (kept.empty() || kept.back().number == after_) return false;
    const BusItem* item = tape_.find(stream_, after_ + 1);
    if (item == nullptr) {
      end({grpc::StatusCode::OUT_OF_RANGE,
           fmt::format("number {} is kept no more: the first that is is {}", after_ + 1,
                       kept.front().number)});
      return false;
    }
    out.ParseFromString(item->bytes);
    ++after_;
    return true;
  }

  const EventTape& tape_;
  BusStream stream_;
  std::uint64_t after_;
};

}  // namespace

void EngineService::pump() {
  view_.reset();
  watches_.pump();
}

const LiveView& EngineService::view_now() {
  if (!view_) source_.view(view_.emplace());
  return *view_;
}

EngineService::Unary* EngineService::GetEngine(Context* context, const v1::GetEngineRequest* in,
                                               v1::GetEngineResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, out] {
    LiveView view;
    source_.view(view);
    fill(*out, view, source_.tape(), source_.reporting());
    return grpc::Status::OK;
  });
}

EngineService::Unary* EngineService::ListBooks(Context* context, const v1::ListBooksRequest* in,
                                               v1::ListBooksResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
    if (in->depth() > book_depth_most) return bad(fmt::format("depth: 0 to {}", book_depth_most));
    LiveView view;
    source_.view(view);
    const BooksWanted wanted = wanted_of(*in);
    if (const auto none = nowhere(wanted, *view.universe)) return *none;
    std::array<Level, book_depth_most> room;
    for (const BookStatus& book : view.core.books) {
      const Instrument& on = view.universe->instrument(book.instrument);
      if (!wanted.has(on, *view.universe)) continue;
      v1::Book& to = *out->add_books();
      fill(to, book, *view.universe, view.core.now);
      if (in->depth() == 0) continue;
      const auto deep = std::span(room).first(in->depth());
      for (const Side side : {Side::Buy, Side::Sell}) {
        const std::size_t count = source_.levels(book.instrument, side, deep);
        if (count > 0)
          fill_levels(side == Side::Buy ? *to.mutable_bids() : *to.mutable_asks(),
                      deep.first(count), on);
      }
    }
    return grpc::Status::OK;
  });
}

EngineService::Unary* EngineService::ListOpportunities(Context* context,
                                                       const v1::ListOpportunitiesRequest* in,
                                                       v1::ListOpportunitiesResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, in, out] {
    LiveView view;
    source_.view(view);
    fill(*out, *in, view);
    return grpc::Status::OK;
  });
}

EngineService::Unary* EngineService::ListOrders(Context* context, const v1::ListOrdersRequest* in,
                                                v1::ListOrdersResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, out] {
    LiveView view;
    source_.view(view);
    for (const OrderStatus& order : view.core.open_orders) fill(*out->add_orders(), order, view);
    return grpc::Status::OK;
  });
}

EngineService::Unary* EngineService::ListTrades(Context* context, const v1::ListTradesRequest* in,
                                                v1::ListTradesResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
    if (in->last() > trades_most) return bad(fmt::format("last: 0 to {}", trades_most));
    LiveView view;
    source_.view(view);
    for (const ExecutionStatus& trade : view.core.open_executions)
      fill(*out->add_open(), trade, view);
    const std::uint32_t most = in->last() == 0 ? trades_usual : in->last();
    const auto& over = source_.tape().kept(BusStream::Execution);
    for (std::size_t n = 0; n < std::min<std::size_t>(most, over.size()); ++n)
      out->add_over()->ParseFromString(over[over.size() - 1 - n].bytes);
    return grpc::Status::OK;
  });
}

namespace {

grpc::Status status_of(const TradeReader::Error& error) {
  switch (error.failure) {
    case TradeReader::Failure::NotFound:
      return {grpc::StatusCode::NOT_FOUND, error.why};
    case TradeReader::Failure::TooLong:
      return {grpc::StatusCode::FAILED_PRECONDITION, error.why};
    case TradeReader::Failure::Unreadable:
      return {grpc::StatusCode::UNAVAILABLE, error.why};
    case TradeReader::Failure::Busy:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.why};
  }
  return {grpc::StatusCode::INTERNAL, error.why};
}

}  // namespace

EngineService::Unary* EngineService::GetTrade(Context* context, const v1::GetTradeRequest* in,
                                              v1::GetTradeResponse* out) {
  return calls_.ask_later(context, in, Right::Look, [this, in, out](GrpcCalls::Finish finish) {
    const std::uint64_t number = next_reading_++;
    reading_.emplace(number, std::move(finish));
    reader_.read(source_.journal(), in->trade(), [this, number, out](const auto& read) {
      auto waits = reading_.extract(number);
      if (waits.empty()) return;  // it was ended, and `out` with it
      if (!read) return waits.mapped()(status_of(read.error()));
      const bool good =
          google::protobuf::util::JsonStringToMessage(*read, out->mutable_timeline()).ok();
      ATS_ASSERT(good);  // it is ours
      waits.mapped()(grpc::Status::OK);
    });
  });
}

void EngineService::end_streams(const grpc::Status& status) {
  watches_.end(status);
  for (const auto& [number, finish] : std::exchange(reading_, {})) finish(status);
}

EngineService::Unary* EngineService::ListBalances(Context* context,
                                                  const v1::ListBalancesRequest* in,
                                                  v1::ListBalancesResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, in, out]() -> grpc::Status {
    LiveView view;
    source_.view(view);
    if (!in->venue().empty() && !view.universe->find_venue(in->venue()).valid())
      return {grpc::StatusCode::NOT_FOUND, "no venue '" + in->venue() + "' here"};
    for (const BalanceStatus& balance : view.core.balances) {
      if (!in->venue().empty() && view.universe->venue(balance.venue).name.view() != in->venue())
        continue;
      fill(*out->add_balances(), balance, *view.universe);
    }
    return grpc::Status::OK;
  });
}

EngineService::Unary* EngineService::GetConfiguration(Context* context,
                                                      const v1::GetConfigurationRequest* in,
                                                      v1::GetConfigurationResponse* out) {
  return calls_.ask(context, in, Right::Look, [this, out] {
    out->set_toml(source_.configuration());
    return grpc::Status::OK;
  });
}

EngineService::Stream<v1::WatchBooksResponse>* EngineService::WatchBooks(
    Context* context, const v1::WatchBooksRequest* in) {
  const BooksWanted wanted = wanted_of(*in);
  return calls_.watch(context, "WatchBooks", Right::Look, watches_,
                      new BookStream(watches_, *this, wanted), [this, wanted](BookStream& one) {
                        if (const auto none = nowhere(wanted, *view_now().universe))
                          return one.end(*none);
                        one.pump();
                      });
}

EngineService::Stream<v1::BusMessage>* EngineService::WatchFills(Context* context,
                                                                 const v1::WatchFillsRequest* in) {
  return calls_.watch(context, "WatchFills", Right::Look, watches_,
                      new TapeStream(watches_, source_.tape(), BusStream::Fill, in->after()),
                      [journal = in->journal()](TapeStream& one) { one.begin(journal); });
}

EngineService::Stream<v1::BusMessage>* EngineService::WatchTrades(
    Context* context, const v1::WatchTradesRequest* in) {
  return calls_.watch(context, "WatchTrades", Right::Look, watches_,
                      new TapeStream(watches_, source_.tape(), BusStream::Execution, in->after()),
                      [journal = in->journal()](TapeStream& one) { one.begin(journal); });
}

}  // namespace ats::services
