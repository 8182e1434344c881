#include "services/chassis/host/crash.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cxxabi.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "services/chassis/host/backtrace.hpp"
#include "services/chassis/host/crash_text.hpp"

namespace chassis {
namespace crash {

void write_error(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

namespace {

constexpr std::size_t stack_bytes = 1024UL * 1024;  // demangling a long name takes much of it
constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

using Line = Text<1024>;

Text<80> program;
std::atomic<bool> reporting{false};

struct Cause {
  int signal;
  int code;
  const char* text;
};

constexpr std::array causes{
    Cause{SIGSEGV, SEGV_MAPERR, "address not mapped"},
    Cause{SIGSEGV, SEGV_ACCERR, "access not permitted"},
    Cause{SIGBUS, BUS_ADRALN, "address not aligned"},
    Cause{SIGBUS, BUS_ADRERR, "no such memory, as past the end of a mapped file"},
    Cause{SIGILL, ILL_ILLOPN, "illegal instruction"},
    Cause{SIGILL, ILL_ILLOPC, "illegal instruction"},
    Cause{SIGFPE, FPE_INTDIV, "integer division by zero, or its result does not fit"},
    Cause{SIGFPE, FPE_FLTDIV, "floating point division by zero"},
};

const char* cause_of(int number, int code) {
  const auto* found = std::find_if(causes.begin(), causes.end(),
                                   [=](const Cause& cause) { return cause.signal == number && cause.code == code; });
  return found == causes.end() ? nullptr : found->text;
}

const char* name_of(int number) {
  switch (number) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGABRT";
  }
}

// A fault right beside the stack pointer: what is in use of a stack is mapped.
bool is_stack_overflow(std::uintptr_t address, const ucontext_t& interrupted) {
  constexpr std::uintptr_t beside = std::uintptr_t{64} * 1024;
  const auto stack = stack_pointer(interrupted);
  return address + beside > stack && address < stack + beside;
}

bool sent_by_somebody(const siginfo_t& info) { return info.si_code <= 0; }

void describe(Line& line, const siginfo_t& info, const ucontext_t& interrupted) {
  line.add(name_of(info.si_signo));
  if (sent_by_somebody(info)) {
    if (info.si_pid != ::getpid()) {
      line.add(" (sent by process ").add_number(static_cast<unsigned>(info.si_pid)).add(")");
    } else if (info.si_signo == SIGABRT) {
      line.add(" (abort() was called)");
    }
    return;
  }
  if (info.si_code == SI_KERNEL) {
    line.add(" (an address that no memory can have)");
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
  const char* cause = cause_of(info.si_signo, info.si_code);
  if (info.si_signo == SIGSEGV && is_stack_overflow(address, interrupted)) cause = "stack overflow";
  line.add(" at ").add_address(address);
  if (cause != nullptr) line.add(" (").add(cause).add(")");
}

void begin_report(Line& line) { line.add("*** ").add(program.view()).add(" crashed: "); }

void report(Line& line, ucontext_t* interrupted) {
  line.cut(1000);
  line.blank_controls();
  line.add("\n");
  write_error(line.view());
  write_backtrace(interrupted);
  write_error("*** end of backtrace\n");
}

// One thread reports; another that crashes meanwhile waits for the end of the process.
void wait_when_another_reports() {
  if (!reporting.exchange(true)) return;
  for (;;) ::pause();
}

void on_signal(int number, siginfo_t* info, void* context) {
  wait_when_another_reports();
  auto* interrupted = static_cast<ucontext_t*>(context);
  Line line;
  begin_report(line);
  describe(line, *info, *interrupted);
  report(line, interrupted);
  std::signal(number, SIG_DFL);
  // A fault happens again as soon as this returns; a signal that was sent must be sent again.
  if (sent_by_somebody(*info)) ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number);
}

void add_text(const char* text, std::size_t size, void* line) { static_cast<Line*>(line)->add({text, size}); }

[[noreturn]] void on_terminate() {
  wait_when_another_reports();
  Line line;
  begin_report(line);
  line.add("std::terminate");
  if (const auto* type = abi::__cxa_current_exception_type()) {
    line.add(": ");
    demangle_type(type->name(), add_text, &line);
    try {
      throw;
    } catch (const std::exception& thrown) {
      line.add(": ").add(thrown.what());
    } catch (...) {
      line.add(" (not a std::exception)");
    }
  } else {
    line.add(" was called without an exception");
  }
  report(line, nullptr);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

}  // namespace
}  // namespace crash

void report_crashes(const std::string& name) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // A sanitizer's report says more.
  static_cast<void>(name);
#else
  name_in_crashes(name);
  crash::prepare_backtrace();
  own_crash_stack();
  for (const int number : crash::signals) {
    struct sigaction action {};
    action.sa_sigaction = crash::on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }
  std::set_terminate(crash::on_terminate);
#endif
}

void name_in_crashes(const std::string& name) {
  crash::program = {};
  crash::program.add(name);
}

void own_crash_stack() {
  void* memory = ::mmap(nullptr, crash::stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = crash::stack_bytes;
  ::sigaltstack(&stack, nullptr);
}

}  // namespace chassis
