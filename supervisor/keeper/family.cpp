#include "supervisor/keeper/family.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/child.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace keeper {
namespace {

// New members can appear while the old ones are killed; a fork bomb loses after a few rounds, since every round first
// stops all it sees.
constexpr int kill_rounds = 50;
constexpr int first_socket = 3;

enum class Step : int { setup, folder, program };

struct Failure {
  Step step;
  int code;
};

// What the child does: only calls that are safe between fork and exec, on memory that was made before.
struct Child {
  const Start& start;
  int report;
  std::vector<char*> argv;
  std::vector<char*> env;
  pid_t keeper = ::getpid();
  std::string listen_pid = "LISTEN_PID=                ";

  Child(const Start& wanted, int report_to) : start(wanted), report(report_to) {}

  [[noreturn]] void fail(Step step) const {
    const Failure failure{step, errno};
    static_cast<void>(!::write(report, &failure, sizeof failure));
    ::_exit(127);
  }

  // The pid is only known now, and the text was made long enough for any.
  void write_pid() {
    char* digit = listen_pid.data() + std::strlen("LISTEN_PID=");
    std::array<char, 16> reversed{};
    int count = 0;
    for (auto rest = static_cast<unsigned>(::getpid()); rest > 0; rest /= 10) reversed.at(count++) = '0' + rest % 10;
    while (count > 0) *digit++ = reversed.at(--count);
    *digit = '\0';
  }

  void place_descriptors() const {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) fail(Step::setup);
    if (::dup2(null, 0) < 0 || ::dup2(start.out, 1) < 0 || ::dup2(start.err, 2) < 0) fail(Step::setup);
    // The sockets were made to lie above their places; so none of these overwrites another.
    for (std::size_t i = 0; i < start.sockets.size(); ++i) {
      if (::dup2(start.sockets[i], first_socket + static_cast<int>(i)) < 0) fail(Step::setup);
    }
    const auto rest = static_cast<unsigned>(first_socket) + static_cast<unsigned>(start.sockets.size());
    if (::syscall(SYS_close_range, rest, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(Step::setup);
  }

  void limit() const {
    for (const auto& file : start.cgroups) {
      const int cgroup = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
      if (cgroup >= 0) static_cast<void>(!::write(cgroup, "0", 1));
      if (cgroup >= 0) ::close(cgroup);
    }
    if (start.open_files > 0) set(RLIMIT_NOFILE, start.open_files);
    if (start.memory_bytes > 0) set(RLIMIT_DATA, start.memory_bytes);
  }

  void set(__rlimit_resource resource, std::int64_t value) const {
    const rlimit limit{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
    if (::setrlimit(resource, &limit) != 0) fail(Step::setup);
  }

  [[noreturn]] void run() {
    // Whoever kills the keeper kills this one as well, also before its environment tells whose it is.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) ::_exit(127);
    if (::setsid() < 0) fail(Step::setup);
    base::reset_signals();
    place_descriptors();
    limit();
    if (!start.sockets.empty()) write_pid();
    if (::chdir(start.folder.c_str()) != 0) fail(Step::folder);
    ::execve(start.program.c_str(), argv.data(), env.data());
    fail(Step::program);
  }
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  return list;
}

base::Error describe(const Failure& failure, const Start& start) {
  const std::string why = std::strerror(failure.code);
  auto code = base::ErrorCode::internal;
  if (failure.code == ENOENT || failure.code == ENOTDIR) code = base::ErrorCode::not_found;
  if (failure.code == EACCES || failure.code == EPERM) code = base::ErrorCode::permission;
  switch (failure.step) {
    case Step::folder:
      return base::fail(code, "cannot run " + start.program + " in " + start.folder + ": the folder: " + why);
    case Step::program:
      return base::fail(code, "cannot run " + start.program + " in " + start.folder + ": " + why);
    case Step::setup:
      break;
  }
  return base::fail(code, "cannot prepare a process for " + start.program + ": " + why);
}

// Copies that lie above every place a socket will get in the child.
std::vector<posix::Descriptor> raised(const std::vector<int>& sockets) {
  std::vector<posix::Descriptor> copies;
  const int above = first_socket + static_cast<int>(sockets.size());
  for (const int one : sockets) copies.emplace_back(::fcntl(one, F_DUPFD_CLOEXEC, above));
  return copies;
}

}  // namespace

Family::Family() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

base::Result<ports::ProcessId> Family::start(const Start& wanted) {
  Start start = wanted;
  const auto copies = raised(start.sockets);
  for (std::size_t i = 0; i < copies.size(); ++i) start.sockets[i] = copies[i].get();
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return base::fail(base::ErrorCode::unavailable, "no pipe for a process");
  posix::Descriptor from_child(pipe[0]);
  // Above the sockets' places, too, or placing them would close it.
  posix::Descriptor to_parent(::fcntl(pipe[1], F_DUPFD_CLOEXEC, first_socket + static_cast<int>(start.sockets.size())));
  ::close(pipe[1]);

  if (!start.sockets.empty()) {
    start.env.push_back("LISTEN_FDS=" + std::to_string(start.sockets.size()));
    start.env.push_back("LISTEN_FDNAMES=" + start.socket_names);
  }
  Child child(start, to_parent.get());
  child.argv = pointers_to(start.argv);
  child.argv.push_back(nullptr);
  child.env = pointers_to(start.env);
  if (!start.sockets.empty()) child.env.push_back(child.listen_pid.data());
  child.env.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid == 0) child.run();
  if (pid < 0) {
    return base::fail(base::ErrorCode::unavailable, std::string("cannot start a process: ") + std::strerror(errno));
  }
  to_parent = posix::Descriptor();
  Failure failure{};
  if (::read(from_child.get(), &failure, sizeof failure) == sizeof failure) {
    ::waitpid(pid, nullptr, 0);
    return describe(failure, start);
  }
  const auto stat = posix::read_stat(pid);  // unreaped, so it is there even if it has ended
  first_ = {pid, stat ? stat->id.start_time : 0};
  phase_ = Phase::running;
  stopping_ = false;
  return first_;
}

void Family::terminate() {
  if (!runs()) return;
  stopping_ = true;
  if (phase_ == Phase::running) phase_ = Phase::terminating;
  signal_all(SIGTERM);
  signal_all(SIGCONT);  // a stopped process cannot act on SIGTERM
}

void Family::kill() {
  if (!runs()) return;
  stopping_ = true;
  if (phase_ != Phase::draining) phase_ = Phase::killing;
  kill_all();
}

void Family::suspend() const {
  if (runs()) signal_all(SIGSTOP);
}

void Family::resume() const {
  if (runs()) signal_all(SIGCONT);
}

std::optional<int> Family::reap() {
  for (;;) {
    siginfo_t info{};
    // Peek first: until it is reaped, the pid and the group's id cannot be used again.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
    if (runs() && info.si_pid == first_.pid && phase_ != Phase::draining) {
      first_ended();
    } else {
      ::waitpid(info.si_pid, nullptr, WNOHANG);
    }
  }
  if (phase_ != Phase::draining || anybody_left()) return std::nullopt;
  phase_ = Phase::none;
  return status_;
}

void Family::first_ended() {
  // What a crash leaves behind may hold the ports that the next start needs.
  if (phase_ == Phase::running || phase_ == Phase::killing) kill_all();
  ::waitpid(first_.pid, &status_, 0);
  phase_ = Phase::draining;
}

bool Family::anybody_left() const {
  for (const auto& stat : posix::descendants_of(::getpid())) {
    if (!stat.zombie()) return true;
  }
  return false;
}

void Family::signal_all(int signal) const {
  const auto all = posix::descendants_of(::getpid());
  if (phase_ != Phase::draining) ::kill(-first_.pid, signal);  // unreaped: the group is the right one
  for (const auto& stat : all) {
    if (!stat.zombie() && (phase_ == Phase::draining || stat.group != first_.pid)) posix::send_signal(stat.id, signal);
  }
}

void Family::kill_all() const {
  for (int round = 0; round < kill_rounds; ++round) {
    signal_all(SIGSTOP);
    signal_all(SIGKILL);
    if (!anybody_left()) return;
  }
}

}  // namespace keeper
