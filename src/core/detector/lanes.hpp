// From which asset to which, and what is got: every instrument is two hops (buy its base, sell its base),
// every two assets that are traded for each other make a lane each way, and a lane knows the best of its
// hops by the tops of the Valid books. A changed book costs two hops and the lanes they are in.
//
//   got = given × price × (1 − fee)          selling at the bid
//       = given / (price × (1 + fee))        buying, the fee in the quote asset
//       = given / price × (1 − fee)          buying, the fee in the base asset
//
// Rates are compared exactly. Their logarithms are kept beside them, so that a cycle of lanes is screened
// by adding. Allocates nothing after construction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/detector/exact_product.hpp"
#include "core/detector/log2.hpp"
#include "domain/config.hpp"
#include "domain/instrument.hpp"

namespace ats::core {

using LaneId = std::uint32_t;

// One way from an asset to another.
struct Hop {
  InstrumentId instrument;  // invalid: a configured rate
  Side side = Side::Buy;
  AssetId gives;
  AssetId gets;
  Price price;  // at the top of the book; zero: there is none to count on
  // What does not move: of (price ×) numerator / (price ×) denominator, the fee's part and the scale's.
  std::uint64_t fee_up = 1, scale_up = 1;
  std::uint64_t fee_down = 1, scale_down = 1;
  Log2 constant = 0;  // log2 of these four
  Log2 log = 0;       // log2 of the rate, while there is a price

  bool available() const { return price.units > 0; }
  // Multiplies by the rate this hop has at a price of its own.
  void multiply(ExactProduct& numerator, ExactProduct& denominator, Price at) const;
  // The same without the fee.
  void multiply_gross(ExactProduct& numerator, ExactProduct& denominator, Price at) const;
};

class Lanes {
 public:
  static constexpr LaneId identity = 0;  // leads nowhere: log 0
  static constexpr Log2 unavailable = -(Log2{1} << 60);
  // How far a hop's log may be from the truth: that of the price and of four factors.
  static constexpr Log2 hop_error = 5 * log2_error;

  Lanes(const Universe& universe, const CoreConfig& config);

  // --- what there is; asked while cycles are laid out ---
  // Over all venues; over one; over all venues, and at a configured rate where no book converts.
  std::optional<LaneId> find(AssetId gives, AssetId gets) const;
  std::optional<LaneId> find(VenueId venue, AssetId gives, AssetId gets) const;
  std::optional<LaneId> find_conversion(AssetId gives, AssetId gets) const;
  std::size_t size() const { return lanes_.size(); }

  // --- what moves ---
  // Its hops cost what they cost at the last call: no lane is better or worse at the tops than it was.
  bool stands(InstrumentId changed, const BookView& view) const;
  struct Moved {
    LaneId lane;
    bool better;  // its best rate rose: cycles over it may have opened
  };
  // The lanes whose best hop is, or was, of what changed. Valid until the next call.
  std::span<const Moved> on_book(InstrumentId changed, const BookView& view);
  std::span<const Moved> on_instrument(const Instrument& instrument, const BookView& view);
  // Configured rates begin to count, and grow too old.
  std::span<const Moved> on_time(WallTime wall);

  // Of the best hop; `unavailable` when the lane has none.
  Log2 log(LaneId lane) const { return logs_[lane]; }
  const Hop& best(LaneId lane) const { return hops_[lanes_[lane].best]; }
  const Instrument& instrument(const Hop& hop) const {
    return instruments_[hop.instrument.index()];
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Lane {
    std::vector<std::uint32_t> hops;
    std::uint32_t rate = none;  // the hop to fall back to
    std::uint32_t best = none;
  };
  struct Rate {
    ConversionRate told;
    std::uint32_t first_hop;  // its base bought; the next one: sold
    bool counts = false;
  };
  using Key = std::tuple<AssetId, AssetId, VenueId, bool>;

  std::optional<LaneId> find(const Key& key) const;
  LaneId lane(const Key& key);
  void add_conversions(const Universe& universe, const CoreConfig& config);
  void add_rates(const Universe& universe, const CoreConfig& config);
  void set_fees(const Instrument& instrument);
  void set_price(std::uint32_t hop, Price price);
  Price price_now(InstrumentId id, Side side, const BookView& view) const;
  // `anew`: more than a price may be different.
  std::span<const Moved> look(InstrumentId changed, const BookView& view, bool anew);
  bool beats(std::uint32_t a, std::uint32_t b) const;
  void stand(std::uint32_t hop);
  void choose(std::uint32_t changed);

  std::vector<Instrument> instruments_;
  std::vector<Hop> hops_;                      // of instruments (buy, sell), then of rates
  std::vector<std::vector<LaneId>> lanes_of_;  // by hop
  std::vector<Lane> lanes_;
  std::vector<Log2> logs_;  // by lane
  std::map<Key, LaneId> known_;
  std::vector<Rate> rates_;
  Duration rate_max_age_;
  std::vector<Moved> moved_;
};

}  // namespace ats::core
