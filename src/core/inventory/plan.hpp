// What could be done about holdings that have drifted from their targets: what to shift from where to where,
// and what each way of doing it costs now. A plan is told to people; nothing is sent by it.
//
//   transfer   over a network, at the fee and in the time that the configuration's table says; a venue and
//              asset without a line there cannot be sent from, for all we know
//   reverse    sold where there is too much and bought where there is too little, at the Valid books as they
//              stand, fees included. The pair's other asset moves the other way; that may not leave it off
//   wait       costs nothing and promises nothing: what it forgoes are the directions that want of funds
//              has shut or narrowed
//
// A direction is shut when its funds do not pay for the smallest order that both venues take, and narrowed
// when they do not for the largest that the configuration allows.
// What is recommended: waiting, while all directions that the asset is needed for are open; else the cheapest
// of the ways that are known and possible, in the reporting asset; waiting, where there is none.
// Invariants: no shift is of more than is free there; nothing is priced from a book that is not Valid.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "core/books/book_set.hpp"
#include "core/detector/detector.hpp"
#include "core/inventory/holdings.hpp"
#include "core/inventory/round_trip.hpp"
#include "core/inventory/skew.hpp"
#include "core/inventory/transfer_table.hpp"
#include "core/ledger/ledger.hpp"
#include "core/ledger/marks.hpp"

namespace ats::core {

struct Direction {
  PairId pair;
  InstrumentId buy;
  InstrumentId sell;
  Rate min_edge;                // asked at this moment
  std::optional<Decimal> room;  // the largest trade that the funds allow, in the reporting asset
  bool shut = false;
  bool narrow = false;
  VenueId lacking;  // what bounds it, when it is shut or narrow
  AssetId lacks;
};

enum class Way : std::uint8_t { Transfer, Reverse, Wait };
const char* name(Way way);
enum class Because : std::uint8_t {
  NothingShut,  // waiting costs nothing now
  Pays,         // the way back earns
  Cheapest,     // of those that are known
  OnlyWay,
  NothingKnown,  // no transfer in the table, and no trade that would do
};
const char* name(Because because);

struct TransferWay {
  enum class State : std::uint8_t { Possible, NotKnown, BelowLeast };
  State state = State::NotKnown;
  Text<15> network;
  Decimal fee;
  std::uint32_t minutes = 0;
  Decimal least;
  std::optional<Decimal> cost;  // the fee's worth, in the reporting asset
};
const char* name(TransferWay::State state);

struct ReverseWay {
  enum class State : std::uint8_t {
    Possible,
    NoPair,
    NoBook,
    NoFunds,
    TooSmall,
    NoDepth,
    Unbalances
  };
  State state = State::NoPair;
  PairId pair;
  InstrumentId buy;
  InstrumentId sell;
  RoundTrip trip;
  AssetId moves_back;           // the pair's other asset
  std::optional<Decimal> cost;  // in the reporting asset; negative: it earns
};
const char* name(ReverseWay::State state);

struct Move {
  AssetId asset;
  Shift shift;
  std::optional<Decimal> worth;
  TransferWay transfer;
  ReverseWay reverse;
  std::vector<std::uint32_t> forgone;  // by waiting: indices into the directions
  Way recommended = Way::Wait;
  Because because = Because::NothingKnown;
};

struct InventoryReport {
  AssetId reporting;
  Rate band;
  Rate skew;
  Rate floor;
  std::vector<Holding> holdings;  // asset by asset, of venues that trade it and have told
  std::vector<std::optional<Decimal>> worths;  // of `held` of each
  std::vector<Direction> directions;
  std::vector<Move> moves;
};

struct InventoryView {  // what a plan is made from
  const Universe& universe;
  const CoreConfig& config;
  const InventorySkew& skew;
  const Ledger& ledger;
  const BookSet& books;
  const Marks& marks;
  const Funds& funds;
};

InventoryReport plan_inventory(const InventoryView& view, const PlanRules& rules, Instant now);

}  // namespace ats::core
