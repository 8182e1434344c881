#pragma once
// One instance: holds its state, asks core::step what follows from an event and carries the actions out through the
// ports. One thread. Events are taken one after the other: one that arises while another is handled waits for it.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "supervisor/app/watch.hpp"
#include "supervisor/control/wire.hpp"
#include "supervisor/core/backoff.hpp"
#include "supervisor/core/instance.hpp"
#include "supervisor/ports/instance_book.hpp"
#include "supervisor/ports/port_table.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/ports/process_host.hpp"
#include "supervisor/ports/timers.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// Prepares everything a process needs (configuration file, folders) and says how to start it.
using SpawnPlan = std::function<base::Result<ports::SpawnSpec>(const spec::Service&)>;

// All that the supervisor reaches the world through; lent, must outlive it.
struct Outside {
  ports::ProcessHost& host;
  ports::Prober& prober;
  ports::Timers& timers;
  ports::PortTable& port_table;
  ports::InstanceBook& book;
  const base::Clock& clock;
  base::Random& random;
  SpawnPlan plan;
};

class Instance {
 public:
  // Called by an instance, never from inside its constructor.
  struct Owner {
    virtual ~Owner() = default;
    // The instance wants to start; the owner calls handle(deps_met) when it may.
    virtual void wants_dependencies(Instance& instance) = 0;
    // State or reason changed.
    virtual void changed(const Instance& instance) = 0;
    // A process appeared or ended.
    virtual void processes_changed() = 0;
  };

  Instance(const spec::Service& service, Outside& outside, Owner& owner);
  Instance(const Instance&) = delete;

  void handle(core::Event event, std::string reason);
  // The host reported the end of pid().
  void ended(ports::WaitStatus status);
  // A better reason for the state it is in.
  void explain(std::string reason);

  const spec::Service& service() const { return service_; }
  core::State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  std::optional<std::uint64_t> log_from() const { return log_from_; }
  std::optional<ports::ProcessId> process() const { return process_; }
  control::ServiceView view() const;
  std::chrono::milliseconds running_for() const;

 private:
  void take(core::Event event, std::string reason);
  void announce(core::Event event, core::State before, const core::Step& next);
  void perform(core::Action action);
  void spawn();
  void arm_backoff();
  std::optional<std::string> taken_port() const;
  core::Event exit_event(ports::WaitStatus status);
  std::string exit_reason(ports::WaitStatus status) const;

  const spec::Service& service_;
  Outside& outside_;
  Owner& owner_;
  core::State state_ = core::State::stopped;
  std::string reason_;
  core::Backoff backoff_;
  int restarts_ = 0;
  std::optional<ports::ProcessId> process_;
  base::Monotonic spawned_at_{};
  std::optional<base::Monotonic> ready_since_;
  std::optional<std::uint64_t> log_from_;
  std::string end_cause_;  // why we end the process ourselves: start_timeout or live_failed
  ports::TimerId grace_ = 0;
  ports::TimerId backoff_timer_ = 0;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<Watch> old_watch_;  // stopped, but perhaps its report is what runs now
  std::deque<std::pair<core::Event, std::string>> waiting_;
  bool handling_ = false;
};

}  // namespace app
