#include "supervisor/posix/leftovers.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "supervisor/posix/instance_book.hpp"
#include "supervisor/posix/process_tree.hpp"
#include "supervisor/posix/program.hpp"

namespace posix {
namespace {

namespace fs = std::filesystem;

class Leftovers : public ::testing::Test {
 protected:
  Leftovers() {
    char pattern[] = "/tmp/msctl-left-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~Leftovers() override { fs::remove_all(folder_); }

  // `instance` empty: without the marks of an instance.
  ports::ProcessId sleeper(const std::string& instance = {}) const {
    const std::string state = "MSCTL_STATE=" + folder_.string();
    const std::string name = "MSCTL_INSTANCE=" + instance;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::signal(SIGTERM, SIG_DFL);  // whoever runs the tests may ignore it
      const char* env[] = {instance.empty() ? "A=b" : state.c_str(), instance.empty() ? nullptr : name.c_str(),
                           nullptr};
      ::execle("/bin/sleep", "sleep", "1000", nullptr, env);
      ::_exit(127);
    }
    // Until exec, its environment is ours.
    for (int i = 0; i < 2'000 && command_line(pid) != "sleep 1000"; ++i) ::usleep(1000);
    return read_stat(pid)->id;
  }
  static int end_of(const ports::ProcessId& id) {
    int status = -1;
    EXPECT_EQ(::waitpid(id.pid, &status, WNOHANG), id.pid);
    return status;
  }
  static void expect_alive(const ports::ProcessId& id) {
    EXPECT_EQ(::waitpid(id.pid, nullptr, WNOHANG), 0);
    ::kill(id.pid, SIGKILL);
    ::waitpid(id.pid, nullptr, 0);
  }

  fs::path folder_;
};

TEST_F(Leftovers, ends_a_recorded_process) {
  const auto left = sleeper();
  EXPECT_EQ(end_leftovers({left}, folder_, {}, std::chrono::seconds(5)).processes, 1U);
  EXPECT_EQ(WTERMSIG(end_of(left)), SIGTERM);
}

TEST_F(Leftovers, finds_those_that_were_started_for_this_folder) {
  const auto left = sleeper("web");
  const auto other = sleeper();
  const Ended ended = end_leftovers({}, folder_, {}, std::chrono::seconds(5));
  EXPECT_EQ(ended.processes, 1U);
  EXPECT_EQ(ended.instances, std::set<std::string>{"web"});
  EXPECT_EQ(WTERMSIG(end_of(left)), SIGTERM);
  expect_alive(other);
}

TEST_F(Leftovers, spares_a_stranger_with_a_recorded_pid) {
  const auto stranger = sleeper();
  auto recorded = stranger;
  recorded.start_time -= 1;
  EXPECT_EQ(end_leftovers({recorded}, folder_, {}, std::chrono::seconds(5)).processes, 0U);
  expect_alive(stranger);
}

TEST_F(Leftovers, spares_what_a_keeper_keeps) {
  const auto kept = sleeper("web");
  EXPECT_EQ(end_leftovers({}, folder_, {kept.pid}, std::chrono::seconds(5)).processes, 0U);
  expect_alive(kept);
}

TEST_F(Leftovers, the_family_of_one_instance_is_killed_and_no_other) {
  const auto web = sleeper("web");
  const auto app = sleeper("app");
  kill_family({}, folder_, "web");
  EXPECT_EQ(WTERMSIG(end_of(web)), SIGKILL);
  expect_alive(app);
}

TEST_F(Leftovers, book_is_read_as_it_was_written) {
  InstanceBook file(folder_ / "book");
  ports::Book book;
  book.generation = 9;
  book.replicas = {{"web", 3}};
  book.instances["web"] = {ports::ProcessId{7, 8}, "ready", "answers", "exit code 1", 2, "digest"};
  ASSERT_TRUE(file.write(book));
  const auto read = file.read();
  EXPECT_EQ(read.generation, 9U);
  EXPECT_EQ(read.replicas.at("web"), 3);
  EXPECT_EQ(read.instances.at("web").process->pid, 7);
  EXPECT_EQ(read.instances.at("web").restarts, 2);
  EXPECT_EQ(read.instances.at("web").last_exit, "exit code 1");
}

TEST_F(Leftovers, a_broken_book_is_an_empty_one) {
  InstanceBook file(folder_ / "book");
  EXPECT_TRUE(file.read().instances.empty());
  for (const char* text : {"", "{", "[]", R"({"boot": 1, "instances": []})", R"({"instances": {"web": 1}})",
                           R"({"replicas": {"web": "x"}, "instances": {"web": {"pid": -1}}})"}) {
    ASSERT_TRUE(std::ofstream(folder_ / "book") << text);
    const auto book = file.read();
    for (const auto& [name, one] : book.instances) EXPECT_FALSE(one.process) << text;
  }
}

TEST_F(Leftovers, processes_of_another_boot_mean_nothing) {
  ASSERT_TRUE(
      std::ofstream(folder_ / "book")
      << R"({"version": 2, "boot": "another", "instances": {"web": {"pid": 1, "start_time": 2, "restarts": 1}}})");
  const auto book = InstanceBook(folder_ / "book").read();
  EXPECT_FALSE(book.instances.at("web").process);
  EXPECT_EQ(book.instances.at("web").restarts, 1);
}

// ldconfig is part of every Debian, in sbin only.
TEST(FindProgram, looks_into_sbin_after_the_path) {
  EXPECT_EQ(find_program("ldconfig", {"PATH=/usr/bin:/bin"}).value(), "/usr/sbin/ldconfig");
  EXPECT_EQ(find_program("ldconfig", {}).value(), "/usr/sbin/ldconfig");
  EXPECT_EQ(find_program("ldconfig", {"PATH=/sbin:/usr/bin"}).value(), "/sbin/ldconfig");
}

}  // namespace
}  // namespace posix
