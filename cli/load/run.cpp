#include "cli/load/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/program/program.hpp"
#include "supervisor/control/wire.hpp"

extern char** environ;  // NOLINT: POSIX has no header for it

namespace load {
namespace {

using base::ErrorCode;

constexpr int wait_ms = 100;

struct Pipe {
  int read = -1;
  int write = -1;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return base::fail(ErrorCode::internal, std::string("pipe: ") + std::strerror(errno));
  return Pipe{ends[0], ends[1]};
}

// All of it; the reader may be gone, which next() finds out. Nobody wants a SIGPIPE for that.
void write_all(int fd, std::string_view text) {
  sigset_t pipe;
  sigset_t before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  const timespec none{};
  while (::sigtimedwait(&pipe, nullptr, &none) > 0) continue;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void close_if_open(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

// In a process group of its own: Ctrl-C on the terminal is msctl's to answer.
int spawn(pid_t& pid, const std::string& program, const Pipe& in, const Pipe& out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::string name = program;
  std::array<char*, 2> argv{name.data(), nullptr};
  const int failed = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return failed;
}

}  // namespace

base::Result<Run> Run::start(const base::Json& document) {
  TRY(const auto program, program::helper("msctl-load"));
  Run run;
  TRY(auto in, make_pipe());
  run.in_ = in.write;
  auto out = make_pipe();
  if (!out) return ::close(in.read), out.error();
  run.out_ = out.value().read;
  const int failed = spawn(run.pid_, program.string(), in, out.value());
  ::close(in.read);
  ::close(out.value().write);
  if (failed != 0) {
    run.pid_ = -1;
    return base::fail(ErrorCode::internal, program.string() + " cannot be started: " + std::strerror(failed));
  }
  write_all(run.in_, base::dump_json(document) + "\n");
  return run;
}

base::Result<void> Run::check(base::Json document) {
  document["only_check"] = true;
  TRY(auto run, start(document));
  TRY(run.finish({}));
  return base::success();
}

Run::Run(Run&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      text_(std::move(other.text_)) {}

Run::~Run() { end(); }

void Run::stop() { close_if_open(in_); }

void Run::end() {
  close_if_open(in_);
  close_if_open(out_);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
}

base::Result<std::optional<base::Json>> Run::take_line() {
  const std::size_t end = text_.find('\n');
  if (end == std::string::npos) return std::optional<base::Json>();
  auto line = base::parse_json(std::string_view(text_).substr(0, end));
  text_.erase(0, end + 1);
  if (!line)
    return base::fail(ErrorCode::internal, "msctl-load said something that is not JSON: " + line.error().message);
  if (line.value().value("event", "") == "error") return control::error_from(line.value());
  return std::optional<base::Json>(std::move(line).value());
}

base::Result<std::optional<base::Json>> Run::next(int ms) {
  while (true) {
    TRY(auto line, take_line());
    if (line) return line;
    pollfd output{out_, POLLIN, 0};
    const int ready = ::poll(&output, 1, ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return std::optional<base::Json>();
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(out_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(ErrorCode::internal, "msctl-load ended without a result");
    text_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

base::Result<base::Json> Run::finish(const std::function<void(const base::Json&)>& progress,
                                     const std::function<bool()>& stopped) {
  while (true) {
    if (stopped && stopped()) stop();
    TRY(auto line, next(wait_ms));
    if (!line) continue;
    if (line->value("event", "") == "result") return std::move((*line)["result"]);
    if (progress) progress(*line);
  }
}

}  // namespace load
