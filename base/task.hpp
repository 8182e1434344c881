#pragma once
// Task<T>: a lazy C++20 coroutine on one io_context. The executor type is concrete, not any_io_executor, because the
// type-erased one costs an allocation and an indirect call at every suspension.
// A Task runs on the thread of the io_context it was spawned on; it may be awaited once.
//
// GCC 12 destroys a brace-built aggregate or a capturing lambda inside a co_await expression twice: name it first and
// move it in (tests/tidy checks this).

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace base {

using Executor = boost::asio::io_context::executor_type;

template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

inline constexpr boost::asio::use_awaitable_t<Executor> use_task{};

}  // namespace base
