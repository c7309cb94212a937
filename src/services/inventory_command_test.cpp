// The report as a process answers it, and as people read it.
#include "services/inventory_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ats::services {
namespace {

using ::testing::HasSubstr;

struct Reported {
  Universe universe;
  core::InventoryReport report;

  Reported() {
    const VenueId binance = universe.add_venue("binance", {});
    const VenueId kraken = universe.add_venue("kraken", {});
    const AssetId btc = universe.add_asset("BTC");
    const AssetId usdt = universe.add_asset("USDT");
    InstrumentId at[2];
    for (const VenueId venue : {binance, kraken}) {
      Instrument i;
      i.venue = venue;
      i.base = btc;
      i.quote = usdt;
      i.symbol = "BTCUSDT";
      i.price_scale = 2;
      i.qty_scale = 8;
      at[venue.index()] = universe.add_instrument(i);
    }
    report.reporting = usdt;
    report.band = {100'000'000};
    report.skew = Rate::bps(2);
    core::Holding h;
    h.venue = kraken;
    h.asset = btc;
    h.held = h.free = Decimal::of("0.00000001");
    h.wanted = Decimal::of("1");
    h.share = {5};
    h.target = {500'000'000};
    h.off = true;
    report.holdings.push_back(h);
    report.worths.push_back(Decimal::of("0.0006"));
    core::Direction d;
    d.pair = universe.instrument(at[0]).pair;
    d.buy = at[0];
    d.sell = at[1];
    d.min_edge = {625'000};
    d.room = Decimal::of("0.0006");
    d.shut = true;
    d.lacking = kraken;
    d.lacks = btc;
    report.directions.push_back(d);
    core::Move m;
    m.asset = btc;
    m.shift = {binance, kraken, Decimal::of("0.99999999")};
    m.worth = Decimal::of("59999.9994");
    m.transfer.state = core::TransferWay::State::Possible;
    m.transfer.network = "bitcoin";
    m.transfer.fee = Decimal::of("0.0002");
    m.transfer.minutes = 40;
    m.transfer.cost = Decimal::of("12.001");
    m.reverse.state = core::ReverseWay::State::NoBook;
    m.reverse.pair = d.pair;
    m.reverse.buy = at[1];
    m.reverse.sell = at[0];
    m.forgone = {0};
    m.recommended = core::Way::Transfer;
    m.because = core::Because::OnlyWay;
    report.moves.push_back(m);
  }
};

TEST(InventoryCommand, MachinesGetEveryNumberExactly) {
  const Reported r;
  const auto told = nlohmann::json::parse(inventory_json(r.report, r.universe));
  EXPECT_EQ(told["holdings"][0]["held"], "0.00000001");
  EXPECT_EQ(told["holdings"][0]["over"], "-0.99999999");
  EXPECT_EQ(told["holdings"][0]["share"], "0.000000005");
  EXPECT_EQ(told["directions"][0]["min_edge_bps"], "6.25");
  EXPECT_EQ(told["directions"][0]["state"], "shut");
  EXPECT_EQ(told["moves"][0]["amount"], "0.99999999");
  EXPECT_EQ(told["moves"][0]["transfer"]["fee"], "0.0002");
  EXPECT_EQ(told["moves"][0]["reverse"]["state"], "a book is not valid now");
  EXPECT_EQ(told["moves"][0]["wait"]["forgone"][0]["lacks"], "BTC on kraken");
  EXPECT_EQ(told["moves"][0]["recommended"], "transfer");
}

TEST(InventoryCommand, PeopleAreToldWhatIsOffWhatIsShutAndWhatEachWayCosts) {
  const Reported r;
  const std::string text = inventory_text(inventory_json(r.report, r.universe));
  EXPECT_THAT(text, HasSubstr("OFF"));
  EXPECT_THAT(text, HasSubstr("off: more than 10.0 %"));
  EXPECT_THAT(text, HasSubstr("0 of 1 directions are open"));
  EXPECT_THAT(text, HasSubstr("for want of BTC on kraken"));
  EXPECT_THAT(text, HasSubstr("0.99999999 BTC from binance to kraken, worth 59999.99 USDT"));
  EXPECT_THAT(text, HasSubstr("over bitcoin, fee 0.0002 BTC = 12 USDT, about 40 min"));
  EXPECT_THAT(text, HasSubstr("sold on binance, bought on kraken: a book is not valid now"));
  EXPECT_THAT(text, HasSubstr("=> transfer: the only way that is known and possible now"));
  EXPECT_THAT(text, HasSubstr("6.25 bps"));
  EXPECT_THAT(text, HasSubstr("nothing of this is done by itself"));
}

TEST(InventoryCommand, AProcessThatKnowsNothingYetIsReadableToo) {
  const Universe nothing;
  const std::string text = inventory_text(inventory_json({}, nothing));
  EXPECT_THAT(text, HasSubstr("0 of 0 directions are open"));
  EXPECT_THAT(text, HasSubstr("nothing is off"));
}

}  // namespace
}  // namespace ats::services
