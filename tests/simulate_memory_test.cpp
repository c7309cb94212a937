// Five venues of forty instruments each for some virtual hours, with tens of thousands of orders: the heap stays
// as large as it was once the orders that are remembered are as many as they get; and no descriptor is left open.
#include <gtest/gtest.h>
#include <malloc.h>

#include <filesystem>
#include <numeric>
#include <vector>

#include "services/sim_server.hpp"
#include "services/sim_setup.hpp"
#include "services/simulation.hpp"

namespace ats::services {
namespace {

struct Watched {
  SimulationReport report;
  std::vector<std::int64_t> heap;  // bytes in use, four times an hour
  std::vector<std::ptrdiff_t> descriptors;
};

// Mean over the samples of one hour, counted from one: single ones are up or down by what is on its way.
std::int64_t of_hour(const Watched& watched, std::size_t hour) {
  const auto begin = watched.heap.begin() + static_cast<std::ptrdiff_t>((hour - 1) * 4);
  return std::accumulate(begin, begin + 4, std::int64_t{0}) / 4;
}

Watched watch(Rate min_edge, double edges) {
  SimulationSetup setup;
  setup.length = hours(4);
  setup.venues = simulated_venues();
  setup.pairs = *choose_pairs({"40"});
  setup.activity = 0.05;
  setup.edges = edges;
  setup.core.min_edge = min_edge;
  setup.core.leg_cost_prior = {};  // else what is learnt makes the trades more by the hour
  EXPECT_TRUE(choose_faults("none", setup).ok());
  Watched watched;
  setup.sample_every = seconds(900);
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
  const Watched watched = watch(Rate::bps(5'000), 0.1);
  EXPECT_EQ(watched.report.counts.placed, 0u);
  ASSERT_GE(watched.heap.size(), 16u);
  EXPECT_GT(watched.report.events, 1'000'000u);
  // Books, prints and scratch space have their size after some hours.
  EXPECT_LT(of_hour(watched, 4) - of_hour(watched, 3), 300'000);
  EXPECT_EQ(watched.descriptors.front(), watched.descriptors.back());
}

TEST(SimulationMemory, a_market_that_is_traded_on_leaves_the_heap_as_large_as_it_was) {
  const Watched watched = watch(Rate::bps(1), 1);
  ASSERT_GE(watched.heap.size(), 16u);
  EXPECT_GT(watched.report.counts.placed, 80'000u);
  EXPECT_GT(watched.report.counts.fills, 80'000u);
  // Two hours, of which each sends twenty thousand orders: a list of them that nobody cuts would show, were it of
  // ids alone with their nodes.
  EXPECT_LT(of_hour(watched, 4) - of_hour(watched, 2), 1'000'000);
  EXPECT_EQ(watched.descriptors.front(), watched.descriptors.back());
}

}  // namespace
}  // namespace ats::services
