#include "io/local_line.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>
#include <deque>
#include <fstream>

#include "io/clock.hpp"

namespace ats::io {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

struct Peer final : LocalLineOwner {
  void line_message(LocalLine&, std::span<const std::byte> message,
                    std::vector<Descriptor> with) override {
    heard.emplace_back(reinterpret_cast<const char*>(message.data()), message.size());
    for (Descriptor& each : with) given.push_back(std::move(each));
  }
  void line_lost(LocalLine&) override { ++lost; }
  std::deque<std::string> heard;
  std::vector<Descriptor> given;
  int lost = 0;
};

class LocalLines : public testing::Test {
 protected:
  LocalLines()
      : socket_(std::filesystem::temp_directory_path() /
                ("ats-line-" + std::to_string(::getpid()) + ".sock")) {}
  ~LocalLines() override { std::filesystem::remove(socket_); }

  void open() {
    auto server = LocalServer::open(reactor_, socket_, [this](Descriptor taken) {
      server_line_ = std::make_unique<LocalLine>(reactor_, std::move(taken), server_);
    });
    ASSERT_TRUE(server.ok()) << server.error();
    listening_ = *std::move(server);
    auto line = LocalLine::connect(reactor_, socket_, client_);
    ASSERT_TRUE(line.ok());
    client_line_ = *std::move(line);
    turn([&] { return server_line_ != nullptr; });
  }
  void turn(const std::function<bool()>& until) {
    const Instant end = OsClock::now() + seconds(5);
    while (!until() && OsClock::now() < end) reactor_.poll(milliseconds(5));
    ASSERT_TRUE(until());
  }

  const std::filesystem::path socket_;
  Reactor reactor_;
  Peer server_, client_;
  std::unique_ptr<LocalServer> listening_;
  std::unique_ptr<LocalLine> server_line_, client_line_;
};

TEST_F(LocalLines, CarryMessagesWholeInOrderBothWays) {
  open();
  const std::string longest(LocalLine::message_max, 'x');
  for (const std::string& text : {std::string("one"), longest, std::string("two")}) {
    ASSERT_TRUE(client_line_->send(bytes_of(text)));
    turn([&] { return !server_.heard.empty(); });
    EXPECT_EQ(server_.heard.front(), text);
    server_.heard.clear();
  }
  ASSERT_TRUE(server_line_->send(bytes_of("a")));
  ASSERT_TRUE(server_line_->send(bytes_of("b")));
  turn([&] { return client_.heard.size() == 2; });
  EXPECT_EQ(client_.heard[1], "b");
}

TEST_F(LocalLines, CarryDescriptorsWithAMessage) {
  open();
  const Descriptor memory(::memfd_create("given", MFD_CLOEXEC));
  ASSERT_EQ(::write(memory.get(), "hello", 5), 5);
  ASSERT_TRUE(server_line_->send(bytes_of("here"), {memory.get(), memory.get()}));
  turn([&] { return client_.given.size() == 2; });
  char read[5];
  ASSERT_EQ(::pread(client_.given[1].get(), read, sizeof read, 0), 5);
  EXPECT_EQ(std::string_view(read, 5), "hello");
  EXPECT_NE(client_.given[0].get(), memory.get());
  EXPECT_NE(::fcntl(client_.given[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(LocalLines, SayWhenThePeerHasGoneAndSendNoMore) {
  open();
  server_line_.reset();
  turn([&] { return client_.lost == 1; });
  EXPECT_FALSE(client_line_->send(bytes_of("anybody?")));
  reactor_.poll(milliseconds(20));
  EXPECT_EQ(client_.lost, 1) << "once";
}

TEST_F(LocalLines, DoNotWaitForAPeerThatDoesNotRead) {
  open();
  const auto message = bytes_of(std::string(LocalLine::message_max, 'x'));
  int sent = 0;
  while (sent < 100'000 && client_line_->send(message)) ++sent;
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 100'000);
  turn([&] { return server_.heard.size() == static_cast<std::size_t>(sent); });
  EXPECT_TRUE(client_line_->send(message)) << "there is room again";
}

TEST_F(LocalLines, AreForThisUserOnlyAndTheirNameGoesWithTheServer) {
  open();
  struct stat info {};
  ASSERT_EQ(::stat(socket_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto second = LocalServer::open(reactor_, socket_, [](Descriptor) {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().find("another ats process answers"), std::string::npos);
  const auto otherwise = listen_local(socket_, SOCK_STREAM, 1);
  EXPECT_FALSE(otherwise.ok()) << "of another kind, and in use all the same";
  listening_.reset();
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(LocalLines, TakeThePlaceOfWhatAProcessLeftBehind) {
  const auto nobody = LocalLine::connect(reactor_, socket_, client_);
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error(), LocalError::NobodyThere);
  { const auto dead = listen_local(socket_, SOCK_SEQPACKET, 1); }  // its name stays
  ASSERT_TRUE(std::filesystem::exists(socket_));
  const auto still = LocalLine::connect(reactor_, socket_, client_);
  ASSERT_FALSE(still.ok());
  EXPECT_EQ(still.error(), LocalError::NobodyThere);
  open();
}

TEST_F(LocalLines, RefuseANameThatIsTooLong) {
  const auto line = LocalLine::connect(reactor_, std::string(200, 'x'), client_);
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error(), LocalError::NameTooLong);
  EXPECT_NE(local_error_text(line.error(), "x").find("too long"), std::string::npos);
}

}  // namespace
}  // namespace ats::io
