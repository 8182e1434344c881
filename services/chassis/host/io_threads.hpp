#pragma once
// The I/O threads of a process: one io_context a thread, so that a connection stays on its thread and needs no lock.

#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/task.hpp"

namespace chassis {

class IoThreads {
 public:
  explicit IoThreads(std::size_t count);
  ~IoThreads();

  std::size_t size() const { return contexts_.size(); }
  boost::asio::io_context& at(std::size_t index) { return *contexts_[index]; }
  boost::asio::io_context& first() { return *contexts_.front(); }
  std::vector<boost::asio::io_context*> all();
  std::vector<base::Executor> executors();
  std::size_t index_of(const boost::asio::execution_context& context) const;

  // Runs the first io_context on the calling thread and the others on their own, until stop().
  void run();
  void stop();

 private:
  using Guard = boost::asio::executor_work_guard<base::Executor>;
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<Guard> guards_;
  std::vector<std::thread> threads_;
};

}  // namespace chassis
