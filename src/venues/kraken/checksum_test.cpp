#include "venues/kraken/checksum.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>
#include <vector>

#include "base/crc32.hpp"
#include "base/decimal.hpp"
#include "base/rng.hpp"
#include "venues/kraken/testing_model_book.hpp"

namespace ats::venues::kraken {
namespace {

struct Quoted {
  const char* price;
  const char* quantity;
};

std::vector<Level> levels(std::initializer_list<Quoted> quoted, int price_scale, int qty_scale) {
  std::vector<Level> out;
  for (const Quoted& q : quoted) {
    out.push_back({{*parse_scaled(q.price, price_scale)}, {*parse_scaled(q.quantity, qty_scale)}});
  }
  return out;
}

TEST(KrakenChecksum, ofTheVersion2DocumentationIsReproduced) {
  const auto asks = levels({{"45285.2", "0.00100000"},
                            {"45286.4", "1.54571953"},
                            {"45286.6", "1.54571109"},
                            {"45289.6", "1.54560911"},
                            {"45290.2", "0.15890660"},
                            {"45291.8", "1.54553491"},
                            {"45294.7", "0.04454749"},
                            {"45296.1", "0.35380000"},
                            {"45297.5", "0.09945542"},
                            {"45299.5", "0.18772827"}},
                           1, 8);
  const auto bids = levels({{"45283.5", "0.10000000"},
                            {"45283.4", "1.54582015"},
                            {"45282.1", "0.10000000"},
                            {"45281.0", "0.10000000"},
                            {"45280.3", "1.54592586"},
                            {"45279.0", "0.07990000"},
                            {"45277.6", "0.03310103"},
                            {"45277.5", "0.30000000"},
                            {"45277.3", "1.54602737"},
                            {"45276.6", "0.15445238"}},
                           1, 8);
  EXPECT_EQ(book_checksum({bids, asks}), 3310070434u);
}

TEST(KrakenChecksum, ofTheVersion1DocumentationIsReproduced) {
  std::vector<Level> asks;
  for (std::int64_t price = 5005; price <= 5050; price += 5) asks.push_back({{price}, {500}});
  std::vector<Level> bids;
  for (const std::int64_t price : {5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950}) {
    bids.push_back({{price}, {500}});
  }
  EXPECT_EQ(book_checksum({bids, asks}), 974947235u);
}

TEST(KrakenChecksum, followsALiveCaptureThroughUpdates) {
  ModelBook book;
  ModelBook::apply(book.bids,
                   levels({{"29430.2", "0.18967538"},
                           {"29429.6", "0.00011621"},
                           {"29427.4", "0.001"},
                           {"29426.7", "4.0"},
                           {"29425.7", "0.67945399"},
                           {"29423.5", "0.67950478"},
                           {"29422.1", "0.16314267"},
                           {"29421.8", "0.06797895"},
                           {"29421.7", "0.23401846"},
                           {"29421.5", "0.28639276"}},
                          1, 8),
                   10);
  ModelBook::apply(book.asks,
                   levels({{"29430.3", "8.25215653"},
                           {"29430.4", "2.55637606"},
                           {"29430.5", "0.2997598"},
                           {"29430.9", "2.56473216"},
                           {"29431.0", "0.00011662"},
                           {"29431.1", "0.001"},
                           {"29432.3", "0.0241"},
                           {"29432.4", "0.02210682"},
                           {"29432.5", "3.39761477"},
                           {"29433.1", "0.01021497"}},
                          1, 8),
                   10);
  EXPECT_EQ(book.checksum(), 2785033588u);
  ModelBook::apply(book.asks,
                   levels({{"29431.1", "0"}, {"29433.3", "0.8"}, {"29430.6", "0.001"}}, 1, 8), 10);
  EXPECT_EQ(book.checksum(), 3547452596u);
  ModelBook::apply(book.asks, levels({{"29430.3", "8.25182177"}}, 1, 8), 10);
  EXPECT_EQ(book.checksum(), 3111681483u);
  ModelBook::apply(book.bids, levels({{"29423.0", "2.54902601"}}, 1, 8), 10);
  EXPECT_EQ(book.checksum(), 434883881u);
  ModelBook::apply(book.bids, levels({{"29424.2", "0.8"}}, 1, 8), 10);
  EXPECT_EQ(book.checksum(), 2141748964u);
}

TEST(KrakenChecksum, isTakenOverTenLevelsASideAtMostAndFewerWhereThereAreFewer) {
  EXPECT_EQ(book_checksum({}), 0u);
  const std::vector<Level> eleven(11, Level{{12}, {34}});
  EXPECT_EQ(book_checksum({eleven, {}}), book_checksum({std::span(eleven).first(10), {}}));
  EXPECT_EQ(book_checksum({std::span(eleven).first(1), {}}), crc32(std::string_view("1234")));
}

TEST(KrakenChecksum, isTheChecksumOfTheNumbersWrittenOneAfterTheOther) {
  Rng rng(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Level> sides[2];
    std::string text;
    for (const int side : {1, 0}) {
      for (std::uint64_t n = rng.below(11); n > 0; --n) {
        const auto any = [&rng] {
          return rng.between(1, std::numeric_limits<std::int64_t>::max() >> rng.below(62));
        };
        const Level level{{any()}, {any()}};
        text += std::to_string(level.price.units) + std::to_string(level.quantity.units);
        sides[side].push_back(level);
      }
    }
    ASSERT_EQ(book_checksum({sides[0], sides[1]}), crc32(std::string_view(text))) << text;
  }
}

}  // namespace
}  // namespace ats::venues::kraken
