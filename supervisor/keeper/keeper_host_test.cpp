#include "supervisor/keeper/keeper_host.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "supervisor/posix/held_sockets.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace keeper {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One supervisor's side; a second one takes over when the first is gone, as after a kill -9.
struct Side final : ports::ProcessHost::Listener {
  explicit Side(const fs::path& folder)
      : host(std::make_unique<KeeperHost>(io, Nursery::open().value(), folder / "keepers", folder)) {
    host->listen(*this);
  }

  void spawned(const ports::Slot&, const ports::Spawned& what) override { process = what; }
  void spawn_failed(const ports::Slot&, const base::Error& error) override { failure = error; }
  void exited(const ports::Slot&, ports::WaitStatus status, const std::string& note) override {
    ended = status;
    why = note;
  }
  void notified(const ports::Slot&, const std::string& text) override { said.push_back(text); }

  template <class Done>
  ::testing::AssertionResult until(Done done) {
    for (int i = 0; i < 20'000; ++i) {
      if (done()) return ::testing::AssertionSuccess();
      io.restart();
      io.run_for(std::chrono::milliseconds(1));
    }
    return ::testing::AssertionFailure() << "it did not come to that";
  }
  std::string await_exit() {
    EXPECT_TRUE(until([this] { return ended.has_value(); }));
    const auto status = std::exchange(ended, std::nullopt);
    return status ? ports::describe(*status) : "";
  }

  boost::asio::io_context io;
  std::unique_ptr<KeeperHost> host;
  std::optional<ports::Spawned> process;
  std::optional<base::Error> failure;
  std::optional<ports::WaitStatus> ended;
  std::string why;
  std::vector<std::string> said;
};

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() {
    char pattern[] = "/tmp/msctl-keeper-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    fs::create_directory(folder_ / "keepers");
    fs::create_directory(folder_ / "logs");
    side_ = std::make_unique<Side>(folder_);
  }
  ~KeeperTest() override {
    for (const char* slot : {"test@1", "test@2"}) {
      side_->host->kill(slot);
      side_->host->release(slot);
    }
    // Keepers leave by themselves once they are released; their folder must not vanish before.
    for (const pid_t keeper : keepers_) await_end(keeper);
    fs::remove_all(folder_);
  }

  static void await_end(pid_t pid) {
    for (int i = 0; i < 5'000; ++i) {
      const auto stat = posix::read_stat(pid);
      if (!stat || stat->zombie()) return;
      ::usleep(1000);
    }
    ADD_FAILURE() << "process " << pid << " is still there";
  }

  ports::SpawnSpec spec(std::vector<std::string> argv) const {
    ports::SpawnSpec made;
    made.service = made.instance = "test";
    made.argv = std::move(argv);
    made.env = {"PATH=/usr/bin:/bin", "MSCTL_INSTANCE=test", "MSCTL_STATE=" + folder_.string()};
    made.folder = folder_;
    made.log = folder_ / "logs" / "test.log";
    made.memo = "memo";
    return made;
  }
  // Runs the program in the slot and waits until there is a process, or none.
  void start(const ports::SpawnSpec& wanted) {
    side_->process.reset();
    side_->host->spawn("test@1", wanted);
    ASSERT_TRUE(side_->until([this] { return side_->process || side_->failure; }));
    if (side_->process) keepers_.insert(side_->process->keeper);
  }
  void program(std::vector<std::string> argv) { start(spec(std::move(argv))); }
  void shell(const std::string& script) { program({"sh", "-c", script}); }

  void await_file(const std::string& name) {
    ASSERT_TRUE(side_->until([&] { return fs::exists(folder_ / name); }));
  }
  std::string log() const { return posix::read_small_file((folder_ / "logs" / "test.log").string()); }
  pid_t pid() const { return side_->process->process.pid; }
  std::size_t family() const { return posix::descendants_of(side_->process->keeper).size(); }

  // The first supervisor is gone without a word; another one comes.
  std::vector<ports::Found> take_over() {
    side_ = std::make_unique<Side>(folder_);
    return side_->host->find(std::chrono::seconds(5));
  }

  fs::path folder_;
  std::set<pid_t> keepers_;
  std::unique_ptr<Side> side_;
};

TEST_F(KeeperTest, reports_the_native_status) {
  shell("exit 9");
  EXPECT_EQ(side_->await_exit(), "exit code 9");
  shell("kill -KILL $$");
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
}

TEST_F(KeeperTest, both_outputs_go_to_the_log_and_are_appended) {
  shell("echo out; sleep 0.05; echo err >&2");
  side_->await_exit();
  shell("pwd");
  side_->await_exit();
  EXPECT_EQ(log(), "out\nerr\n" + folder_.string() + "\n");
}

TEST_F(KeeperTest, only_three_descriptors_reach_the_child) {
  const int low = ::open("/dev/null", 0);  // neither has FD_CLOEXEC
  const int high = ::dup2(low, 200);
  shell("exec ls /proc/self/fd");
  side_->await_exit();
  ::close(low);
  ::close(high);
  EXPECT_EQ(log(), "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST_F(KeeperTest, held_sockets_are_handed_over_as_systemd_does_it) {
  posix::HeldSockets sockets;
  auto wanted = spec({"sh", "-c",
                      "echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo mine; readlink /proc/self/fd/4 | "
                      "cut -d: -f1"});
  wanted.sockets = {{"http", sockets.open("test", "http", 0).value()},
                    {"grpc", sockets.open("test", "grpc", 0).value()}};
  start(wanted);
  EXPECT_EQ(side_->await_exit(), "exit code 0");
  EXPECT_EQ(log(), "2 http:grpc\nmine\nsocket\n");
}

TEST_F(KeeperTest, says_why_a_program_cannot_run) {
  program({"/no/such/program"});
  ASSERT_TRUE(side_->failure);
  EXPECT_THAT(side_->failure->message, HasSubstr("cannot run /no/such/program"));
  side_->failure.reset();
  program({"no-such-program"});
  EXPECT_THAT(side_->failure->message, HasSubstr("PATH"));
  side_->failure.reset();
  program({"/etc/passwd"});
  EXPECT_THAT(side_->failure->message, HasSubstr("Permission denied"));
  auto nowhere = spec({"/bin/true"});
  nowhere.folder = folder_ / "missing";
  side_->failure.reset();
  start(nowhere);
  EXPECT_THAT(side_->failure->message, HasSubstr("the folder: No such file"));
}

TEST_F(KeeperTest, large_environments_arrive_whole) {
  auto wanted = spec({"sh", "-c", "printf %s \"$LONG\" | wc -c"});
  wanted.env.push_back("LONG=" + std::string(100'000, 'x'));
  start(wanted);
  side_->await_exit();
  EXPECT_EQ(log(), "100000\n");
}

TEST_F(KeeperTest, environment_need_not_be_text) {
  auto wanted = spec({"sh", "-c", "printf %s \"$BYTES\""});
  wanted.env.emplace_back("BYTES=\xff\xfe\n\x01");
  start(wanted);
  side_->await_exit();
  EXPECT_EQ(log(), "\xff\xfe\n\x01");
}

TEST_F(KeeperTest, terminate_reaches_a_stopped_process_and_its_children) {
  shell("sleep 1000 & touch up; kill -STOP $$; wait");
  await_file("up");
  side_->host->terminate("test@1");
  EXPECT_EQ(side_->await_exit(), "signal 15 (SIGTERM)");
  EXPECT_EQ(family(), 0U);
}

TEST_F(KeeperTest, terminate_reaches_other_groups_of_the_session) {
  // `set -m` puts the background job into a process group of its own.
  shell("set -m; (trap 'touch told; exit' TERM; touch up; while :; do sleep 0.01; done) & wait");
  await_file("up");
  side_->host->terminate("test@1");
  side_->await_exit();
  EXPECT_TRUE(fs::exists(folder_ / "told"));
}

TEST_F(KeeperTest, exit_is_told_only_when_the_whole_family_is_gone) {
  // The child outlives its parent's TERM for a while to finish its work.
  shell("(trap 'sleep 0.05; touch finished; exit' TERM; touch up; while :; do sleep 0.01; done) & wait");
  await_file("up");
  side_->host->terminate("test@1");
  side_->await_exit();
  EXPECT_TRUE(fs::exists(folder_ / "finished"));
}

TEST_F(KeeperTest, kill_finds_who_left_the_session_and_its_parent) {
  shell(
      "(setsid sh -c 'unset MSCTL_INSTANCE MSCTL_STATE; exec setsid sh -c \"trap : TERM; touch up; while :; do sleep "
      "1; done\"' &) ; sleep 1000");
  await_file("up");
  side_->host->terminate("test@1");
  side_->host->kill("test@1");
  side_->await_exit();
  EXPECT_EQ(family(), 0U);
}

TEST_F(KeeperTest, crash_takes_its_helpers_along) {
  shell("trap '' TERM; sleep 1000 & exit 1");
  EXPECT_EQ(side_->await_exit(), "exit code 1");
  EXPECT_EQ(family(), 0U);
}

TEST_F(KeeperTest, a_fork_bomb_ends) {
  shell("bomb() { while :; do sleep 1000 & done; }; ulimit -u 2000; touch up; bomb");
  await_file("up");
  side_->host->kill("test@1");
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
  EXPECT_EQ(family(), 0U);
}

TEST_F(KeeperTest, hears_what_the_process_says_through_its_notify_socket) {
  program({"/usr/bin/python3", "-c",
           "import os, socket\n"
           "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
           "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])\n"});
  ASSERT_TRUE(side_->until([this] { return !side_->said.empty(); }));
  EXPECT_THAT(side_->said, ElementsAre("READY=1"));
}

TEST_F(KeeperTest, a_shot_is_a_death_that_nobody_asked_for) {
  program({"sleep", "1000"});
  side_->host->shoot("test@1");
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
}

TEST_F(KeeperTest, what_is_suspended_goes_on_when_it_is_resumed_or_its_supervisor_is_gone) {
  program({"sleep", "1000"});
  const pid_t pid = side_->process->process.pid;
  const auto is = [pid](bool stopped) {
    return [pid, stopped] {
      const auto stat = posix::read_stat(pid);
      return stat && (stat->state == 'T') == stopped;
    };
  };
  side_->host->suspend("test@1");
  EXPECT_TRUE(side_->until(is(true)));
  side_->host->resume("test@1");
  EXPECT_TRUE(side_->until(is(false)));
  side_->host->suspend("test@1");
  EXPECT_TRUE(side_->until(is(true)));
  side_.reset();
  side_ = std::make_unique<Side>(folder_);
  EXPECT_TRUE(side_->until(is(false)));
  ASSERT_EQ(side_->host->find(std::chrono::seconds(5)).size(), 1U);
}

TEST_F(KeeperTest, the_next_supervisor_finds_everything_as_it_was) {
  posix::HeldSockets sockets;
  auto wanted = spec({"sh", "-c", "trap 'exit 7' TERM; touch up; while :; do sleep 0.01; echo tick; done"});
  wanted.sockets = {{"http", sockets.open("test", "http", 0).value()}};
  start(wanted);
  await_file("up");
  const auto process = side_->process->process;
  const auto since = side_->process->since_us;
  auto found = take_over();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].slot, "test@1");
  EXPECT_EQ(found[0].memo, "memo");
  EXPECT_EQ(found[0].running->process, process);
  EXPECT_EQ(found[0].running->since_us, since);
  EXPECT_FALSE(found[0].ended);
  ASSERT_EQ(found[0].sockets.size(), 1U);
  struct stat here {};
  struct stat there {};
  ::fstat(found[0].sockets[0].fd, &here);
  ::fstat(sockets.open("test", "http", 0).value(), &there);
  EXPECT_EQ(here.st_ino, there.st_ino);
  ::close(found[0].sockets[0].fd);
  // It obeys the new one, and no line is lost.
  const auto before = log().size();
  EXPECT_TRUE(side_->until([&] { return log().size() > before; }));
  side_->host->terminate("test@1");
  EXPECT_EQ(side_->await_exit(), "exit code 7");
}

TEST_F(KeeperTest, the_next_supervisor_is_told_how_a_process_ended_meanwhile) {
  shell("touch up; while [ ! -e go ]; do sleep 0.01; done; echo last words; exit 5");
  await_file("up");
  const pid_t keeper = side_->process->keeper;
  side_.reset();
  ASSERT_EQ(::creat((folder_ / "go").c_str(), 0600) > 0, true);
  for (int i = 0; i < 5'000 && !posix::descendants_of(keeper).empty(); ++i) ::usleep(1000);
  const auto found = take_over();
  ASSERT_EQ(found.size(), 1U);
  ASSERT_TRUE(found[0].ended);
  EXPECT_EQ(ports::describe(*found[0].ended), "exit code 5");
  EXPECT_EQ(log(), "last words\n");
}

TEST_F(KeeperTest, after_a_start_that_failed_there_is_no_process_of_before) {
  shell("exit 0");
  side_->await_exit();
  program({"/nowhere/to/be/found"});
  ASSERT_TRUE(side_->failure);
  auto no_folder = spec({"sh", "-c", "exit 0"});
  no_folder.folder = folder_ / "gone";
  side_->failure.reset();
  start(no_folder);
  ASSERT_TRUE(side_->failure);
  const auto found = take_over();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].running);
  EXPECT_FALSE(found[0].ended);
}

TEST_F(KeeperTest, a_killed_keeper_leaves_the_family_of_another_one_of_its_instance_alone) {
  shell("sleep 1000 & wait");
  const ports::Spawned first = *side_->process;
  side_->process.reset();
  side_->host->spawn("test@2", spec({"sh", "-c", "sleep 1000 & touch here; wait"}));
  ASSERT_TRUE(side_->until([this] { return side_->process.has_value(); }));
  keepers_.insert(side_->process->keeper);
  await_file("here");
  ::kill(first.keeper, SIGKILL);
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
  await_end(first.process.pid);
  EXPECT_TRUE(side_->until([this] { return family() == 2; }));
}

TEST_F(KeeperTest, sockets_of_keepers_that_are_gone_are_cleared_away) {
  shell("exec sleep 1000");
  const pid_t keeper = side_->process->keeper;
  const auto process = side_->process->process;
  side_.reset();
  ::kill(keeper, SIGKILL);
  await_end(keeper);
  EXPECT_TRUE(take_over().empty());
  EXPECT_FALSE(fs::exists(folder_ / "keepers" / "test@1.sock"));
  await_end(process.pid);  // it goes with its keeper
}

TEST_F(KeeperTest, a_killed_keeper_takes_its_family_with_it) {
  shell("trap '' TERM HUP; (setsid sleep 1000 &); touch up; while :; do sleep 0.01; done");
  await_file("up");
  const auto process = side_->process->process;
  ::kill(side_->process->keeper, SIGKILL);
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
  EXPECT_THAT(side_->why, HasSubstr("its keeper (pid "));
  await_end(process.pid);
}

TEST_F(KeeperTest, signal_spares_a_stranger_with_a_reused_pid) {
  shell("exec sleep 1000");
  ports::ProcessId stranger = side_->process->process;
  stranger.start_time += 1;
  EXPECT_FALSE(posix::send_signal(stranger, SIGKILL));
  EXPECT_TRUE(posix::send_signal(side_->process->process, SIGKILL));
  EXPECT_EQ(side_->await_exit(), "signal 9 (SIGKILL)");
}

TEST_F(KeeperTest, limits_open_files_and_memory) {
  auto wanted = spec({"sh", "-c", "ulimit -n; exec /usr/bin/python3 -c 'bytearray(200 << 20)'"});
  wanted.resources.open_files = 77;
  wanted.resources.memory_bytes = 64 << 20;
  start(wanted);
  EXPECT_NE(side_->await_exit(), "exit code 0");
  EXPECT_THAT(log(), HasSubstr("77\n"));
}

TEST_F(KeeperTest, leaves_when_its_folder_is_gone_and_nobody_comes) {
  shell("sleep 1000");
  const pid_t keeper = side_->process->keeper;
  const auto process = side_->process->process;
  side_.reset();
  fs::remove_all(folder_);
  await_end(keeper);
  await_end(process.pid);
  fs::create_directories(folder_ / "keepers");
  side_ = std::make_unique<Side>(folder_);
}

}  // namespace
}  // namespace keeper
