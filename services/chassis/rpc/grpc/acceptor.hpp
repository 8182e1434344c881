#pragma once
// Accepts connections on a listening socket that others may accept on, too, and hands each descriptor on. For gRPC,
// which cannot take over a socket that somebody else has bound. Internal to rpc/grpc.

#include <functional>
#include <memory>
#include <mutex>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/http/server.hpp"
#include "base/task.hpp"
#include "base/timer.hpp"

namespace chassis::rpc {

class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  // Called on the executor's thread with a non-blocking, CLOEXEC descriptor that the callee owns.
  using Deliver = std::function<void(int fd)>;

  Acceptor(const base::Executor& executor, base::http::Listener listener, Deliver deliver);

  void start();
  // From any thread. Delivers nothing from its return on; what waits in the socket's queue stays there for the next
  // process.
  void stop();

 private:
  base::Task<> run();
  // False when the process has no descriptor left.
  bool accept_some();

  base::http::Listener listener_;
  boost::asio::posix::basic_stream_descriptor<base::Executor> waiter_;  // a copy of it; on the executor's thread only
  base::Timer pause_;
  std::mutex mutex_;
  Deliver deliver_;  // empty once stopped
};

}  // namespace chassis::rpc
