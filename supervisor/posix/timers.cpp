#include "supervisor/posix/timers.hpp"

namespace posix {

ports::TimerId Timers::after(std::chrono::milliseconds delay, std::function<void()> callback) {
  const auto id = ++last_;
  auto& timer = armed_.emplace(id, boost::asio::steady_timer(io_, delay)).first->second;
  timer.async_wait([this, id, callback = std::move(callback)](boost::system::error_code) {
    // A timer that was cancelled after it fired has no error, but it is not in the map any more.
    if (armed_.erase(id) == 1) callback();
  });
  return id;
}

void Timers::cancel(ports::TimerId id) { armed_.erase(id); }

}  // namespace posix
