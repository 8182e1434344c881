#include "supervisor/posix/exec_probe.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "base/child.hpp"
#include "base/timer.hpp"
#include "supervisor/ports/notify.hpp"
#include "supervisor/ports/process_host.hpp"
#include "supervisor/posix/file.hpp"
#include "supervisor/posix/program.hpp"

namespace posix {
namespace {

using boost::system::error_code;
using ports::Answer;
using ports::Question;
using PipeEnd = boost::asio::posix::basic_stream_descriptor<base::Executor>;

constexpr std::size_t max_line_bytes = 300;
constexpr int max_last_reads = 256;  // of what is in the pipe when the command has ended; a pipe holds 64 KiB

// The last line that is not blank, and of each line only its begin.
class LastLine {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        finish();
      } else if (open_.size() < max_line_bytes) {
        open_ += c;
      }
    }
  }
  const std::string& get() {
    finish();
    return last_;
  }

 private:
  void finish() {
    std::string line = ports::one_line(open_, max_line_bytes);
    if (!line.empty()) last_ = std::move(line);
    open_.clear();
  }
  std::string open_;
  std::string last_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_for(const std::vector<std::string>& service) {
  auto env = service;
  std::erase_if(env, [](const std::string& entry) {
    return entry.starts_with("NOTIFY_SOCKET=") || entry.starts_with("WATCHDOG_") || entry.starts_with("LISTEN_");
  });
  return env;
}

// All that the child needs, made before the fork: after it only system calls are allowed.
struct Launch {
  std::string program;
  std::string folder;
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::vector<char*> argv_pointers;
  std::vector<char*> env_pointers;
  std::string complaint;
  pid_t parent = 0;
  int out = -1;

  [[noreturn]] void become_the_command() const {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    base::reset_signals();
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0 && ::dup2(null, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(out, 2) == 2 &&
        ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0 && ::chdir(folder.c_str()) == 0) {
      ::execve(program.c_str(), argv_pointers.data(), env_pointers.data());
    }
    const char* why = ::strerrordesc_np(errno);
    static_cast<void>(!::write(2, complaint.data(), complaint.size()));
    if (why != nullptr) static_cast<void>(!::write(2, why, std::strlen(why)));
    ::_exit(127);
  }
};

// One run of the command. Whoever waits for something of it holds it; the last one to go ends the command.
class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(boost::asio::io_context& io, std::chrono::milliseconds timeout, ports::Prober::OnAnswer callback)
      : io_(io), output_(io), ended_(io), deadline_(io), timeout_(timeout), callback_(std::move(callback)) {}
  Run(const Run&) = delete;
  ~Run() {
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
    reap();
  }

  // Errors: why the command could not be started.
  base::Result<void> start(const Question& question);

 private:
  void read_output();
  void drain_output();
  void await_end();
  void await_deadline();
  void finish();
  int reap();
  void answer(Answer answer) {
    deadline_.cancel();
    if (callback_) std::exchange(callback_, nullptr)(std::move(answer));
  }
  std::string with_last_line(std::string text) {
    const std::string& line = last_line_.get();
    return line.empty() ? text : text + ": " + line;
  }

  boost::asio::io_context& io_;
  PipeEnd output_;
  PipeEnd ended_;  // a pidfd, readable once the command has ended
  base::Timer deadline_;
  std::chrono::milliseconds timeout_;
  ports::Prober::OnAnswer callback_;
  pid_t pid_ = -1;  // until it is reaped
  LastLine last_line_;
  std::array<char, 4096> buffer_{};
};

base::Result<void> Run::start(const Question& question) {
  if (question.argv.empty()) return base::fail(base::ErrorCode::invalid, "no command");
  Launch launch;
  launch.argv = question.argv;
  launch.env = environment_for(question.env);
  launch.folder = question.folder.empty() ? "/" : question.folder.string();
  TRY(launch.program, find_program(question.argv[0], launch.env));
  launch.argv_pointers = pointers(launch.argv);
  launch.env_pointers = pointers(launch.env);
  launch.complaint = "cannot run " + launch.program + " in " + launch.folder + ": ";
  launch.parent = ::getpid();

  std::array<int, 2> ends{};
  const auto failure = [](const char* what) {
    return base::fail(base::ErrorCode::unavailable, std::string(what) + ": " + std::strerror(errno));
  };
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("no pipe for the command");
  output_.assign(ends[0]);
  output_.native_non_blocking(true);
  const Descriptor write_end(ends[1]);
  launch.out = write_end.get();
  const pid_t pid = ::fork();
  if (pid < 0) return failure("no process for the command");
  if (pid == 0) launch.become_the_command();
  pid_ = pid;
  ::setpgid(pid, pid);  // as the child does, whoever comes first
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return failure("the command cannot be watched");
  ended_.assign(pidfd);
  read_output();
  await_end();
  await_deadline();
  return base::success();
}

void Run::read_output() {
  output_.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](error_code error, std::size_t size) {
                            if (error) return;
                            self->last_line_.add({self->buffer_.data(), size});
                            self->read_output();
                          });
}

void Run::drain_output() {
  if (!output_.is_open()) return;
  for (int i = 0; i < max_last_reads; ++i) {
    const ssize_t size = ::read(output_.native_handle(), buffer_.data(), buffer_.size());
    if (size <= 0) return;
    last_line_.add({buffer_.data(), static_cast<std::size_t>(size)});
  }
}

void Run::await_end() {
  ended_.async_wait(PipeEnd::wait_read, [self = shared_from_this()](error_code error) {
    if (!error) self->finish();
  });
}

void Run::await_deadline() {
  deadline_.expires_after(timeout_);
  deadline_.async_wait([self = shared_from_this()](error_code error) {
    if (error) return;
    self->drain_output();
    if (self->pid_ > 0) ::kill(-self->pid_, SIGKILL);
    const std::string late = "did not end within " + std::to_string(self->timeout_.count()) + " ms";
    self->answer(Answer{false, 0, {}, self->with_last_line(late)});
  });
}

// The group first: as long as the command is not reaped, its id is not used again.
void Run::finish() {
  ::kill(-pid_, SIGKILL);
  const int status = reap();
  drain_output();
  error_code ignored;
  output_.close(ignored);
  ended_.close(ignored);
  if (status == 0) return answer(Answer{true, 0, {}, {}});
  const std::string how =
      status < 0 ? "nobody knows how the command ended" : ports::describe(ports::WaitStatus{status});
  answer(Answer{false, 0, {}, with_last_line(how)});
}

// How it ended in the form of wait(2); -1 when that is not known.
int Run::reap() {
  if (pid_ <= 0) return -1;
  siginfo_t info{};
  const int result = ended_.is_open()
                         ? ::waitid(P_PIDFD, static_cast<id_t>(ended_.native_handle()), &info, WEXITED | WNOHANG)
                         : ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
  pid_ = -1;
  if (result != 0 || info.si_pid == 0) return -1;
  return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

}  // namespace

void ask_exec(boost::asio::io_context& io, const Question& question, ports::Prober::OnAnswer callback) {
  const auto run = std::make_shared<Run>(io, question.timeout, callback);
  if (const auto started = run->start(question); !started) {
    callback(Answer{false, 0, {}, started.error().message});
  }
}

}  // namespace posix
