#include "io/reactor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "io/clock.hpp"
#include "io/net_testing.hpp"

namespace ats::io {
namespace {

using testing::ElementsAre;

struct Pair {
  std::array<int, 2> fd{};
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd.data()), 0); }
  ~Pair() {
    ::close(fd[0]);
    ::close(fd[1]);
  }
  void poke() { EXPECT_EQ(::write(fd[1], "x", 1), 1); }
  void drain() {
    char byte = 0;
    EXPECT_EQ(::read(fd[0], &byte, 1), 1);
  }
};

struct Probe final : Handler {
  std::function<void(Ready)> act;
  int calls = 0;
  void on_ready(Ready ready) override {
    ++calls;
    if (act) act(ready);
  }
};

TEST(Reactor, tells_a_handler_that_its_descriptor_is_readable_until_it_is_drained) {
  Reactor reactor;
  Pair pair;
  Probe probe;
  Ready seen;
  probe.act = [&](Ready ready) { seen = ready; };
  reactor.add(pair.fd[0], Interest::Read, probe);
  EXPECT_EQ(reactor.poll({}), 0);
  pair.poke();
  EXPECT_EQ(reactor.poll({}), 1);
  EXPECT_EQ(reactor.poll({}), 1);
  EXPECT_TRUE(seen.readable);
  EXPECT_FALSE(seen.writable);
  pair.drain();
  EXPECT_EQ(reactor.poll({}), 0);
  reactor.modify(pair.fd[0], Interest::Write);
  EXPECT_EQ(reactor.poll({}), 1);
  EXPECT_TRUE(seen.writable);
  reactor.remove(pair.fd[0]);
  EXPECT_EQ(reactor.poll({}), 0);
}

TEST(Reactor, drops_a_reported_readiness_of_a_handler_that_another_removed_in_the_same_round) {
  Reactor reactor;
  Pair first, second;
  Probe a, b;
  reactor.add(first.fd[0], Interest::Read, a);
  reactor.add(second.fd[0], Interest::Read, b);
  a.act = [&](Ready) { reactor.remove(second.fd[0]); };
  b.act = [&](Ready) { reactor.remove(first.fd[0]); };
  first.poke();
  second.poke();
  EXPECT_EQ(reactor.poll({}), 1);
  EXPECT_EQ(a.calls + b.calls, 1);
}

TEST(Reactor, does_not_give_an_old_readiness_to_the_next_owner_of_the_descriptor) {
  Reactor reactor;
  Pair first, second;
  Probe a, b, heir;
  reactor.add(first.fd[0], Interest::Read, a);
  reactor.add(second.fd[0], Interest::Read, b);
  a.act = [&](Ready) {
    reactor.remove(first.fd[0]);
    reactor.remove(second.fd[0]);
    second.drain();
    reactor.add(second.fd[0], Interest::Read, heir);
  };
  b.act = [&](Ready) {
    reactor.remove(second.fd[0]);
    reactor.remove(first.fd[0]);
    first.drain();
    reactor.add(first.fd[0], Interest::Read, heir);
  };
  first.poke();
  second.poke();
  EXPECT_EQ(reactor.poll({}), 1);
  EXPECT_EQ(heir.calls, 0);
}

TEST(Reactor, runs_timers_in_the_order_of_their_deadlines_and_each_once) {
  Reactor reactor;
  std::vector<int> ran;
  reactor.after(milliseconds(2), [&] { ran.push_back(2); });
  reactor.after(milliseconds(1), [&] { ran.push_back(1); });
  reactor.after({}, [&] { ran.push_back(0); });
  EXPECT_TRUE(ran.empty()) << "nothing runs outside poll()";
  ASSERT_TRUE(run_until(reactor, [&] { return ran.size() == 3; }));
  run_for(reactor, milliseconds(5));
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST(Reactor, never_runs_a_timer_before_it_is_due) {
  Reactor reactor;
  const Instant start = OsClock::now();
  Instant ran;
  reactor.after(microseconds(1500), [&] { ran = OsClock::now(); });
  ASSERT_TRUE(run_until(reactor, [&] { return ran.ns != 0; }));
  EXPECT_GE(ran - start, microseconds(1500));
}

TEST(Reactor, does_not_run_a_cancelled_timer) {
  Reactor reactor;
  int ran = 0;
  TimerId first = reactor.after({}, [&] { ++ran; });
  TimerId second;
  reactor.after({}, [&] { reactor.cancel(second); });
  second = reactor.after(milliseconds(1), [&] { ++ran; });
  reactor.cancel(first);
  EXPECT_FALSE(first.set());
  reactor.cancel(first);
  run_for(reactor, milliseconds(5));
  EXPECT_EQ(ran, 0);
}

TEST(Reactor, runs_a_timer_set_by_a_timer_in_a_later_round) {
  Reactor reactor;
  int ran = 0;
  reactor.after({}, [&] { reactor.after({}, [&] { ++ran; }); });
  reactor.poll({});
  EXPECT_EQ(ran, 0);
  reactor.poll({});
  EXPECT_EQ(ran, 1);
}

TEST(Reactor, runs_what_other_threads_post_in_their_order_and_wakes_up_for_it) {
  Reactor reactor;
  std::vector<int> ran;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) reactor.post([&ran, i] { ran.push_back(i); });
    reactor.post([&] { reactor.stop(); });
  });
  reactor.run();
  other.join();
  ASSERT_EQ(ran.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(ran.begin(), ran.end()));
}

TEST(Reactor, that_was_stopped_before_it_runs_returns_at_once_and_can_run_again) {
  Reactor reactor;
  int ran = 0;
  reactor.stop();
  reactor.run();
  reactor.after({}, [&] {
    ++ran;
    reactor.stop();
  });
  reactor.run();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace ats::io
