#include "supervisor/keeper/nursery.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "base/child.hpp"
#include "supervisor/keeper/keeper.hpp"
#include "supervisor/keeper/message.hpp"

namespace keeper {
namespace {

constexpr int kept = 3;  // where the nursery keeps its one socket

char* title_memory = nullptr;
std::size_t title_size = 0;

// Takes everything that the supervisor had open away but one descriptor.
int keep_only(int socket) {
  const int high = ::fcntl(socket, F_DUPFD_CLOEXEC, 100);
  ::dup2(high, kept);
  ::fcntl(kept, F_SETFD, FD_CLOEXEC);
  ::syscall(SYS_close_range, static_cast<unsigned>(kept) + 1, ~0U, 0U);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {0, 1, 2}) ::dup2(null, standard);
  ::close(null);
  return kept;
}

void hatch_one(int control, Message& message) {
  if (message.kind != Kind::hatch || message.parts.size() != 2 || message.descriptors.size() != 2) return;
  const pid_t child = ::fork();
  if (child != 0) return;
  ::close(control);
  run_keeper(std::move(message.descriptors[0]), std::move(message.descriptors[1]), message.parts[0], message.parts[1]);
}

[[noreturn]] void run_nursery(int control) {
  base::reset_signals();
  std::signal(SIGCHLD, SIG_IGN);  // keepers are not waited for
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  set_title("msctl keepers");
  ::prctl(PR_SET_NAME, "msctl-keepers");
  for (;;) {
    pollfd readable{control, POLLIN, 0};
    if (::poll(&readable, 1, -1) < 0) continue;
    auto message = receive(control);
    if (message) {
      hatch_one(control, message.value());
    } else if (message.error().code != base::ErrorCode::conflict) {
      ::_exit(0);
    }
  }
}

}  // namespace

void lend_title(int argc, char** argv) {
  if (argc < 1) return;
  title_memory = argv[0];
  title_size = static_cast<std::size_t>(argv[argc - 1] - argv[0]) + std::strlen(argv[argc - 1]);
}

void set_title(const std::string& title) {
  if (title_memory == nullptr) return;
  std::memset(title_memory, 0, title_size);
  std::memcpy(title_memory, title.data(), std::min(title.size(), title_size));
}

base::Result<Nursery> Nursery::open() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::ErrorCode::unavailable, std::string("no socket for keepers: ") + std::strerror(errno));
  }
  posix::Descriptor ours(ends[0]);
  const posix::Descriptor theirs(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return base::fail(base::ErrorCode::unavailable, std::string("cannot fork: ") + std::strerror(errno));
  if (child == 0) {
    ::setsid();
    run_nursery(keep_only(theirs.get()));
  }
  return Nursery(std::move(ours), child);
}

void Nursery::close() {
  control_ = posix::Descriptor();
  ::waitpid(pid_, nullptr, 0);
}

base::Result<posix::Descriptor> Nursery::hatch(const std::string& instance, int listener,
                                               const std::string& path) const {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::ErrorCode::unavailable, std::string("no socket for a keeper: ") + std::strerror(errno));
  }
  posix::Descriptor ours(ends[0]);
  const posix::Descriptor theirs(ends[1]);
  TRY(send(control_.get(), Kind::hatch, {instance, path}, {theirs.get(), listener}));
  return ours;
}

}  // namespace keeper
