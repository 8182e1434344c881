#include "services/chassis/rpc/grpc/acceptor.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace chassis::rpc {
namespace {

constexpr std::chrono::milliseconds pause_without_descriptors{100};

}  // namespace

Acceptor::Acceptor(const base::Executor& executor, base::http::Listener listener, Deliver deliver)
    : listener_(std::move(listener)),
      waiter_(executor, ::fcntl(listener_.fd(), F_DUPFD_CLOEXEC, 3)),
      pause_(executor),
      deliver_(std::move(deliver)) {}

void Acceptor::start() {
  // Named, since the coroutine outlives this call and must keep the Acceptor.
  auto whole = [](std::shared_ptr<Acceptor> self) -> base::Task<> { co_await self->run(); };
  boost::asio::co_spawn(waiter_.get_executor(), whole(shared_from_this()), boost::asio::detached);
}

void Acceptor::stop() {
  const std::lock_guard lock(mutex_);
  if (!deliver_) return;
  deliver_ = nullptr;
  boost::asio::post(waiter_.get_executor(), [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->waiter_.close(ignored);
    self->pause_.cancel();
    self->listener_ = {};
  });
}

base::Task<> Acceptor::run() {
  while (waiter_.is_open()) {
    boost::system::error_code error;
    co_await waiter_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                                boost::asio::redirect_error(base::use_task, error));
    if (error) co_return;
    if (accept_some()) continue;
    // Without a pause the pending connection would wake us at once, again and again.
    pause_.expires_after(pause_without_descriptors);
    co_await pause_.async_wait(boost::asio::redirect_error(base::use_task, error));
  }
}

bool Acceptor::accept_some() {
  const std::lock_guard lock(mutex_);
  while (deliver_) {
    const int fd = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    deliver_(fd);
  }
  return true;
}

}  // namespace chassis::rpc
