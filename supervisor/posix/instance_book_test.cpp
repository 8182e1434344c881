#include "supervisor/posix/instance_book.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "supervisor/posix/process_tree.hpp"

namespace posix {
namespace {

namespace fs = std::filesystem;

class Book : public ::testing::Test {
 protected:
  Book() {
    char pattern[] = "/tmp/msctl-book-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Book() override { fs::remove_all(folder_); }

  static ports::ProcessId sleeper() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execl("/bin/sleep", "sleep", "1000", nullptr);
      ::_exit(127);
    }
    return read_stat(pid)->id;
  }

  fs::path folder_;
};

TEST_F(Book, ends_a_recorded_process) {
  const auto left = sleeper();
  ASSERT_TRUE(InstanceBook(folder_ / "book").write({{"web", left}}));
  EXPECT_EQ(end_leftovers(folder_ / "book", folder_, std::chrono::seconds(5)), 1U);
  int status = 0;
  EXPECT_EQ(::waitpid(left.pid, &status, WNOHANG), left.pid);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(Book, spares_a_stranger_with_a_recorded_pid) {
  const auto stranger = sleeper();
  auto recorded = stranger;
  recorded.start_time -= 1;
  ASSERT_TRUE(InstanceBook(folder_ / "book").write({{"web", recorded}}));
  EXPECT_EQ(end_leftovers(folder_ / "book", folder_, std::chrono::seconds(5)), 0U);
  EXPECT_EQ(::waitpid(stranger.pid, nullptr, WNOHANG), 0);
  ::kill(stranger.pid, SIGKILL);
  ::waitpid(stranger.pid, nullptr, 0);
}

TEST_F(Book, without_a_file_or_with_a_broken_one_nothing_is_ended) {
  EXPECT_EQ(end_leftovers(folder_ / "none", folder_, std::chrono::seconds(0)), 0U);
  for (const char* text : {"", "{", "[]", R"({"boot": 1})", R"({"version":1,"boot":"x","instances":[]})"}) {
    ASSERT_TRUE(std::ofstream(folder_ / "book") << text);
    EXPECT_EQ(end_leftovers(folder_ / "book", folder_, std::chrono::seconds(0)), 0U) << text;
  }
}

}  // namespace
}  // namespace posix
