#pragma once
// Awaiting work that a foreign thread finishes (a database thread, a thread of gRPC or of the broker's client). The
// coroutine resumes on its own executor, whatever thread the answer came from. The io_context must outlive the work;
// it does not run out of work while an answer is outstanding.

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "base/task.hpp"

namespace base {

// Gives the answer. To be called exactly once, from any thread.
template <class T>
using Resume = std::function<void(T)>;

// Calls `start(Resume<T>)` at once on the coroutine's thread and completes with the value given to the Resume, which
// may be given before `start` returns.
template <class T, class Start>
Task<T> await_foreign(Start start) {
  auto initiation = [start = std::move(start)](auto handler) mutable {
    using Handler = decltype(handler);
    auto guard = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
    auto shared = std::make_shared<Handler>(std::move(handler));
    start(Resume<T>([shared = std::move(shared), guard = std::move(guard)](T value) mutable {
      // Until post() has returned, the guard keeps run() from returning, and so the io_context from being destroyed
      // under this thread's feet. The handler moves out, so that it goes away on the coroutine's thread.
      const auto held = std::move(guard);
      auto resume = [handler = std::move(shared), value = std::move(value)]() mutable {
        std::move (*handler)(std::move(value));
      };
      boost::asio::post(held.get_executor(), std::move(resume));
    }));
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void(T)>(std::move(initiation),
                                                                                            use_task);
}

}  // namespace base
