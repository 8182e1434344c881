#include "services/chassis/host/lifecycle.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <boost/asio/post.hpp>

#include "base/timer.hpp"

namespace chassis {
namespace {

std::string take_environment(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  ::unsetenv(name);
  return taken;
}

// A line break would begin another variable.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

NotifyLifecycle::NotifyLifecycle() : socket_(take_environment("NOTIFY_SOCKET")) {
  const auto time = take_environment("WATCHDOG_USEC");
  const auto meant_for = take_environment("WATCHDOG_PID");
  if (!meant_for.empty() && meant_for != std::to_string(::getpid())) return;
  constexpr long long longest = 24LL * 3600 * 1'000'000;
  watchdog_ = std::chrono::microseconds(std::clamp(std::strtoll(time.c_str(), nullptr, 10), 0LL, longest));
}

void NotifyLifecycle::ready(const std::string& status) {
  send("READY=1\nSTATUS=" + one_line(status) + "\nMAINPID=" + std::to_string(::getpid()));
}

void NotifyLifecycle::not_ready(const std::string& why) { send("X_MSCTL_READY=0\nSTATUS=" + one_line(why)); }

void NotifyLifecycle::stopping() { send("STOPPING=1\nSTATUS=finishing what has begun"); }

void NotifyLifecycle::send(const std::string& state) const {
  sockaddr_un name{};
  if (socket_.empty() || socket_.size() >= sizeof name.sun_path) return;
  name.sun_family = AF_UNIX;
  socket_.copy(name.sun_path, socket_.size());
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';  // Linux's abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // Not blocking: a supervisor that does not read must not hold the service up.
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&name), size);
  ::close(fd);
}

struct NotifyLifecycle::Beat : std::enable_shared_from_this<Beat> {
  Beat(const NotifyLifecycle& owner, IoThreads& io_threads)
      : lifecycle(owner), threads(io_threads), timer(io_threads.first()) {}

  void wait() {
    timer.expires_after(lifecycle.watchdog_ / 2);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->pass(1);
    });
  }
  void pass(std::size_t next) {
    if (next < threads.size()) {
      boost::asio::post(threads.at(next), [self = shared_from_this(), next] { self->pass(next + 1); });
      return;
    }
    lifecycle.send("WATCHDOG=1");
    boost::asio::post(threads.first(), [self = shared_from_this()] { self->wait(); });
  }

  const NotifyLifecycle& lifecycle;
  IoThreads& threads;
  base::Timer timer;
};

void NotifyLifecycle::start_watchdog(IoThreads& threads) {
  if (socket_.empty() || watchdog_.count() == 0) return;
  std::make_shared<Beat>(*this, threads)->wait();
}

}  // namespace chassis
