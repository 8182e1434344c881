#pragma once
// What a forked child owes the program it is about to become. Safe between fork and exec.

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace base {

// Every signal gets its default action and none is blocked: what the parent did about signals is not the program's.
inline void reset_signals() {
  // Past glibc, which keeps two for itself: its posix_spawn, as make calls it, leaves one of them ignored in the child.
  const unsigned long standard[4] = {};  // the kernel's struct sigaction with SIG_DFL
  for (int number = 1; number < NSIG; ++number) ::syscall(SYS_rt_sigaction, number, standard, nullptr, 8UL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace base
