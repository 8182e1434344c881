#pragma once
// Runs a command as a probe: exit code 0 is good. io_context's thread.

#include <boost/asio/io_context.hpp>

#include "supervisor/ports/prober.hpp"

namespace posix {

// The command runs in a process group of its own with /dev/null as its input, descriptors 0 to 2 only, default signals,
// and ends with us should we be killed. Once it ended, or at its timeout, everything in its group gets SIGKILL. The
// last line it wrote goes into the problem. Of the service's environment it does not see what only the service's own
// process may use: NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*.
void ask_exec(boost::asio::io_context& io, const ports::Question& question, ports::Prober::OnAnswer callback);

}  // namespace posix
