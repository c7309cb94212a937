// Venues, assets, pairs and instruments: what can be traded where, in which steps, at which cost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"
#include "domain/number.hpp"

namespace ats {

enum class InstrumentStatus : std::uint8_t { Trading, CancelOnly, PostOnly, Halted };
const char* name(InstrumentStatus status);

// In which asset a venue takes its fee from a fill.
enum class FeeAsset : std::uint8_t {
  Received,  // buy: base, sell: quote (Binance)
  Quote,     // always the quote asset (Kraken's default)
};

struct FeeSchedule {
  Rate maker;
  Rate taker;
  FeeAsset charged_in = FeeAsset::Quote;
  // Decimals the venue keeps when it rounds a fee; fees are rounded up (against us) in estimates.
  std::uint8_t decimals = 8;
  constexpr bool operator==(const FeeSchedule&) const = default;
};

// A pair on one venue. Invariants: tick, lot > 0; 0 <= scales <= 12; price_scale + qty_scale <= 18, so
// that price × quantity is exact in Decimal.
struct Instrument {
  InstrumentId id;
  VenueId venue;
  PairId pair;
  AssetId base;
  AssetId quote;
  Text<31> symbol;       // the venue's own spelling in market-data frames (BTCUSDT, BTC/USDT)
  Text<31> rest_symbol;  // the spelling its REST calls answer with, where it differs (XBTUSDT)
  std::uint8_t price_scale = 0;  // Price units are 10^-price_scale of the quote asset
  std::uint8_t qty_scale = 0;    // Quantity units are 10^-qty_scale of the base asset
  std::int64_t tick = 1;         // price step, in Price units
  std::int64_t lot = 1;          // quantity step, in Quantity units
  Quantity min_quantity;
  Quantity max_quantity;  // zero = no limit
  Decimal min_notional;   // in the quote asset
  FeeSchedule fees;
  InstrumentStatus status = InstrumentStatus::Trading;

  bool operator==(const Instrument&) const = default;

  Result<Price, NumberError> parse_price(std::string_view text) const;  // off-grid = TooPrecise
  Result<Quantity, NumberError> parse_quantity(std::string_view text) const;
  Decimal price_decimal(Price p) const { return Decimal::from_scaled(p.units, price_scale); }
  Decimal quantity_decimal(Quantity q) const { return Decimal::from_scaled(q.units, qty_scale); }
  bool on_tick(Price p) const { return p.units > 0 && p.units % tick == 0; }
  bool on_lot(Quantity q) const { return q.units > 0 && q.units % lot == 0; }
  Quantity floor_to_lot(Quantity q) const { return {q.units - q.units % lot}; }
  // Exact, in the quote asset.
  Decimal notional(Price p, Quantity q) const;
  // The venue's fee for a taker fill: amount and asset, rounded up to fees.decimals.
  struct Fee {
    Decimal amount;
    AssetId asset;
  };
  Fee taker_fee(Side side, Price p, Quantity q) const;
};

enum class OrderFault : std::uint8_t {  // why an order would break the instrument's own rules
  OffTick,
  OffLot,
  BelowMinQuantity,
  AboveMaxQuantity,
  BelowMinNotional,
  NotTrading,
};
const char* name(OrderFault fault);
// Checked before anything is sent; nothing when the order keeps all the rules.
std::optional<OrderFault> check_order(const Instrument& instrument, Price price, Quantity quantity);

// How a venue numbers and proves its book updates.
enum class SequenceRule : std::uint8_t {
  None,  // order of arrival is all there is (Kraken v2: the checksum is the proof)
  Spanning,  // [first,last] ids; joins a snapshot when first <= id+1 <= last; then first == id+1 (Binance spot)
  PrevLinked,  // each update names the last id of the one before; joins a snapshot when first <= id <= last (Binance futures)
};

struct TopLevels {  // best first, at most 10 a side: what a checksum is taken over
  std::span<const Level> bids;
  std::span<const Level> asks;
};
using ChecksumFunction = std::uint32_t (*)(const TopLevels&);

struct BookRules {
  SequenceRule sequence = SequenceRule::None;
  ChecksumFunction checksum = nullptr;  // null: the venue sends none
  std::uint16_t depth = 0;              // levels a side kept after each update; 0 = all
  bool snapshot_by_request =
      false;  // snapshot comes from REST on Action::RequestSnapshot; else the stream sends it after (re)subscribing
  Duration max_age = seconds(10);  // without any sign of life from the venue the book is Suspect
};

struct VenueInfo {
  Text<15> name;
  BookRules book;
};
struct Asset {
  Text<15> name;
};
struct Pair {
  AssetId base;
  AssetId quote;
};

// All that exists for one engine. Ids are indices; entries are only ever appended.
class Universe {
 public:
  VenueId add_venue(std::string_view name, const BookRules& rules);
  AssetId add_asset(std::string_view name);  // finds or adds
  PairId add_pair(AssetId base, AssetId quote);
  // Fills in id and pair. The same (venue, symbol) again updates the entry in place and keeps its id.
  InstrumentId add_instrument(Instrument instrument);

  std::span<const VenueInfo> venues() const { return venues_; }
  std::span<const Asset> assets() const { return assets_; }
  std::span<const Pair> pairs() const { return pairs_; }
  std::span<const Instrument> instruments() const { return instruments_; }
  const VenueInfo& venue(VenueId id) const { return venues_[id.index()]; }
  const Asset& asset(AssetId id) const { return assets_[id.index()]; }
  const Pair& pair(PairId id) const { return pairs_[id.index()]; }
  const Instrument& instrument(InstrumentId id) const { return instruments_[id.index()]; }
  Instrument& instrument(InstrumentId id) { return instruments_[id.index()]; }
  VenueInfo& venue(VenueId id) { return venues_[id.index()]; }

  VenueId find_venue(std::string_view name) const;  // invalid id when absent
  AssetId find_asset(std::string_view name) const;
  InstrumentId find_instrument(VenueId venue, std::string_view symbol) const;
  InstrumentId find_instrument(VenueId venue, PairId pair) const;
  std::string pair_name(PairId id) const;              // "BTC/USDT"
  std::string instrument_name(InstrumentId id) const;  // "binance BTC/USDT"

 private:
  std::vector<VenueInfo> venues_;
  std::vector<Asset> assets_;
  std::vector<Pair> pairs_;
  std::vector<Instrument> instruments_;
};

}  // namespace ats
