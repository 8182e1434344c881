#pragma once
// The process that stands between a supervisor and one instance: parent and subreaper of the instance's processes,
// reader of their output, owner of their listening sockets and of their NOTIFY_SOCKET. It outlives a killed
// supervisor; the next one finds it by its socket in run/keepers and is told what happened meanwhile.
//
//   SOCKET PATH           run/keepers/INSTANCE@N.sock: one supervisor at a time, the newest wins; only our own user
//   NOTIFY_SOCKET         run/keepers/INSTANCE@N.notify, or a name in the abstract namespace when that is too long
//
// It ends when it was told to and nothing runs, or when its state folder is gone and nobody can reach it any more.

#include <string>

#include "supervisor/posix/file.hpp"

namespace keeper {

// Never returns: a process made by fork becomes a keeper here and ends by _exit.
[[noreturn]] void run_keeper(posix::Descriptor control, posix::Descriptor listener, const std::string& instance,
                             const std::string& path);

}  // namespace keeper
