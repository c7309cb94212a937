#include "venues/system_status.hpp"

#include <gtest/gtest.h>

namespace ats::venues {
namespace {

// Takes what is told over into the universe, as the running system does.
struct TakesOver final : EventSink {
  explicit TakesOver(Universe& of) : universe(of) {}
  void on(const Event& event) override {
    universe.add_instrument(std::get<InstrumentChanged>(event).instrument);
    ++told;
  }
  Universe& universe;
  int told = 0;
};

class SystemStatusTest : public testing::Test {
 protected:
  SystemStatusTest() {
    venue_ = universe_.add_venue("venue", {});
    one_ = list(venue_, "A");
    two_ = list(venue_, "B");
    other_ = list(universe_.add_venue("other", {}), "A");
    universe_.instrument(two_).status = InstrumentStatus::PostOnly;
  }
  InstrumentId list(VenueId venue, const char* base) {
    Instrument i;
    i.venue = venue;
    i.base = universe_.add_asset(base);
    i.quote = universe_.add_asset("USDT");
    i.symbol = base;
    return universe_.add_instrument(i);
  }
  void tell(InstrumentStatus status) { system_.tell(status, venue_, universe_, sink_); }
  InstrumentStatus of(InstrumentId id) const { return universe_.instrument(id).status; }

  Universe universe_;
  VenueId venue_;
  InstrumentId one_, two_, other_;
  TakesOver sink_{universe_};
  SystemStatus system_;
};

TEST_F(SystemStatusTest, a_halt_holds_for_every_instrument_and_leaves_each_as_it_was) {
  tell(InstrumentStatus::Halted);
  EXPECT_EQ(of(one_), InstrumentStatus::Halted);
  EXPECT_EQ(of(two_), InstrumentStatus::Halted);
  EXPECT_EQ(of(other_), InstrumentStatus::Trading);
  tell(InstrumentStatus::CancelOnly);
  EXPECT_EQ(of(two_), InstrumentStatus::CancelOnly);
  tell(InstrumentStatus::Trading);
  EXPECT_EQ(of(one_), InstrumentStatus::Trading);
  EXPECT_EQ(of(two_), InstrumentStatus::PostOnly);
}

TEST_F(SystemStatusTest, what_the_venue_told_of_an_instrument_meanwhile_stands) {
  tell(InstrumentStatus::Halted);
  universe_.instrument(one_).status = InstrumentStatus::CancelOnly;
  tell(InstrumentStatus::Trading);
  EXPECT_EQ(of(one_), InstrumentStatus::CancelOnly);
  EXPECT_EQ(of(two_), InstrumentStatus::PostOnly);
}

TEST_F(SystemStatusTest, the_same_again_is_no_news) {
  tell(InstrumentStatus::Trading);
  EXPECT_EQ(sink_.told, 0);
  tell(InstrumentStatus::Halted);
  tell(InstrumentStatus::Halted);
  EXPECT_EQ(sink_.told, 2);
}

}  // namespace
}  // namespace ats::venues
