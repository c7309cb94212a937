// Venues, assets, pairs and instruments: what can be traded where, in which steps, at which cost.
#pragma once

#include <array>
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

// From this price on, prices move in this step. Both in Price units.
struct TickStep {
  std::int64_t from = 0;
  std::int64_t tick = 1;
  constexpr bool operator==(const TickStep&) const = default;
};

// Steps that grow with the price (Upbit's KRW market, Bitfinex's five digits); empty where one tick holds
// everywhere. Invariants: `from` rises; each `from` is a multiple of its own step and of the step below, so
// that a price rounded to a step is on the ladder whichever side of a `from` it lands on.
class TickLadder {
 public:
  static constexpr std::size_t capacity = 24;
  // False, and nothing added: full, or the step would break an invariant.
  bool add(std::int64_t from, std::int64_t tick);
  bool empty() const { return count_ == 0; }
  // The step at this price; below the first `from` the first step holds. Of a ladder that is not empty.
  std::int64_t at(Price price) const;
  std::span<const TickStep> steps() const { return std::span(steps_).first(count_); }
  bool operator==(const TickLadder&) const = default;

 private:
  std::array<TickStep, capacity> steps_{};
  std::uint8_t count_ = 0;
};

// How far from the average of its trades a venue lets an order's price be (Binance: PERCENT_PRICE_BY_SIDE).
struct PriceBand {
  Rate buy_least;  // of the average; zero: no bound
  Rate buy_most;
  Rate sell_least;
  Rate sell_most;
  Duration over;  // the average's time; zero: the last trade counts
  bool operator==(const PriceBand&) const = default;
  bool any() const { return *this != PriceBand{}; }
  bool allows(Side side, Price price, Price average) const;
};

// A pair on one venue. Invariants: tick, lot > 0; every step of the ladder is a multiple of the tick; 0 <= scales <= 12; price_scale + qty_scale <= 18, so
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
  std::int64_t tick = 1;  // every price is a multiple of it: the grid of the book; in Price units
  TickLadder ladder;      // not empty: what the price of an order must be a multiple of as well
  std::int64_t lot = 1;   // quantity step, in Quantity units
  Quantity min_quantity;
  Quantity max_quantity;  // zero = no limit
  Decimal min_notional;   // in the quote asset
  PriceBand band;
  FeeSchedule fees;
  InstrumentStatus status = InstrumentStatus::Trading;

  bool operator==(const Instrument&) const = default;

  Result<Price, NumberError> parse_price(std::string_view text) const;  // off-grid = TooPrecise
  Result<Quantity, NumberError> parse_quantity(std::string_view text) const;
  Decimal price_decimal(Price p) const { return Decimal::from_scaled(p.units, price_scale); }
  Decimal quantity_decimal(Quantity q) const { return Decimal::from_scaled(q.units, qty_scale); }
  // The step that a price of ours must keep there.
  std::int64_t tick_at(Price p) const { return ladder.empty() ? tick : ladder.at(p); }
  bool on_tick(Price p) const { return p.units > 0 && p.units % tick_at(p) == 0; }
  // The next price on the step that is not above, not below. Of prices from 0; ceil stays as it is where
  // the next step would not fit.
  Price floor_to_tick(Price p) const { return {p.units - p.units % tick_at(p)}; }
  Price ceil_to_tick(Price p) const;
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
  WholeBook,  // every message is a snapshot and replaces the book, unless its number is lower (Upbit)
  None,       // order of arrival is all there is (Kraken v2: the checksum is the proof)
  Spanning,  // [first,last] ids; joins a snapshot when first <= id+1 <= last; then first == id+1 (Binance spot)
  PrevLinked,  // each update names the last id of the one before; joins a snapshot when first <= id <= last (Binance futures)
};

struct TopLevels {  // best first, BookRules::checksum_levels a side: what a checksum is taken over
  std::span<const Level> bids;
  std::span<const Level> asks;
  std::uint8_t price_scale =
      0;  // of the instrument, for venues that sign the numbers as they print them
  std::uint8_t qty_scale = 0;
};
using ChecksumFunction = std::uint32_t (*)(const TopLevels&);

struct BookRules {
  SequenceRule sequence = SequenceRule::None;
  ChecksumFunction checksum = nullptr;  // null: the venue sends none
  std::uint8_t checksum_levels = 10;    // a side, at most checksum_levels_max
  static constexpr std::uint8_t checksum_levels_max = 25;
  std::uint16_t depth = 0;  // levels a side kept after each update; 0 = all
  // The codec counts the messages of a connection and raises SequenceGap where one is missing.
  bool connection_sequence = false;
  bool snapshot_by_request =
      false;  // snapshot comes from REST on Action::RequestSnapshot; else the stream sends it after (re)subscribing
  // Images of a book by REST, one book of the venue after the other; 0: none are asked for.
  Duration audit_every{};          // for comparison
  Duration poll_every{};           // in the stream's place while it is down
  Duration max_age = seconds(10);  // without any sign of life from the venue the book is Suspect
};

// What a venue lets be changed of an order that stands, under the id it has.
enum class AmendRule : std::uint8_t {
  Nothing,
  Price,  // its quantity stays as it is
  PriceAndQuantity,
};

struct VenueInfo {
  Text<15> name;
  BookRules book;
  AmendRule amends = AmendRule::Nothing;
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
  VenueId add_venue(std::string_view name, const BookRules& rules,
                    AmendRule amends = AmendRule::Nothing);
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
  PairId find_pair(std::string_view name) const;       // likewise; invalid id when absent
  std::string instrument_name(InstrumentId id) const;  // "binance BTC/USDT"

 private:
  std::vector<VenueInfo> venues_;
  std::vector<Asset> assets_;
  std::vector<Pair> pairs_;
  std::vector<Instrument> instruments_;
};

}  // namespace ats
