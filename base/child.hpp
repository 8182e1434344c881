#pragma once
// What a forked child owes the program it is about to become. Safe between fork and exec.

#include <csignal>

namespace base {

// Every signal gets its default action and none is blocked: what the parent did about signals is not the program's.
inline void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace base
