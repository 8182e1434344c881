#pragma once
// A crash leaves its backtrace on standard error, symbolised, and then ends the process just as it would have ended
// without (same signal, same core):
//
//   *** order-service crashed: SIGSEGV at 0x10 (address not mapped)
//   #0 order_service::app::Orders::place(…) at services/order/app/orders.cpp:41
//   *** end of backtrace
//
// Covers SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and std::terminate, whose line has the exception's type and text.
// Functions that were compiled into their caller have lines of their own with the same number.

#include <string>

namespace chassis {

// For the whole process and from now on; `name` is what the first line calls it. Other threads that want an overflow of
// their stack reported call own_crash_stack() first.
void report_crashes(const std::string& name);

// What the first line calls the process from now on.
void name_in_crashes(const std::string& name);

// Gives the calling thread a stack for the handler beside its own, for the rest of the process.
void own_crash_stack();

}  // namespace chassis
