// Random orders in random states of things, with every limit there is in force: what the gate answers is held
// against the simplest idea of it (core/risk/testing_storm.hpp). Five million of them, or as many as --orders
// says; an order that passes and should not, or the reverse, ends the program. Told: how many, what refused
// them, and what one costs, the idea it is held against included.
#include <cstdio>
#include <map>
#include <string_view>

#include "core/risk/testing_storm.hpp"
#include "harness.hpp"

namespace ats::bench {

namespace {

constexpr std::uint64_t orders_a_seed = 1'000'000;

struct Weathered {
  std::uint64_t orders = 0, passed = 0;
  std::map<std::string_view, std::uint64_t> refused;
  double ns = 0;
};

Weathered weather(std::uint64_t orders) {
  Weathered all;
  const std::int64_t from = now_ns();
  for (std::uint64_t seed = 1; all.orders < orders; ++seed) {
    core::testing::GateStorm storm(seed);
    const std::uint64_t these = std::min(orders_a_seed, orders - all.orders);
    for (std::uint64_t n = 0; n < these; ++n) {
      const std::string wrong = storm.next();
      if (!wrong.empty()) {
        die("gate_storm: seed " + std::to_string(seed) + ", " + wrong +
            (storm.escapes() != 0 ? ": it ESCAPED" : ""));
      }
    }
    all.orders += these;
    all.passed += storm.passed();
    for (const auto& [against, times] : storm.refused()) all.refused[against] += times;
  }
  all.ns = static_cast<double>(now_ns() - from);
  return all;
}

void run(Session& session) {
  const std::string name = "random orders against the gate";
  if (!session.wanted(name)) return;
  const Weathered all = weather(session.orders());
  std::fprintf(stderr, "gate_storm: %llu orders, %llu passed, 0 escaped; refused:\n",
               static_cast<unsigned long long>(all.orders),
               static_cast<unsigned long long>(all.passed));
  for (const auto& [against, times] : all.refused) {
    std::fprintf(stderr, "  %-32.*s %12llu\n", static_cast<int>(against.size()), against.data(),
                 static_cast<unsigned long long>(times));
  }
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  session.compare({.name = name,
                   .ours =
                       [&] {
                         return Outcome{
                             {count(all.orders), 0, count(all.passed), all.ns / count(all.orders)},
                             all.passed};
                       },
                   .metrics = {{.name = "asked about", .unit = "orders"},
                               {.name = "escaped", .unit = "orders", .goal = value_at_most(0)},
                               {.name = "passed", .unit = "orders"},
                               {.name = "each, and the idea of it", .unit = "ns/order"}}});
}

const Register registered{"gate_storm", run};

}  // namespace

}  // namespace ats::bench
