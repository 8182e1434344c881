#pragma once
// Brings hiredis and Asio together: tells the library when its socket can be read or written. On one thread. Internal
// to broker/redis.

#include <hiredis/async.h>

#include <functional>
#include <memory>

#include <boost/asio/posix/stream_descriptor.hpp>

namespace chassis::broker::redis {

class Events : public std::enable_shared_from_this<Events> {
 public:
  // `on_end` is called once when the library gives the connection up, after the answers to all that was outstanding.
  static std::shared_ptr<Events> attach(const boost::asio::any_io_executor& executor, redisAsyncContext& context,
                                        std::function<void()> on_end);

 private:
  // One direction of the socket.
  struct Way {
    bool is_wanted = false;
    bool is_waiting = false;
  };

  explicit Events(const boost::asio::any_io_executor& executor) : descriptor_(executor) {}
  void want(Way& way);
  void end();

  boost::asio::posix::stream_descriptor descriptor_;
  redisAsyncContext* context_ = nullptr;  // empty once the library has given it up
  std::function<void()> on_end_;
  Way read_;
  Way write_;
};

}  // namespace chassis::broker::redis
