#pragma once
// Starts one process through Boost.Process v2 with an initialiser of our own; see launch.cpp for why. Apart from the
// host because Boost.Process is a heavy header. Call from the io_context's thread.

#include <sys/types.h>

#include <boost/asio/io_context.hpp>

#include "base/result.hpp"
#include "supervisor/ports/process_host.hpp"

namespace posix {

// The child leads a session of its own, has /dev/null as 0 and `log` as 1 and 2 and no other descriptor, default
// signal dispositions and an empty signal mask. It is detached: the caller reaps it. A child whose exec failed is left
// as a zombie to be reaped as well.
base::Result<pid_t> launch(boost::asio::io_context& io, const ports::SpawnSpec& spec, int log);

// argv[0] with a '/' as it is, else found in the PATH of `env`, then in the sbin folders: Debian keeps servers there,
// and an ordinary user's PATH lacks them.
base::Result<std::string> find_program(const std::string& name, const std::vector<std::string>& env);

}  // namespace posix
