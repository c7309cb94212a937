// What an engine shows, as messages of ats.v1 (proto/ats/v1/engine.proto). Only what speaks gRPC includes this.
#pragma once

#include <ats/v1/engine.pb.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "services/event_tape.hpp"
#include "services/live_view.hpp"

namespace ats::services {

constexpr std::uint32_t book_depth_most = 50;  // levels a side

// Which books are asked about; both empty: all.
class BooksWanted {
 public:
  BooksWanted(std::string venue, std::string pair)
      : venue_(std::move(venue)), pair_(std::move(pair)) {}
  bool has(const Instrument& on, const Universe& universe) const;
  // Why not; nothing: there is such a book.
  std::optional<std::string> nowhere(const Universe& universe) const;

 private:
  std::string venue_, pair_;
};

// `reporting`: the asset that its profit is in.
void fill(v1::GetEngineResponse& out, const LiveView& view, const EventTape& tape,
          std::string_view reporting);
void fill(v1::VenueLine& out, const VenueView& venue);
// With the best level a side where there is one. `now`: in the book's time.
void fill(v1::Book& out, const BookStatus& book, const Universe& universe, Instant now);
void fill_levels(google::protobuf::RepeatedPtrField<v1::BookLevel>& out,
                 std::span<const Level> levels, const Instrument& of);
// The best first.
void fill(v1::ListOpportunitiesResponse& out, const v1::ListOpportunitiesRequest& asked,
          const LiveView& view);
void fill(v1::Order& out, const OrderStatus& order, const LiveView& view);
void fill(v1::OpenTrade& out, const ExecutionStatus& trade, const LiveView& view);
void fill(v1::Balance& out, const BalanceStatus& balance, const Universe& universe);

}  // namespace ats::services
