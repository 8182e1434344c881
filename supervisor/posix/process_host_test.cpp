#include "supervisor/posix/process_host.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/launch.hpp"

namespace posix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ProcessHostTest : public ::testing::Test {
 protected:
  ProcessHostTest() {
    char pattern[] = "/tmp/msctl-host-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    host_.on_exit([this](pid_t, ports::WaitStatus status) {
      ended_ = status;
      io_.stop();
    });
  }
  ~ProcessHostTest() override {
    host_.end_everything();
    fs::remove_all(folder_);
  }

  base::Result<ports::ProcessId> start(std::vector<std::string> argv) {
    ports::SpawnSpec spec;
    spec.service = "test";
    spec.argv = std::move(argv);
    spec.env = {"PATH=/usr/bin:/bin", "MSCTL_SERVICE=test"};
    spec.folder = folder_;
    spec.log = folder_ / "log";
    return host_.spawn(spec);
  }
  base::Result<ports::ProcessId> shell(const std::string& script) { return start({"sh", "-c", script}); }

  // Runs the loop until the exit was reported.
  ports::WaitStatus await_exit() {
    io_.restart();
    io_.run_for(std::chrono::seconds(20));
    EXPECT_TRUE(ended_);
    return ended_.value_or(ports::WaitStatus{-1});
  }
  // Waits, by the file's appearance, until a script got to a point.
  void await_file(const std::string& name) {
    for (int i = 0; i < 20'000 && !fs::exists(folder_ / name); ++i)
      io_.run_for(std::chrono::milliseconds(1)), io_.restart();
    ASSERT_TRUE(fs::exists(folder_ / name));
  }
  std::string log() { return read_small_file((folder_ / "log").string()); }

  boost::asio::io_context io_;
  ProcessHost host_{io_};
  fs::path folder_;
  std::optional<ports::WaitStatus> ended_;
};

TEST_F(ProcessHostTest, reports_the_native_status) {
  ASSERT_TRUE(shell("exit 9"));
  EXPECT_EQ(ports::describe(await_exit()), "exit code 9");
  ended_.reset();
  ASSERT_TRUE(shell("kill -KILL $$"));
  EXPECT_EQ(ports::describe(await_exit()), "signal 9 (SIGKILL)");
}

TEST_F(ProcessHostTest, both_outputs_go_to_the_log_and_are_appended) {
  ASSERT_TRUE(shell("echo out; echo err >&2"));
  await_exit();
  ASSERT_TRUE(shell("pwd"));
  await_exit();
  EXPECT_EQ(log(), "out\nerr\n" + folder_.string() + "\n");
}

TEST_F(ProcessHostTest, only_three_descriptors_reach_the_child) {
  const int low = ::open("/dev/null", 0);  // neither has FD_CLOEXEC
  const int high = ::dup2(low, 200);
  ASSERT_TRUE(shell("exec ls /proc/self/fd"));
  await_exit();
  ::close(low);
  ::close(high);
  EXPECT_EQ(log(), "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST_F(ProcessHostTest, says_why_a_program_cannot_run) {
  const auto missing = start({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, base::ErrorCode::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("/no/such/program"));
  EXPECT_THAT(start({"no-such-program"}).error().message, HasSubstr("PATH"));
  EXPECT_EQ(start({"/etc/passwd"}).error().code, base::ErrorCode::permission);
}

// ldconfig is part of every Debian, in sbin only.
TEST(FindProgram, looks_into_sbin_after_the_path) {
  EXPECT_EQ(find_program("ldconfig", {"PATH=/usr/bin:/bin"}).value(), "/usr/sbin/ldconfig");
  EXPECT_EQ(find_program("ldconfig", {}).value(), "/usr/sbin/ldconfig");
  EXPECT_EQ(find_program("ldconfig", {"PATH=/sbin:/usr/bin"}).value(), "/sbin/ldconfig");
}

TEST_F(ProcessHostTest, child_keeps_its_own_path) {
  ASSERT_TRUE(shell("echo $PATH"));
  await_exit();
  EXPECT_EQ(log(), "/usr/bin:/bin\n");
}

TEST_F(ProcessHostTest, terminate_reaches_a_stopped_process_and_its_children) {
  const auto process = shell("sleep 1000 & touch up; kill -STOP $$; wait");
  ASSERT_TRUE(process);
  await_file("up");
  host_.terminate(process.value().pid);
  EXPECT_EQ(ports::describe(await_exit()), "signal 15 (SIGTERM)");
  EXPECT_TRUE(children_of(::getpid()).empty());
}

TEST_F(ProcessHostTest, terminate_reaches_other_groups_of_the_session) {
  // `set -m` puts the background job into a process group of its own.
  const auto process = shell("set -m; (trap 'touch told; exit' TERM; touch up; while :; do sleep 0.01; done) & wait");
  ASSERT_TRUE(process);
  await_file("up");
  host_.terminate(process.value().pid);
  await_exit();
  EXPECT_TRUE(fs::exists(folder_ / "told"));
  EXPECT_TRUE(children_of(::getpid()).empty());
}

TEST_F(ProcessHostTest, exit_is_told_only_when_the_whole_family_is_gone) {
  // The child outlives its parent's TERM for a while to finish its work.
  const auto process = shell("(trap 'touch finished; exit' TERM; touch up; while :; do sleep 0.01; done) & wait");
  ASSERT_TRUE(process);
  await_file("up");
  host_.terminate(process.value().pid);
  await_exit();
  EXPECT_TRUE(fs::exists(folder_ / "finished"));
}

TEST_F(ProcessHostTest, kill_finds_who_left_the_session) {
  const auto process = shell("(setsid sh -c 'trap \"\" TERM; touch up; while :; do sleep 1; done' &) ; sleep 1000");
  ASSERT_TRUE(process);
  await_file("up");
  host_.terminate(process.value().pid);
  host_.kill(process.value().pid);
  await_exit();
  EXPECT_TRUE(children_of(::getpid()).empty());
}

TEST_F(ProcessHostTest, crash_takes_its_helpers_along) {
  ASSERT_TRUE(shell("trap '' TERM; sleep 1000 & exit 1"));
  EXPECT_EQ(ports::describe(await_exit()), "exit code 1");
  EXPECT_TRUE(children_of(::getpid()).empty());
}

TEST_F(ProcessHostTest, signal_spares_a_stranger_with_a_reused_pid) {
  const auto process = shell("exec sleep 1000");
  ASSERT_TRUE(process);
  ports::ProcessId stranger = process.value();
  stranger.start_time += 1;
  EXPECT_FALSE(send_signal(stranger, SIGKILL));
  EXPECT_TRUE(send_signal(process.value(), SIGKILL));
  EXPECT_EQ(ports::describe(await_exit()), "signal 9 (SIGKILL)");
}

}  // namespace
}  // namespace posix
