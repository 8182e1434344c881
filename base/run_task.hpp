#pragma once
// Runs one Task to its end on an io_context of the caller, for tests and command-line tools. Exceptions pass through.

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "base/task.hpp"

namespace base {

template <class T>
Task<> store_result(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await std::move(task));
}

// Returns when the task and everything else on `io` has ended.
template <class T>
T run_task(boost::asio::io_context& io, Task<T> task) {
  std::optional<T> value;
  boost::asio::co_spawn(io, store_result(std::move(task), value), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.restart();
  io.run();
  return std::move(*value);
}

template <class T>
T run_task(Task<T> task) {
  boost::asio::io_context io(1);
  return run_task(io, std::move(task));
}

}  // namespace base
