// Five venues of forty instruments each for some virtual hours: the heap stays as large as it was, but for the
// orders and fills that are kept so that a late fill finds its order; and no descriptor is left open.
#include <gtest/gtest.h>
#include <malloc.h>

#include <filesystem>
#include <vector>

#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"
#include "services/simulation.hpp"

namespace ats::services {
namespace {

struct Watched {
  SimulationReport report;
  std::vector<std::int64_t> heap;  // bytes in use, hour by hour
  std::vector<std::ptrdiff_t> descriptors;
};

Watched watch(Rate min_edge) {
  SimulationSetup setup;
  setup.length = hours(4);
  setup.venues = simulated_venues();
  setup.pairs = *choose_pairs({"40"});
  setup.activity = 0.05;
  setup.edges = 0.1;
  setup.core.min_edge = min_edge;
  EXPECT_TRUE(choose_faults("none", setup).ok());
  Watched watched;
  setup.sample = [&watched](double) {
    watched.heap.push_back(static_cast<std::int64_t>(::mallinfo2().uordblks));
    const std::filesystem::directory_iterator open("/proc/self/fd");
    watched.descriptors.push_back(std::distance(begin(open), end(open)));
  };
  watched.report = run_simulation(setup, 1);
  EXPECT_TRUE(watched.report.violations.empty());
  return watched;
}

TEST(SimulationMemory, a_market_that_only_moves_leaves_the_heap_as_large_as_it_was) {
  const Watched watched = watch(Rate::bps(5'000));
  EXPECT_EQ(watched.report.counts.placed, 0u);
  ASSERT_GE(watched.heap.size(), 3u);
  EXPECT_GT(watched.report.events, 1'000'000u);
  // Books and scratch space have their size after some hours.
  EXPECT_LT(watched.heap.back() - watched.heap[watched.heap.size() - 2], 300'000);
  EXPECT_EQ(watched.descriptors.front(), watched.descriptors.back());
}

TEST(SimulationMemory, a_market_that_is_traded_on_costs_what_its_orders_weigh) {
  const Watched watched = watch(Rate::bps(1));
  ASSERT_GE(watched.heap.size(), 3u);
  const auto placed = static_cast<std::int64_t>(watched.report.counts.placed);
  EXPECT_GT(placed, 1'000);
  EXPECT_LT(watched.heap.back() - watched.heap.front(), 500'000 + placed * 2'000);
  EXPECT_EQ(watched.descriptors.front(), watched.descriptors.back());
}

}  // namespace
}  // namespace ats::services
