#include "io/secret_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace ats::io {
namespace {

using security::Secret;

class SecretFiles : public testing::Test {
 protected:
  SecretFiles() {
    std::string text = testing::TempDir() + "ats-secret-XXXXXX";
    folder = ::mkdtemp(text.data());
  }
  ~SecretFiles() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const char* name, std::string_view text, mode_t mode) const {
    const auto file = folder / name;
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  static SecretFileFailure failure_of(const std::filesystem::path& file, std::size_t max = 100) {
    const auto read = read_secret_file(file, max);
    EXPECT_FALSE(read.ok());
    return read.ok() ? SecretFileFailure{} : read.error();
  }
  static std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  static std::string content(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }

  std::filesystem::path folder;
};

TEST_F(SecretFiles, OfTheirOwnerAloneAreRead) {
  for (const mode_t mode : {0600u, 0400u}) {
    const auto read = read_secret_file(write("own", "the secret", mode), 100);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(read->reveal(), "the secret");
  }
  EXPECT_TRUE(read_secret_file(write("empty", "", 0600), 100)->empty());
  EXPECT_EQ(read_secret_file(write("full", "12345", 0600), 5)->reveal(), "12345");
}

TEST_F(SecretFiles, ThatOthersMayReadOrWriteAreRefusedWithWhatToDo) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u, 0777u}) {
    const SecretFileFailure failure = failure_of(write("open", "the secret", mode));
    EXPECT_EQ(failure.error, SecretFileError::OpenToOthers) << mode;
    EXPECT_NE(failure.detail.find("chmod 600"), std::string::npos);
    EXPECT_EQ(failure.detail.find("the secret"), std::string::npos);
  }
}

TEST_F(SecretFiles, AreJudgedByWhatALinkLeadsTo) {
  const auto open = write("open", "the secret", 0644);
  const auto shut = write("shut", "the secret", 0600);
  std::filesystem::create_symlink(open, folder / "to-open");
  std::filesystem::create_symlink(shut, folder / "to-shut");
  std::filesystem::create_symlink(folder / "nowhere", folder / "to-nowhere");
  EXPECT_EQ(failure_of(folder / "to-open").error, SecretFileError::OpenToOthers);
  EXPECT_TRUE(read_secret_file(folder / "to-shut", 100).ok());
  EXPECT_EQ(failure_of(folder / "to-nowhere").error, SecretFileError::Missing);
}

TEST_F(SecretFiles, OfAnotherUserAreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const auto file = write("theirs", "the secret", 0600);
  ASSERT_EQ(::chown(file.c_str(), 65'534, 65'534), 0);
  const SecretFileFailure failure = failure_of(file);
  EXPECT_EQ(failure.error, SecretFileError::NotOurs);
  EXPECT_NE(failure.detail.find("uid 65534"), std::string::npos);
}

TEST_F(SecretFiles, ThatAreNoneAreNamed) {
  EXPECT_EQ(failure_of(folder / "missing").error, SecretFileError::Missing);
  EXPECT_EQ(failure_of(folder).error, SecretFileError::NotAFile);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(failure_of(folder / "pipe").error, SecretFileError::NotAFile);
  EXPECT_EQ(failure_of("/dev/null").error, SecretFileError::NotAFile);
  EXPECT_EQ(failure_of(write("long", "123456", 0600), 5).error, SecretFileError::TooLarge);
}

TEST_F(SecretFiles, AreWrittenForTheirOwnerAloneWhateverTheMask) {
  const mode_t old = ::umask(0);
  const auto file = folder / "new";
  ASSERT_TRUE(write_secret_file(file, bytes("first"), WriteMode::Create).ok());
  ASSERT_TRUE(write_secret_file(file, bytes("second"), WriteMode::Replace).ok());
  ::umask(old);
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777u, 0600u);
  EXPECT_EQ(content(file), "second");
  EXPECT_EQ(files(), 1u);  // nothing is left beside it
}

TEST_F(SecretFiles, ThatAreThereAreNotReplacedByANewOne) {
  const auto file = write("there", "older", 0600);
  const auto made = write_secret_file(file, bytes("newer"), WriteMode::Create);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().error, SecretFileError::Exists);
  EXPECT_EQ(content(file), "older");
  EXPECT_EQ(files(), 1u);
}

TEST_F(SecretFiles, KeepTheOldOneWhenTheNewOneCannotBeWritten) {
  const auto file = write("kept", "older", 0600);
  // The child may write no byte to any file: what a full disk is like.
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit none{2, 2};
    ::setrlimit(RLIMIT_FSIZE, &none);
    ::signal(SIGXFSZ, SIG_IGN);
    const auto written = write_secret_file(file, bytes("newer"), WriteMode::Replace);
    ::_exit(!written && written.error().error == SecretFileError::NotWritten ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content(file), "older");
  EXPECT_EQ(files(), 1u);
  const auto nowhere = write_secret_file(folder / "no" / "folder", bytes("x"), WriteMode::Create);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().error, SecretFileError::NotWritten);
}

TEST_F(SecretFiles, BehindALinkAreReplacedThere) {
  const auto file = write("target", "older", 0600);
  std::filesystem::create_symlink(file, folder / "link");
  ASSERT_TRUE(write_secret_file(folder / "link", bytes("newer"), WriteMode::Replace).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(content(file), "newer");
}

TEST_F(SecretFiles, AreChangedByOneAtATime) {
  const auto file = write("counted", "0", 0600);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const auto lock = SecretFileLock::take(file);
        ASSERT_TRUE(lock.ok());
        const auto read = read_secret_file(file, 100);
        const std::string next = std::to_string(std::stoi(std::string(read->reveal())) + 1);
        ASSERT_TRUE(write_secret_file(file, bytes(next), WriteMode::Replace).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(content(file), "100");
}

TEST_F(SecretFiles, GiveTheirLinesOneByOne) {
  const auto file = write("lines", "first\r\nsecond\n\nlast", 0600);
  const int opened = ::open(file.c_str(), O_RDONLY);
  EXPECT_EQ(read_secret_line(opened, 20)->reveal(), "first");
  EXPECT_EQ(read_secret_line(opened, 20)->reveal(), "second");
  EXPECT_EQ(read_secret_line(opened, 20)->reveal(), "");
  EXPECT_EQ(read_secret_line(opened, 20)->reveal(), "last");
  EXPECT_EQ(read_secret_line(opened, 20)->reveal(), "");
  ASSERT_EQ(::lseek(opened, 0, SEEK_SET), 0);
  EXPECT_EQ(read_secret_line(opened, 3).error().error, SecretFileError::TooLarge);
  ASSERT_EQ(::lseek(opened, 7, SEEK_SET), 7);
  EXPECT_EQ(read_secret(opened, 20)->reveal(), "second\n\nlast");
  ::close(opened);
  EXPECT_EQ(read_secret(opened, 20).error().error, SecretFileError::Unreadable);
}

TEST(CoreFiles, AreNotLeftOnceForbidden) {
  const pid_t child = ::fork();
  if (child == 0) {
    forbid_core_files();
    rlimit now{1, 1};
    ::getrlimit(RLIMIT_CORE, &now);
    if (now.rlim_cur != 0 || now.rlim_max != 0) ::_exit(1);
    ::abort();
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT_FALSE(WCOREDUMP(status));
}

TEST(RandomBytes, AreOthersEachTime) {
  std::array<std::uint8_t, 32> one{};
  std::array<std::uint8_t, 32> two{};
  fill_random(one);
  fill_random(two);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace ats::io
