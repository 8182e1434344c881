// Events whose handlers said "not now". They stay here, and the broker is told so: to give them back would count as
// deliveries, and by the count of these an event is known that ends the process each time.
#include <algorithm>

#include "services/chassis/consumer/pump.hpp"

namespace chassis::consumer {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_wait{1'000};
constexpr milliseconds longest_wait{60'000};

}  // namespace

base::Task<> Pump::put_off(ItemPtr item, base::Error why) {
  count("put_off");
  if (env_.scheduler.shutting_down()) {
    co_await give_back(std::move(item));
    co_return;
  }
  const auto now = env_.clock.monotonic();
  if (!outage_.is_on() || item->is_probe) outage_.go_on(now, env_.random);
  if (!std::exchange(has_told_, true)) {
    auto line = fields(*item);
    line["error"] = why.message;
    env_.log.warning("events wait for what their handlers need", line);
  }
  item->alone.failed(now, handled_);
  if (item->alone.lasted >= options_.max_alone) {
    why.message = "others were handled, but this was put off for too long: " + why.message;
    co_await put_aside(Aside::parked, *item, why);
    co_return;
  }
  const auto most = std::min(first_wait * (1 << std::min(item->alone.times, 10)), longest_wait);
  // After ack_wait the broker may have given it to somebody else.
  if (now >= item->deadline + options_.ack_wait / 10) co_return;
  read(*item);  // the handler has used up what was read
  hold(*item);
  waiting_.emplace(now + jittered(most, env_.random), item);
  co_await extend(std::move(item));
}

void Pump::hold(Item& item) {
  item.waits = true;
  item.is_probe = false;
  if (!std::exchange(item.has_waited, true)) count_waiting(1);
  due_->set();
}

void Pump::wait_untried(ItemPtr item) {
  hold(*item);
  untried_.push_back(std::move(item));
}

// Until shutdown: lets go on what has waited, and extends what waits.
base::Task<> Pump::go_on() {
  const auto interval = options_.ack_wait / 3;
  auto next_extension = env_.clock.monotonic() + interval;
  while (!env_.scheduler.shutting_down()) {
    release();
    const auto until = std::min(next_release(), next_extension) - env_.clock.monotonic();
    co_await due_->wait(std::max(std::chrono::ceil<milliseconds>(until), milliseconds(1)));
    if (env_.clock.monotonic() < next_extension) continue;
    extend_all();
    next_extension = env_.clock.monotonic() + interval;
  }
  while (!untried_.empty() || !waiting_.empty()) env_.scheduler.spawn(give_back(take_next()));
}

void Pump::release() {
  const auto now = env_.clock.monotonic();
  while (next_release() <= now) {
    auto item = take_next();
    if (now >= item->deadline) {  // it could not be extended: the broker delivers it again by itself
      leave(*item);
      room_->set();
      continue;
    }
    item->is_probe = outage_.is_on();
    if (item->is_probe) outage_.try_at(now + Outage::longest_pause);
    enter(std::move(item));
  }
}

Pump::ItemPtr Pump::take_next() {
  ItemPtr item;
  if (!untried_.empty()) {
    item = std::move(untried_.front());
    untried_.pop_front();
  } else {
    item = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
  }
  item->waits = false;
  return item;
}

// When the next one may go on, as things are.
base::Monotonic Pump::next_release() const {
  const bool has_none = untried_.empty() && waiting_.empty();
  if (has_none || in_flight_ >= options_.max_in_flight) return base::Monotonic::max();
  const auto due = untried_.empty() ? waiting_.begin()->first : base::Monotonic::min();
  return outage_.is_on() ? std::max(due, outage_.next_try()) : due;
}

void Pump::extend_all() {
  for (const auto& item : untried_) env_.scheduler.spawn(extend(item));
  for (const auto& [due, item] : waiting_) env_.scheduler.spawn(extend(item));
  for (const auto& [lane, items] : lanes_) {
    for (const auto& item : items) env_.scheduler.spawn(extend(item));
  }
}

base::Task<> Pump::extend(ItemPtr item) {
  const auto asked = env_.clock.monotonic();
  const auto extended = co_await subscriber_->extend(soon(), item->delivery);
  if (extended) item->deadline = asked + options_.ack_wait * 9 / 10;
}

base::Task<> Pump::give_back(ItemPtr item) {
  static_cast<void>(co_await subscriber_->again(soon(), item->delivery, milliseconds(0)));
}

// It is settled, or the broker has it.
void Pump::leave(const Item& item) {
  if (item.is_probe) outage_.try_at(env_.clock.monotonic());  // unless it has ended, this one has shown nothing
  if (item.has_waited) count_waiting(-1);
  if (not_settled_ > 0 || outage_.is_on() || !std::exchange(has_told_, false)) return;
  env_.log.info("no event waits any more for what its handler needs", {{"event", label_}});
}

}  // namespace chassis::consumer
