#pragma once
// Follows the cluster's events on a thread of its own, with the drill's clock.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "supervisor/control/client.hpp"

namespace drill {

struct Noticed {
  std::int64_t at_us = 0;
  control::EventView event;
};

class EventWatch {
 public:
  // `now_us` is called on that thread.
  EventWatch(control::Client client, std::function<std::int64_t()> now_us);
  ~EventWatch();
  EventWatch(const EventWatch&) = delete;

  std::vector<Noticed> since(std::int64_t from_us) const;

 private:
  void follow();

  control::Client client_;
  std::function<std::int64_t()> now_us_;
  mutable std::mutex mutex_;
  std::vector<Noticed> noticed_;
  std::uint64_t seq_ = 0;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace drill
