#include "cli/session/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

extern char** environ;

#include "base/child.hpp"
#include "supervisor/spec/load_options.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds launch_timeout{30'000};
constexpr std::chrono::milliseconds other_launch_timeout{10'000};
constexpr std::chrono::milliseconds other_launch_pause{20};
constexpr std::chrono::milliseconds cancel_grace{3'000};
constexpr int ready_fd = 3;

base::Error os_error(const std::string& what) {
  return base::fail(base::ErrorCode::internal, what + ": " + std::strerror(errno));
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// What the forked child does until exec; only calls that are safe after fork. It forks once more, so that the
// supervisor is nobody's child and no shell waits for it.
[[noreturn]] void become_supervisor(int ready, const char* log, char* const* argv) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  base::reset_signals();
  const int kept = ::fcntl(ready, F_DUPFD_CLOEXEC, 10);
  const int null = ::open("/dev/null", O_RDWR);
  const int out = ::open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (kept < 0 || null < 0 || out < 0) ::_exit(127);
  if (::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0 || ::dup2(kept, ready_fd) < 0) ::_exit(127);
  ::syscall(SYS_close_range, static_cast<unsigned>(ready_fd) + 1, ~0U, 0U);
  ::execv("/proc/self/exe", argv);
  ::_exit(127);
}

// One line, or what came until the other end was closed.
std::string read_answer(int fd, std::chrono::milliseconds timeout) {
  std::string answer;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) == 0) return "timeout";
    std::array<char, 4096> block{};
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got <= 0) break;
    answer.append(block.data(), static_cast<std::size_t>(got));
  }
  while (!answer.empty() && answer.back() == '\n') answer.pop_back();
  return answer;
}

// Somebody else starts or ends the supervisor right now: there is nothing to be told by, so this one asks again.
base::Result<Launched> join_other(const Place& place) {
  const auto deadline = std::chrono::steady_clock::now() + other_launch_timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    if (place.client().status()) return Launched::already_there;
    std::this_thread::sleep_for(other_launch_pause);
  }
  return base::fail(base::ErrorCode::timeout, "another supervisor has the lock of this cluster but does not answer");
}

// Until the child, which leads the group, has ended. It stays unreaped, so that the group's id is nobody else's.
void await_group(pid_t child, const Cancel& cancel) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  std::array<pollfd, 2> waits{pollfd{handle, POLLIN, 0}, pollfd{cancel.descriptor(), POLLIN, 0}};
  int grace_ms = -1;
  while (handle >= 0) {
    const int ready = ::poll(waits.data(), waits.size(), grace_ms);
    if (ready < 0) continue;
    if (waits[0].revents != 0) break;
    ::kill(-child, ready == 0 ? SIGKILL : SIGTERM);
    grace_ms = ready == 0 ? -1 : static_cast<int>(cancel_grace.count());
    waits[1].fd = -1;
  }
  if (handle >= 0) ::close(handle);
  if (cancel.requested()) ::kill(-child, SIGKILL);
}

base::Result<void> make_log_folder(const Place& place) {
  std::vector<fs::path> folders{place.state, place.state / "logs"};
  if (!place.options.project.empty()) {
    folders.insert(folders.begin(), {place.state.parent_path().parent_path(), place.state.parent_path()});
  }
  for (const auto& folder : folders) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return os_error("cannot make " + folder.string());
  }
  return base::success();
}

}  // namespace

base::Result<Launched> launch_supervisor(const Place& place) {
  TRY(make_log_folder(place));
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return os_error("cannot make a pipe");
  const std::string log = place.log("supervisor").string();
  const std::vector<std::string> argv{"msctl", "__supervise", base::dump_json(spec::to_json(place.options)),
                                      std::to_string(ready_fd)};
  const auto arguments = pointers(argv);
  ::unsetenv("MSCTL_INSTANCE");
  ::unsetenv("MSCTL_SERVICE");  // when a service of another cluster runs us, ours is no part of it
  ::setenv("MSCTL_STATE", place.state.c_str(), 1);
  const pid_t child = ::fork();
  if (child == 0) become_supervisor(pipe[1], log.c_str(), arguments.data());
  ::close(pipe[1]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  const std::string answer = child < 0 ? "failed: cannot fork" : read_answer(pipe[0], launch_timeout);
  ::close(pipe[0]);
  if (answer == "ready") return Launched::fresh;
  if (answer == "locked") return join_other(place);
  if (answer.starts_with("failed: ")) return base::fail(base::ErrorCode::internal, answer.substr(8));
  if (answer == "timeout") return base::fail(base::ErrorCode::timeout, "the supervisor did not get ready; see " + log);
  return base::fail(base::ErrorCode::internal, "the supervisor ended at once; see " + log);
}

Cancel::Cancel() : event_(::eventfd(0, EFD_CLOEXEC)) {}

Cancel::~Cancel() { ::close(event_); }

void Cancel::request() {
  if (!requested_.exchange(true)) static_cast<void>(::eventfd_write(event_, 1));
}

base::Result<int> run_program(const std::vector<std::string>& argv, const fs::path& folder, const fs::path& log,
                              const Cancel& cancel) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  ::posix_spawn_file_actions_addchdir_np(&files, folder.c_str());
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  sigset_t ignored;
  ::sigemptyset(&ignored);
  ::sigaddset(&ignored, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv.at(0).c_str(), &files, &attributes, pointers(argv).data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return base::fail(base::ErrorCode::not_found, "cannot run " + argv.at(0) + ": " + std::strerror(error));
  }
  await_group(child, cancel);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

base::Error replace_process(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment,
                            const fs::path& folder) {
  for (const auto& entry : extra_environment) {
    const auto equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  if (::chdir(folder.c_str()) != 0) return os_error("cannot enter " + folder.string());
  ::execvp(argv.at(0).c_str(), pointers(argv).data());
  return os_error("cannot run " + argv.at(0));
}

bool await_process_end(pid_t pid, std::chrono::milliseconds timeout) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return true;
  pollfd ended{handle, POLLIN, 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(timeout.count()));
  ::close(handle);
  return ready > 0;
}

}  // namespace cli
