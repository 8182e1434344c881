#include "supervisor/app/event_log.hpp"

namespace app {

void EventLog::append(control::EventView event) {
  event.seq = ++last_;
  events_.push_back(std::move(event));
  if (events_.size() > kept_events) events_.pop_front();
  wake();
}

std::vector<control::EventView> EventLog::after(std::uint64_t seq) const {
  if (seq >= last_) return {};
  const std::uint64_t missing = last_ - seq;
  const std::size_t skip = missing >= events_.size() ? 0 : events_.size() - static_cast<std::size_t>(missing);
  return {events_.begin() + static_cast<std::ptrdiff_t>(skip), events_.end()};
}

std::uint64_t EventLog::wait(Waiter waiter) {
  waiters_.emplace(++last_waiter_, std::move(waiter));
  return last_waiter_;
}

void EventLog::wake() {
  for (auto& [id, waiter] : std::exchange(waiters_, {})) waiter();
}

void EventLog::read_up_to(std::uint64_t seq) {
  read_ = seq;
  if (seq < last_) return;
  if (const auto callback = std::exchange(caught_up_, {})) callback();
}

}  // namespace app
