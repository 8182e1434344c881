#pragma once
// Blocking queries that wait for a change. One thread.
//
// Nobody tells when a client has gone, so its query stays until its time is over; therefore only so many wait at once.
// One more makes the oldest answer early, which a blocking query may always do.

#include <chrono>
#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/task.hpp"
#include "base/timer.hpp"

namespace registry {

class Waiters {
 public:
  Waiters(boost::asio::io_context& io, std::size_t most) : io_(io), most_(most) {}

  // Returns at the next wake(), when its place is needed, or at the deadline. False when it must not wait again.
  base::Task<bool> wait(base::Monotonic deadline);
  void wake();
  // From now on nobody waits.
  void close();
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiter {
    explicit Waiter(boost::asio::io_context& io) : timer(io) {}
    base::Timer timer;
    bool evicted = false;
  };

  boost::asio::io_context& io_;
  std::size_t most_;
  std::uint64_t last_ = 0;
  bool closed_ = false;
  std::map<std::uint64_t, std::shared_ptr<Waiter>> waiting_;  // oldest first
};

}  // namespace registry
