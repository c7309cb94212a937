#include "io/call_bridge.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace ats::io {
namespace {

TEST(CallBridge, EveryCallOfEveryThreadRunsOnceOnTheReactorsThreadAndInOrder) {
  constexpr int callers = 4, calls = 5'000;
  Reactor reactor;
  CallBridge bridge(reactor);
  const std::thread::id here = std::this_thread::get_id();
  // Not guarded: it is the bridge's promise that only one thread comes here.
  std::vector<int> next(callers, 0);
  int wrong = 0, done = 0;
  std::vector<std::thread> threads;
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      for (int n = 0; n < calls; ++n) {
        bridge.submit([&, caller, n] {
          wrong += next[static_cast<std::size_t>(caller)]++ != n;
          wrong += std::this_thread::get_id() != here;
          ++done;
        });
      }
    });
  }
  while (done < callers * calls) reactor.poll(milliseconds(100));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(done, callers * calls);
}

TEST(CallBridge, WhoAsksGetsTheAnswerOnItsOwnThread) {
  Reactor reactor;
  CallBridge bridge(reactor);
  int state = 41;
  std::atomic<int> answer{0};
  std::thread asker([&] {
    std::atomic<bool> told{false};
    bridge.submit([&] {
      answer = ++state;
      told = true;
      told.notify_one();
    });
    told.wait(false);
  });
  while (answer == 0) reactor.poll(milliseconds(100));
  asker.join();
  EXPECT_EQ(answer, 42);
}

TEST(CallBridge, ClosedItRunsWhatItTookAndTakesNothingMore) {
  Reactor reactor;
  CallBridge bridge(reactor);
  int ran = 0;
  EXPECT_TRUE(bridge.submit([&] { ++ran; }));
  EXPECT_TRUE(bridge.submit([&] {
    ++ran;
    EXPECT_FALSE(bridge.submit([&] { ++ran; }));
  }));
  bridge.close();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(bridge.submit([&] { ++ran; }));
  reactor.poll(milliseconds(1));
  EXPECT_EQ(ran, 2) << "none twice";
}

TEST(CallBridge, WhileThreadsSubmitItClosesAndNothingIsLostOrRunLate) {
  for (int round = 0; round < 50; ++round) {
    Reactor reactor;
    std::optional<CallBridge> bridge(std::in_place, reactor);
    std::atomic<int> taken{0};
    std::atomic<bool> refused{false};
    int ran = 0;
    std::vector<std::thread> threads;
    for (int n = 0; n < 3; ++n) {
      threads.emplace_back([&] {
        while (bridge->submit([&] { ++ran; })) ++taken;
        refused = true;
      });
    }
    while (ran < 100) reactor.poll(milliseconds(10));
    bridge->close();
    const int at_close = ran;
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(refused);
    EXPECT_EQ(at_close, taken);
    bridge.reset();
    reactor.poll(milliseconds(1));  // it was told of some, and finds nothing
    EXPECT_EQ(ran, at_close);
  }
}

}  // namespace
}  // namespace ats::io
