// Cross-venue market making: of each configured pair a bid and an ask that stand on the slow venue, at a
// price that pays when what they fill is hedged on the fast one (quote_price.hpp). Decides what is wanted and
// when a quote is moved; the executor carries it out and hedges.
//
//   taken back  at once, when there is nothing to be wanted (a book that is not Valid, a halt, a venue that is
//               down or not reconciled, a stop) or when it could not be hedged without a loss any more
//   moved       when it stands more than maker_requote from the wanted price, or more than half of it is
//               gone: amended where the venue can and nothing of it has filled; else cancelled, and placed
//               anew when its end is known
//   placed, and moved, each side at most once every maker_requote_every, and later and later while the venue takes
//               none of them
//
// Starts over with each life: quotes of an earlier one are cancelled by the executor. Allocates nothing after
// construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/books/book_set.hpp"
#include "core/maker/quote_price.hpp"
#include "domain/action.hpp"
#include "domain/config.hpp"
#include "domain/status.hpp"

namespace ats::core {

// A quote to be placed, and what was seen when it was priced.
struct QuoteOrder {
  InstrumentId on;
  InstrumentId hedge;
  Side side = Side::Buy;
  PricedQuote priced;
};

// What became of a quote.
struct StandingQuote {
  bool live = false;     // may fill
  bool known = false;    // the venue has it, and nothing is being asked about it
  bool moving = false;   // an amendment was asked for, and nobody knows which terms stand
  bool leaving = false;  // it is to be taken back
  // It ended unfilled without being taken back, or because it could not be amended: the venue would not have it.
  bool unwanted = false;
  Price price;      // while it moves the one that may be met first
  Quantity left;    // at most
  Decimal holds;    // of what it pays with, here
  Decimal pledges;  // of what its hedge pays with, there
};

// Who places, hedges and takes back.
class QuoteDesk {
 public:
  // Whether anything may be quoted on the one and hedged on the other; books are not asked about here.
  virtual RefuseReason may_quote(InstrumentId on, InstrumentId hedge, Instant now) const = 0;
  // What is neither held by orders nor pledged to hedges.
  virtual Decimal free(VenueId venue, AssetId asset) const = 0;
  // The largest quote, in a quote asset; zero where nobody knows what the asset is worth.
  virtual Decimal quote_limit(AssetId quote) const = 0;
  virtual StandingQuote standing(OrderId order) const = 0;
  virtual RefuseReason quote(const QuoteOrder& wanted, Instant now, Actions& out,
                             OrderId& placed) = 0;
  // Asks for other terms of a quote that stands; false: it cannot be done, or may not, and nothing was sent.
  virtual bool amend(OrderId order, const QuoteOrder& wanted, Instant now, Actions& out) = 0;
  virtual void take_back(OrderId order, Instant now, Actions& out) = 0;

 protected:
  ~QuoteDesk() = default;
};

class Maker {
 public:
  // Pairs that the universe does not have on both venues are left out.
  Maker(const Universe& universe, const CoreConfig& config);

  // A book changed: the sides that it concerns are looked at.
  void on_book(InstrumentId changed, const BookSet& books, QuoteDesk& desk, Instant now,
               Actions& out);
  // Anything else may have changed: all of them are.
  void look(const BookSet& books, QuoteDesk& desk, Instant now, Actions& out);

  bool idle() const { return sides_.empty(); }
  void status(const QuoteDesk& desk, std::vector<QuoteStatus>& out) const;

 private:
  static constexpr std::uint32_t doublings_most = 6;
  struct MakerSide {  // one side of a pair
    InstrumentId on;
    InstrumentId hedge;
    Side side = Side::Buy;
    OrderId order;  // the last one placed, until its end was seen
    Instant next;   // none is placed before
    std::uint32_t doublings = 0;
    RefuseReason refused = RefuseReason::NotReconciled;
    PricedQuote wanted;
  };

  void look(MakerSide& side, const BookSet& books, QuoteDesk& desk, Instant now, Actions& out);
  Result<PricedQuote, RefuseReason> want(const MakerSide& side, const StandingQuote& standing,
                                         const BookSet& books, const QuoteDesk& desk,
                                         Instant now) const;
  bool loses(const MakerSide& side, const StandingQuote& standing, const BookSet& books) const;
  bool to_be_moved(const MakerSide& side, const StandingQuote& standing, const PricedQuote& wanted,
                   Instant now) const;
  const Instrument& instrument(InstrumentId id) const { return universe_.instrument(id); }

  const Universe& universe_;
  const CoreConfig& config_;
  std::vector<MakerSide> sides_;
  std::vector<std::vector<std::uint16_t>> of_instrument_;  // of sides_, by instrument
};

}  // namespace ats::core
