#pragma once
// The last changes of state, numbered, for clients that ask for what came after a number. One thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "supervisor/control/wire.hpp"

namespace app {

inline constexpr std::size_t kept_events = 4096;

class EventLog {
 public:
  using Waiter = std::function<void()>;

  // Gives the event its number, keeps it and wakes the waiters once each.
  void append(control::EventView event);
  // Those with a number above `seq` that are still kept.
  std::vector<control::EventView> after(std::uint64_t seq) const;
  std::uint64_t last() const { return last_; }

  // Called once at the next append. Returns an id to leave with.
  std::uint64_t wait(Waiter waiter);
  void leave(std::uint64_t id) { waiters_.erase(id); }
  // The supervisor is about to end: wakes everybody without an event, and nobody should wait any more.
  void close() {
    closed_ = true;
    wake();
  }
  bool closed() const { return closed_; }

  // A client asked for what comes after `seq`: it has seen all before.
  void read_up_to(std::uint64_t seq);
  // Somebody read events and has not come back for the last ones.
  bool has_reader_behind() const { return read_ && *read_ < last_; }
  // Called once, when a reader has seen all there is.
  void on_caught_up(Waiter callback) { caught_up_ = std::move(callback); }

 private:
  void wake();

  std::deque<control::EventView> events_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t last_waiter_ = 0;
  std::optional<std::uint64_t> read_;
  bool closed_ = false;
  Waiter caught_up_;
};

}  // namespace app
