#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "base/child.hpp"
#include "cli/machine/machine_checks.hpp"
#include "cli/machine/process_facts.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/selection.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct DebugOptions {
  std::string service;
  std::vector<std::string> batch;
  std::vector<std::string> arguments;
};

volatile sig_atomic_t debugger = 0;  // its pid, for the signal handler
volatile sig_atomic_t was_told = 0;

// gdb detaches and ends on SIGTERM, or has to when we are told again; then the pause is ended as always.
void pass_on(int /*signal*/) {
  if (debugger > 0) ::kill(static_cast<pid_t>(debugger), was_told != 0 ? SIGKILL : SIGTERM);
  was_told = 1;
}

// Ctrl-C and Ctrl-\ at the terminal are for gdb alone.
void take_signals() {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);
  struct sigaction told {};
  told.sa_handler = pass_on;
  for (const int number : {SIGTERM, SIGHUP}) ::sigaction(number, &told, nullptr);
}

base::Error not_permitted(pid_t pid, const std::string& why) {
  return base::fail(base::ErrorCode::permission,
                    "gdb may not attach to process " + std::to_string(pid) + ": " + why +
                        "; allow it with: sysctl -w kernel.yama.ptrace_scope=0, or run msctl debug as root "
                        "(in a container: --cap-add SYS_PTRACE)");
}

// Attaches for a moment, which is the only way to know.
base::Result<void> check_may_attach(pid_t pid) {
  if (const pid_t tracer = machine::tracer_of(pid); tracer != 0) {
    return base::fail(
        base::ErrorCode::conflict,
        "process " + std::to_string(pid) + " is being debugged already, by process " + std::to_string(tracer));
  }
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) {
    const int error = errno;
    if (error == ESRCH) return base::fail(base::ErrorCode::conflict, "the process has just ended");
    const std::string yama = machine::ptrace_obstacle("/", ::geteuid() == 0);
    return not_permitted(pid, yama.empty() ? std::strerror(error) : yama);
  }
  ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {
  }
  // A signal that came just then is the process's.
  const auto signal = WIFSTOPPED(status) && (status >> 16) == 0 ? WSTOPSIG(status) : 0;
  ::ptrace(PTRACE_DETACH, pid, nullptr, reinterpret_cast<void*>(static_cast<std::intptr_t>(signal)));
  return base::success();
}

std::vector<std::string> command_of(const DebugOptions& options, pid_t pid) {
  std::vector<std::string> argv{"gdb", "-q"};
  if (!options.batch.empty()) argv.emplace_back("-batch");
  for (const auto& command : options.batch) argv.insert(argv.end(), {"-ex", command});
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  argv.insert(argv.end(), {"-p", std::to_string(pid)});
  return argv;
}

// Exit code of gdb, in the foreground.
int run_debugger(const std::string& program, const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    // When we are killed, the process must not stay stopped: a debugger that ends lets go of it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    base::reset_signals();
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  if (child < 0) return say_error("msctl: cannot fork: " + std::string(std::strerror(errno))), failed;
  debugger = child;
  if (was_told != 0) ::kill(child, SIGTERM);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  debugger = 0;
  if (was_told != 0) return interrupted;
  return WIFEXITED(status) ? WEXITSTATUS(status) : failed;
}

base::Result<control::ServiceView> running_one(const Place& place, const std::string& name) {
  TRY(const auto views, running_services(place));
  TRY(control::ServiceView view, one_meant(place, name, views));
  if (view.pid) return view;
  return base::fail(base::ErrorCode::conflict, view.name + " has no process to debug (" + view.state +
                                                   "); start it with: msctl start " + service_of(view.name));
}

// Between here and the end nothing may leave but through resume; should we be killed, the supervisor sees that the
// holder of the pause is gone.
int debug_paused(const Place& place, const DebugOptions& options, const std::string& gdb,
                 const control::ServiceView& view) {
  take_signals();
  const auto paused = place.client().service(view.name, "pause", {{"holder", ::getpid()}});
  if (!paused) return report(paused.error());
  say_error("msctl: " + view.name + " is paused: no probes, time-outs or restarts until gdb ends");
  const int code = run_debugger(gdb, command_of(options, *view.pid));
  const auto resumed = place.client().service(view.name, "resume");
  if (resumed) {
    say_error("msctl: " + view.name + " goes on");
    return code;
  }
  // The cluster may have been taken down meanwhile; otherwise the pause ends with this process.
  if (resumed.error().code != base::ErrorCode::unavailable) return report(resumed.error());
  return code;
}

int debug(const DebugOptions& options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto gdb = machine::find_program("gdb", machine::own_environment(), "");
  if (!gdb) {
    return say_error("msctl: there is no gdb; install it with: apt-get install gdb"), failed;
  }
  const auto view = running_one(place.value(), options.service);
  if (!view) return report(view.error());
  if (const auto may = check_may_attach(*view.value().pid); !may) return report(may.error());
  return debug_paused(place.value(), options, gdb.value(), view.value());
}

}  // namespace

void add_debug(Verbs& verbs) {
  auto options = std::make_shared<DebugOptions>();
  verbs.add("debug", "Attach gdb to a service while its probes, time-outs and restarts are paused")
      .operand("SERVICE", options->service, "The service, or one instance of it")
      .option("--batch", options->batch, "CMD", "Run this gdb command and end; may be given several times")
      .rest(options->arguments)
      .footer(
          "What follows -- goes to gdb. However gdb ends, the service goes on as before.\n"
          "Examples:\n  msctl debug web\n  msctl debug web --batch 'thread apply all backtrace'\n"
          "  msctl debug web -- -ex 'break main.cpp:12' -ex continue\n"
          "Exit code: gdb's own; 1 when it may not attach or nothing runs.")
      .run([options] { return debug(*options); });
}

}  // namespace cli
