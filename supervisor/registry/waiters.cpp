#include "supervisor/registry/waiters.hpp"

#include <boost/asio/redirect_error.hpp>

namespace registry {

base::Task<bool> Waiters::wait(base::Monotonic deadline) {
  if (closed_) co_return false;
  if (waiting_.size() >= most_) {
    const auto oldest = waiting_.extract(waiting_.begin()).mapped();
    oldest->evicted = true;
    oldest->timer.cancel();
  }
  const auto waiter = std::make_shared<Waiter>(io_);
  const auto id = ++last_;
  waiting_.emplace(id, waiter);
  waiter->timer.expires_at(deadline);
  boost::system::error_code woken;
  auto token = boost::asio::redirect_error(base::use_task, woken);
  co_await waiter->timer.async_wait(std::move(token));
  waiting_.erase(id);
  co_return woken && !waiter->evicted && !closed_;
}

void Waiters::wake() {
  for (const auto& [id, waiter] : waiting_) waiter->timer.cancel();
}

void Waiters::close() {
  closed_ = true;
  wake();
}

}  // namespace registry
