// Counts every allocation of the test program, to prove that market data costs none.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "core/executor/testing.hpp"

namespace {
std::size_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// Sorting takes its room in this way; what replaces one has to replace all that it is given back to.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace ats::core {
namespace {

class HotPathTest : public ::testing::Test, protected testing::World {};

TEST_F(HotPathTest, AMarketEventThatYieldsNoTradeAllocatesNothing) {
  up();
  const Level bids[] = {level(at_binance, "59994", "2"), level(at_binance, "59993", "2")};
  const Level asks[] = {level(at_binance, "60001", "2"), level(at_binance, "60002", "0")};
  const BookDelta delta{at_binance, times(), 2, 2, 1, std::nullopt, bids, asks};
  const Event events[] = {delta, Heartbeat{kraken, times()},
                          Trade{at_kraken, times(), Side::Buy, {1}, {1}, "x"}};
  Actions out;
  out.reserve(64);
  for (const Event& event : events) engine.on(event, now, out);

  // With an edge that is refused, too: its answer is known.
  command(HaltCommand{{}, "ada", "looks odd"});
  edge();
  const Level more[] = {level(at_binance, "60000", "0.2")};
  const BookDelta deeper{at_binance, times(), 3, 3, 2, std::nullopt, {}, more};
  engine.on(deeper, now, out);
  const std::size_t before = allocations;
  for (int n = 0; n < 100; ++n) {
    for (const Event& event : events) engine.on(event, now, out);
    engine.on(deeper, now, out);
  }
  EXPECT_EQ(allocations - before, 0u);
}

// Kraken lists BTC/USD and USDT/USD too: a cycle that is open, sized anew at each event and refused as
// before costs no memory either.
class CyclesHotPathTest : public HotPathTest {
 protected:
  CyclesHotPathTest() {
    const AssetId usd = universe.add_asset("USD");
    const auto add = [&](AssetId base, const char* symbol) {
      Instrument i = instrument(at_kraken);
      i.base = base;
      i.quote = usd;
      i.symbol = i.rest_symbol = symbol;
      return universe.add_instrument(i);
    };
    btc_usd = add(btc, "BTC/USD");
    usdt_usd = add(usdt, "USDT/USD");
    owned[{kraken, usd}] = testing::d("50000");
    config.cross_currency = StrategyMode::Observe;
  }
  InstrumentId btc_usd, usdt_usd;
};

TEST_F(CyclesHotPathTest, AnOpenCycleAllocatesNothing) {
  up();
  book(usdt_usd, "0.99", "1.00", "100000");
  book(btc_usd, "60600", "60605");
  wait(milliseconds(500));
  ASSERT_FALSE(status().cycles.empty());
  const Level bids[] = {level(btc_usd, "60600", "0.5"), level(btc_usd, "60599", "2")};
  const Level fewer[] = {level(btc_usd, "60600", "0.4"), level(btc_usd, "60598", "2")};
  const Event events[] = {BookDelta{btc_usd, times(), 2, 2, 1, std::nullopt, bids, {}},
                          BookDelta{btc_usd, times(), 2, 2, 1, std::nullopt, fewer, {}}};
  Actions out;
  out.reserve(64);
  for (const Event& event : events) engine.on(event, now, out);
  const std::size_t before = allocations;
  for (int n = 0; n < 100; ++n) {
    for (const Event& event : events) engine.on(event, now, out);
  }
  EXPECT_EQ(allocations - before, 0u);
  ASSERT_FALSE(status().cycles.empty());
}

}  // namespace
}  // namespace ats::core
