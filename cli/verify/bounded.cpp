#include "cli/verify/bounded.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/descriptor.hpp"

extern char** environ;

namespace verify {
namespace {

using base::Descriptor;
using Steady = std::chrono::steady_clock;

constexpr int poll_ms = 20;
constexpr std::size_t most_output = 32 << 20;

base::Error problem(const std::string& what, int number) {
  return base::fail(base::ErrorCode::internal, what + ": " + std::strerror(number));
}

// As a file: a pipe would raise SIGPIPE when the program does not read all of it.
int input_file(const std::string& text) {
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  for (std::size_t done = 0; file >= 0 && done < text.size();) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

// Starts argv with these three descriptors, default signals and nothing blocked, as leader of a process group.
base::Result<pid_t> start(const Ask& ask, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err, 2);
  if (!ask.folder.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, ask.folder.c_str());
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  sigset_t reset;
  ::sigemptyset(&reset);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaddset(&reset, number);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &reset);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  argv.reserve(ask.argv.size() + 1);
  for (const auto& word : ask.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed == ENOENT) {
    return base::fail(base::ErrorCode::not_found, "the program " + ask.argv[0] + " is not there; install it");
  }
  if (failed != 0) return problem("cannot run " + ask.argv[0], failed);
  return pid;
}

// What can be read now; false when the other end was closed.
bool take(int fd, std::string& into) {
  std::array<char, 65536> block{};
  const ssize_t got = ::read(fd, block.data(), block.size());
  if (got <= 0) return got < 0 && errno == EINTR;
  if (into.size() < most_output) into.append(block.data(), static_cast<std::size_t>(got));
  return true;
}

enum class End : std::uint8_t { by_itself, out_of_time, told };

End read_both(Descriptor& out, Descriptor& err, program::Output& output, Steady::time_point deadline,
              const std::function<bool()>& must_end) {
  while (out.get() >= 0 || err.get() >= 0) {
    if (must_end()) return End::told;
    if (Steady::now() >= deadline) return End::out_of_time;
    std::array<pollfd, 2> ready{pollfd{out.get(), POLLIN, 0}, pollfd{err.get(), POLLIN, 0}};
    if (::poll(ready.data(), ready.size(), poll_ms) <= 0) continue;
    if (ready[0].revents != 0 && !take(out.get(), output.out)) out.close();
    if (ready[1].revents != 0 && !take(err.get(), output.err)) err.close();
  }
  return End::by_itself;
}

}  // namespace

base::Result<program::Output> run_bounded(const Ask& ask, const std::function<bool()>& must_end) {
  const Descriptor in(input_file(ask.input));
  std::array<int, 2> pipe_out{-1, -1};
  std::array<int, 2> pipe_err{-1, -1};
  if (::pipe2(pipe_out.data(), O_CLOEXEC) != 0) return problem("cannot make a pipe", errno);
  Descriptor out(pipe_out[0]);
  Descriptor out_end(pipe_out[1]);
  if (::pipe2(pipe_err.data(), O_CLOEXEC) != 0) return problem("cannot make a pipe", errno);
  Descriptor err(pipe_err[0]);
  Descriptor err_end(pipe_err[1]);

  const auto deadline = Steady::now() + ask.timeout;
  TRY(const pid_t pid, start(ask, in.get(), out_end.get(), err_end.get()));
  out_end.close();
  err_end.close();
  program::Output output;
  const End end = read_both(out, err, output, deadline, must_end);
  if (end != End::by_itself) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (end == End::told) return base::fail(base::ErrorCode::cancelled, ask.argv[0] + " was ended");
  if (end == End::out_of_time) {
    return base::fail(base::ErrorCode::timeout,
                      ask.argv[0] + " did not end within " + std::to_string(ask.timeout.count()) + " ms");
  }
  output.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return output;
}

}  // namespace verify
