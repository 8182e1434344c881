#pragma once
// All gates of a supervisor, on a thread of their own that begins with the first one: whatever flows through them, the
// supervisor is not kept waiting. Called from the supervisor's thread; answers come back on its io_context.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "supervisor/gate/gate.hpp"

namespace gate {

class Gates {
 public:
  // `home` is the caller's, lent. `is_of` is called on the gates' thread.
  Gates(boost::asio::io_context& home, IsOf is_of);
  // Every gate is closed and every connection through one is reset.
  ~Gates();
  Gates(const Gates&) = delete;

  // `listening_fd` is taken over; -1: the front is bound as soon as it is free.
  void open(std::uint16_t front, std::uint16_t back, int listening_fd);
  void use(std::uint16_t front, std::vector<Rule> rules);
  // `done` once its port is free; the connections through it go on.
  void close(std::uint16_t front, std::function<void()> done);
  // Those, too, are over.
  void forget(std::uint16_t front);
  // How many of these fronts are open.
  void count_open(std::vector<std::uint16_t> fronts, std::function<void(std::size_t)> done);

 private:
  void post(std::function<void()> work);
  void answer(std::function<void()> work);

  boost::asio::io_context& home_;
  IsOf is_of_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<base::Executor> work_;
  std::map<std::uint16_t, std::shared_ptr<Gate>> gates_;  // of the thread, once it runs
  std::thread thread_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // answers on their way hold it weakly
};

}  // namespace gate
