#include "services/chassis/broker/redis/events.hpp"

#include <utility>

namespace chassis::broker::redis {

std::shared_ptr<Events> Events::attach(const boost::asio::any_io_executor& executor, redisAsyncContext& context,
                                       std::function<void()> on_end) {
  std::shared_ptr<Events> events(new Events(executor));
  events->descriptor_.assign(context.c.fd);
  events->context_ = &context;
  events->on_end_ = std::move(on_end);
  auto& hooks = context.ev;
  hooks.data = events.get();
  hooks.addRead = [](void* self) { static_cast<Events*>(self)->want(static_cast<Events*>(self)->read_); };
  hooks.delRead = [](void* self) { static_cast<Events*>(self)->read_.is_wanted = false; };
  hooks.addWrite = [](void* self) { static_cast<Events*>(self)->want(static_cast<Events*>(self)->write_); };
  hooks.delWrite = [](void* self) { static_cast<Events*>(self)->write_.is_wanted = false; };
  hooks.cleanup = [](void* self) { static_cast<Events*>(self)->end(); };
  return events;
}

void Events::want(Way& way) {
  way.is_wanted = true;
  if (std::exchange(way.is_waiting, true)) return;
  using boost::asio::posix::descriptor_base;
  const bool reads = &way == &read_;
  descriptor_.async_wait(reads ? descriptor_base::wait_read : descriptor_base::wait_write,
                         [self = shared_from_this(), &way, reads](boost::system::error_code) {
                           way.is_waiting = false;
                           if (self->context_ == nullptr || !way.is_wanted) return;
                           // Asks for what it wants next by itself; what is wrong with the socket it finds out, too.
                           reads ? redisAsyncHandleRead(self->context_) : redisAsyncHandleWrite(self->context_);
                         });
}

void Events::end() {
  const auto self = shared_from_this();  // on_end may let go of it
  context_ = nullptr;
  descriptor_.release();  // the library closes the socket
  if (const auto told = std::exchange(on_end_, nullptr)) told();
}

}  // namespace chassis::broker::redis
