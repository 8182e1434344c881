#include "cli/drill/watch.hpp"

namespace drill {
namespace {

constexpr std::chrono::milliseconds patience{100};  // so that the end is not waited for long

}  // namespace

EventWatch::EventWatch(control::Client client, std::function<std::int64_t()> now_us)
    : client_(std::move(client)), now_us_(std::move(now_us)) {
  // What was before is of no interest.
  const auto old = client_.events(0, std::chrono::milliseconds(0));
  if (old && !old.value().empty()) seq_ = old.value().back().seq;
  thread_ = std::thread([this] { follow(); });
}

EventWatch::~EventWatch() {
  ended_ = true;
  thread_.join();
}

void EventWatch::follow() {
  while (!ended_) {
    const auto fresh = client_.events(seq_, patience);
    if (!fresh) {
      std::this_thread::sleep_for(patience);
      continue;
    }
    const auto now = now_us_();
    const std::lock_guard lock(mutex_);
    for (const auto& event : fresh.value()) {
      seq_ = event.seq;
      noticed_.push_back({now, event});
    }
  }
}

std::vector<Noticed> EventWatch::since(std::int64_t from_us) const {
  const std::lock_guard lock(mutex_);
  std::vector<Noticed> some;
  for (const auto& one : noticed_) {
    if (one.at_us >= from_us) some.push_back(one);
  }
  return some;
}

}  // namespace drill
