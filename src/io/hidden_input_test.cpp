#include "io/hidden_input.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>

namespace ats::io {
namespace {

using security::Secret;

// A terminal with a person at the other end.
class AtATerminal : public testing::Test {
 protected:
  AtATerminal() { EXPECT_EQ(::openpty(&person, &terminal, nullptr, nullptr, nullptr), 0); }
  ~AtATerminal() override {
    ::close(person);
    ::close(terminal);
  }

  // What the person types once the prompt is there, and what the process got of it.
  template <class Read>
  Result<Secret, InputError> typed(std::string_view keys, Read read) {
    std::thread typist([&] {
      wait_for_prompt();
      EXPECT_EQ(::write(person, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    });
    HiddenTerminal asking = HiddenTerminal::over(terminal);
    auto got = read(asking);
    typist.join();
    read_screen(50);
    return got;
  }
  Result<Secret, InputError> line(std::string_view keys, std::size_t max = 100) {
    return typed(keys, [&](HiddenTerminal& t) { return t.line("Passphrase: ", max); });
  }

  void read_screen(int wait_ms) {
    pollfd wait{person, POLLIN, 0};
    char bytes[256];
    while (::poll(&wait, 1, wait_ms) > 0 && (wait.revents & POLLIN) != 0) {
      const auto got = ::read(person, bytes, sizeof bytes);
      if (got <= 0) return;
      screen.append(bytes, static_cast<std::size_t>(got));
    }
  }
  void wait_for_prompt() {
    for (int i = 0; i < 500 && screen.find(": ") == std::string::npos; ++i) read_screen(10);
    EXPECT_NE(screen.find(": "), std::string::npos);
  }
  bool echoes() const {
    termios now{};
    EXPECT_EQ(::tcgetattr(terminal, &now), 0);
    return (now.c_lflag & (ECHO | ICANON | ISIG)) == (ECHO | ICANON | ISIG);
  }

  int person = -1;
  int terminal = -1;
  std::string screen;
};

TEST_F(AtATerminal, WhatIsTypedIsReadAndNotShown) {
  const auto got = line("correct horse\r");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->reveal(), "correct horse");
  EXPECT_EQ(screen.find("horse"), std::string::npos) << screen;
  EXPECT_NE(screen.find("Passphrase: "), std::string::npos);
  EXPECT_TRUE(echoes());
}

TEST_F(AtATerminal, MistakesAreTakenBackACharacterAtATime) {
  EXPECT_EQ(line("abx\x7f"
                 "c\r")
                ->reveal(),
            "abc");
  screen.clear();
  EXPECT_EQ(line("wrong\x15right\n")->reveal(), "right");
  screen.clear();
  EXPECT_EQ(line("a\u00e9\u20ac\x7f\x7f"
                 "b\r")
                ->reveal(),
            "ab");
  screen.clear();
  EXPECT_EQ(line("\x7f\x7f"
                 "a\r")
                ->reveal(),
            "a");
}

TEST_F(AtATerminal, CtrlCAndCtrlDCancelAndGiveTheTerminalBack) {
  for (const char* keys : {"half\x03", "\x04"}) {
    screen.clear();
    const auto got = line(keys);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error(), InputError::Cancelled);
    EXPECT_TRUE(echoes());
  }
}

TEST_F(AtATerminal, ALineTooLongIsNotCutShort) {
  const auto got = line("123456\r", 5);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error(), InputError::TooLong);
  screen.clear();
  EXPECT_EQ(line("12345\r", 5)->reveal(), "12345");
}

TEST_F(AtATerminal, APemTextIsReadToItsEnd) {
  const std::string pem =
      "-----BEGIN EC PRIVATE KEY-----\rMHcCAQ\rAwEHoUQ=\r-----END EC PRIVATE KEY-----\r";
  const auto got = typed(pem, [](HiddenTerminal& t) { return t.line_or_pem("Secret: ", 1'000); });
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->reveal(),
            "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\nAwEHoUQ=\n-----END EC PRIVATE KEY-----");
  EXPECT_TRUE(pem_is_whole(got->reveal()));
  EXPECT_EQ(screen.find("MHcCAQ"), std::string::npos);
  screen.clear();
  EXPECT_EQ(typed("plain\r", [](HiddenTerminal& t) { return t.line_or_pem("Secret: ", 1'000); })
                ->reveal(),
            "plain");
}

TEST(PemText, IsWholeOnceItsEndMarkIsThereHoweverItsLinesAreWritten) {
  for (const char* whole :
       {"-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\r\n",
        "-----BEGIN EC PRIVATE KEY-----MHc-----END EC PRIVATE KEY-----",
        R"(-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\n)"}) {
    EXPECT_TRUE(pem_is_whole(whole)) << whole;
  }
  for (const char* part :
       {"", "-----BEGIN EC PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----\nMHc",
        "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY",
        "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY----- and more"}) {
    EXPECT_FALSE(pem_is_whole(part)) << part;
  }
}

TEST_F(AtATerminal, AnAnswerThatIsNoSecretIsShown) {
  const auto got =
      typed("binance\r", [](HiddenTerminal& t) { return t.shown_line("Sure? : ", 20); });
  EXPECT_EQ(got->reveal(), "binance");
  EXPECT_NE(screen.find("binance"), std::string::npos);
}

TEST_F(AtATerminal, ASignalEndsTheProcessWithTheTerminalAsItWas) {
  const pid_t child = ::fork();
  if (child == 0) {
    HiddenTerminal asking = HiddenTerminal::over(terminal);
    const auto got = asking.line("Passphrase: ", 100);
    ::_exit(got.ok() ? 1 : 2);  // not reached: the signal acts first
  }
  wait_for_prompt();
  EXPECT_FALSE(echoes());
  ASSERT_EQ(::kill(child, SIGTERM), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(echoes());
}

TEST(HiddenInput, NeedsATerminal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  HiddenTerminal asking = HiddenTerminal::over(ends[0]);
  const auto got = asking.line("Passphrase: ", 100);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error(), InputError::NoTerminal);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace ats::io
