#include "services/chassis/host/crash.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

namespace chassis {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

struct Crash {
  std::string report;
  int signal = 0;  // that ended the process; 0 when it ended by itself
};

// Runs `what` in a process of its own that reports its crash as the program "victim".
Crash crash(void (*what)()) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    report_crashes("victim");
    what();
    ::_exit(0);
  }
  ::close(ends[1]);
  Crash outcome;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) outcome.report.append(buffer, got);
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

std::string line(const std::string& report, std::size_t number) {
  std::size_t begin = 0;
  for (; number > 0; --number) begin = report.find('\n', begin) + 1;
  return report.substr(begin, report.find('\n', begin) - begin);
}

volatile int zero = 0;

[[gnu::noinline]] void write_to(int* where) { *const_cast<volatile int*>(where) = 1; }
[[gnu::noinline]] void outer_function(std::size_t where) {
  write_to(reinterpret_cast<int*>(where));
  zero = 0;  // no tail call
}
[[gnu::noinline]] void use_all_of_the_stack(char* above) {
  volatile char here[1000];
  here[0] = *above;
  if (zero == 0) use_all_of_the_stack(const_cast<char*>(&here[0]));
  here[1] = 0;
}
[[gnu::noinline]] void call(void (*function)()) {
  function();
  zero = 0;
}

TEST(Crash, NamesSignalAddressFunctionAndLine) {
  const auto crashed = crash([] { outer_function(0x10); });
  EXPECT_EQ(crashed.signal, SIGSEGV);
  EXPECT_EQ(line(crashed.report, 0), "*** victim crashed: SIGSEGV at 0x10 (address not mapped)");
  EXPECT_THAT(line(crashed.report, 1),
              MatchesRegex("#0 chassis::.*::write_to\\(int\\*\\) at .*services/chassis/host/crash_test.cpp:[0-9]+"));
  EXPECT_THAT(line(crashed.report, 2),
              MatchesRegex("#1 chassis::.*::outer_function\\(unsigned long\\) at .*crash_test.cpp:[0-9]+"));
  EXPECT_THAT(crashed.report, HasSubstr(" main"));
  EXPECT_TRUE(crashed.report.ends_with("\n*** end of backtrace\n")) << crashed.report;
}

TEST(Crash, TellsTheCauseOfEachSignal) {
  const auto divided = crash([] { zero = 10 / zero; });
  EXPECT_EQ(divided.signal, SIGFPE);
  EXPECT_THAT(line(divided.report, 0), HasSubstr("SIGFPE at 0x"));
  EXPECT_THAT(line(divided.report, 0), HasSubstr("(integer division by zero, or its result does not fit)"));

  const auto trapped = crash([] { __builtin_trap(); });
  EXPECT_EQ(trapped.signal, SIGILL);
  EXPECT_THAT(line(trapped.report, 0), HasSubstr("(illegal instruction)"));

  const auto odd = crash([] { outer_function(0xdead'0000'0000'0000); });
  EXPECT_EQ(odd.signal, SIGSEGV);
  EXPECT_EQ(line(odd.report, 0), "*** victim crashed: SIGSEGV (an address that no memory can have)");
}

TEST(Crash, AnAbortBeginsWithItsCaller) {
  const auto aborted = crash([] { call([] { std::abort(); }); });
  EXPECT_EQ(aborted.signal, SIGABRT);
  EXPECT_EQ(line(aborted.report, 0), "*** victim crashed: SIGABRT (abort() was called)");
  EXPECT_THAT(line(aborted.report, 1), HasSubstr("crash_test.cpp:"));
}

TEST(Crash, AnUncaughtExceptionSaysItsTextAndWhereItWasThrown) {
  // gtest catches exceptions; this one leaves a thread.
  const auto in_thread = crash([] { std::thread([] { throw std::runtime_error("no\nluck"); }).join(); });
  EXPECT_EQ(in_thread.signal, SIGABRT);
  EXPECT_EQ(line(in_thread.report, 0), "*** victim crashed: std::terminate: std::runtime_error: no luck");
  EXPECT_THAT(line(in_thread.report, 1), HasSubstr("crash_test.cpp:"));
  EXPECT_THAT(in_thread.report, Not(HasSubstr("__cxa_throw")));
}

TEST(Crash, SurvivesTheOverflowOfTheStack) {
  const auto overflown = crash([] {
    char first = 0;
    use_all_of_the_stack(&first);
  });
  EXPECT_EQ(overflown.signal, SIGSEGV);
  EXPECT_THAT(line(overflown.report, 0), HasSubstr("(stack overflow)"));
  EXPECT_THAT(line(overflown.report, 1), HasSubstr("use_all_of_the_stack(char*)"));
  EXPECT_THAT(overflown.report, HasSubstr("\n#63 "));
  EXPECT_THAT(overflown.report, Not(HasSubstr("\n#64 ")));
}

TEST(Crash, ACallThroughANullPointerNamesItsCaller) {
  const auto called = crash([] { call(nullptr); });
  EXPECT_EQ(called.signal, SIGSEGV);
  EXPECT_THAT(line(called.report, 0), StartsWith("*** victim crashed: SIGSEGV at 0x0"));
  EXPECT_EQ(line(called.report, 1), "#0 0x0 (no code there)");
  EXPECT_THAT(line(called.report, 2), MatchesRegex("#1 chassis::.*::call\\(.*crash_test.cpp:[0-9]+"));
}

TEST(Crash, ASignalFromOutsideSaysWhoSentIt) {
  const auto killed = crash([] {
    const pid_t parent = ::getpid();
    if (::fork() == 0) {
      ::kill(parent, SIGSEGV);
      ::_exit(0);
    }
    for (;;) ::pause();
  });
  EXPECT_EQ(killed.signal, SIGSEGV);
  EXPECT_THAT(line(killed.report, 0), MatchesRegex("\\*\\*\\* victim crashed: SIGSEGV \\(sent by process [0-9]+\\)"));
}

TEST(Crash, WorksWhileTheHeapIsLocked) {
  // glibc aborts inside malloc with its lock held.
  const auto corrupted = crash([] {
    // In a thread, since a process with one thread does not lock.
    std::thread([] {
      auto* memory = static_cast<volatile std::size_t*>(std::malloc(100'000));
      memory[::malloc_usable_size(const_cast<std::size_t*>(memory)) / sizeof(std::size_t)] = ~std::size_t{0};
      memory[0] = reinterpret_cast<std::size_t>(std::malloc(100'000));
    }).join();
  });
  EXPECT_EQ(corrupted.signal, SIGABRT);
  EXPECT_THAT(corrupted.report, HasSubstr("crash_test.cpp:"));
}

TEST(Crash, AProgramThatEndsWellSaysNothing) {
  const auto ended = crash([] {});
  EXPECT_EQ(ended.signal, 0);
  EXPECT_EQ(ended.report, "");
}

}  // namespace
}  // namespace chassis
