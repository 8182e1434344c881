#pragma once
// Timers on an io_context. Its thread.

#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "supervisor/ports/timers.hpp"

namespace posix {

class Timers final : public ports::Timers {
 public:
  explicit Timers(boost::asio::io_context& io) : io_(io) {}
  ports::TimerId after(std::chrono::milliseconds delay, std::function<void()> callback) override;
  void cancel(ports::TimerId id) override;

 private:
  boost::asio::io_context& io_;
  ports::TimerId last_ = 0;
  std::map<ports::TimerId, boost::asio::steady_timer> armed_;
};

}  // namespace posix
