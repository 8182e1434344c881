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

using ServicePtr = std::shared_ptr<const spec::Service>;

// A port that a gate is to stand before: `front` is where others look for it, `back` where the process will be.
struct MovedPort {
  std::string name;
  std::uint16_t front = 0;
  std::uint16_t back = 0;
  int fd = -1;  // the listening socket at `front`, for who has it moved to own; -1 when the process binds that itself
};

// What the supervisor asks of the cluster's files and folders; workspace.hpp has the real one.
class Plans {
 public:
  virtual ~Plans() = default;
  // Prepares everything a process needs (configuration file, folders, held sockets) and says how to start it.
  virtual base::Result<ports::SpawnSpec> plan(const spec::Service& service) = 0;
  // What must be good before a process is started; nothing for most. Its answer's problem is the reason of a failure.
  virtual std::optional<ports::Question> precondition(const ports::SpawnSpec& spawn, const spec::Service& service) = 0;
  // What is to be run once such a process has ended, before its end counts; nothing for most.
  virtual std::optional<ports::Question> aftermath(const ports::SpawnSpec& spawn, const spec::Service& service) = 0;
  // Replaces ${…} as in the service's command.
  virtual base::Result<std::string> resolve(const spec::Service& service, const std::string& text) = 0;
  // Changes when a running process of the service would have to be replaced to be as its files say.
  virtual std::string digest(const spec::Service& service) = 0;
  // Gives ports of an instance that are 0 a number of its own, the same one as before if it had one.
  virtual base::Result<void> number_ports(spec::Service& service) = 0;
  // Whether we hold a socket on that port for it, though its files may not say so any more.
  virtual bool holds(const spec::Service& service, const std::string& port) = 0;
  // Free numbers for the instance's ports, and the held sockets at those that it has now; those at the new ones are
  // held from now on. Errors: unavailable.
  virtual base::Result<std::vector<MovedPort>> move_ports(const spec::Service& service) = 0;
  // The held socket at the front is the service's again. The descriptor is lent.
  virtual void move_back(const spec::Service& service, const MovedPort& port) = 0;
  // Closes the held sockets that its files do not name any more.
  virtual void drop_sockets(const spec::Service& service) = 0;
  // Nothing of the service runs any more: its held sockets are closed.
  virtual void close_sockets(const std::string& service) = 0;
  // A keeper still had them.
  virtual void adopt_sockets(const std::string& service, std::vector<ports::HeldSocket> sockets) = 0;
};

// All that the supervisor reaches the world through; lent, must outlive it.
struct Outside {
  ports::ProcessHost& host;
  ports::Prober& prober;
  ports::Timers& timers;
  ports::PortTable& port_table;
  ports::InstanceBook& book;
  const base::Clock& clock;
  base::Random& random;
  Plans& plans;
};

class Instance {
 public:
  // Called by an instance, never from inside its constructor.
  struct Owner {
    virtual ~Owner() = default;
    // The instance wants to start; the owner calls handle(deps_met) when it may.
    virtual void wants_dependencies(Instance& instance) = 0;
    // State or reason changed.
    virtual void changed(Instance& instance) = 0;
    // A process appeared or ended, or what must be remembered of it changed.
    virtual void processes_changed() = 0;
    // Its process ended though nobody had asked for it.
    virtual void crashed(Instance& instance) = 0;
    // Others on its held sockets would answer its probes, and say READY=1 themselves.
    virtual bool is_drowned(const Instance& instance) const = 0;
    // A name for a keeper that no keeper had before.
    virtual ports::Slot fresh_slot(const std::string& instance) = 0;
  };

  Instance(ServicePtr service, int number, Outside& outside, Owner& owner);
  Instance(const Instance&) = delete;
  ~Instance();

  void handle(core::Event event, std::string reason);
  // A better reason for the state it is in.
  void explain(std::string reason);
  // What the host reports about slot().
  void spawned(const ports::Spawned& what);
  void spawn_failed(const base::Error& error);
  void exited(ports::WaitStatus status, const std::string& note);
  void notified(const std::string& text);

  // An earlier supervisor started it.
  void adopt(const ports::Found& found);
  // It ended under an earlier supervisor.
  void restore(const ports::Remembered& remembered);
  // Its process is gone and nobody knows how it ended: a crash, unless somebody wanted its end.
  void lose(const std::string& why, bool was_to_end);
  // What its files say from now on: for the next process, and at once for what needs none.
  void renew(ServicePtr service);
  // Another one has its place and its name: clients hear of that one.
  void replace() { replaced_ = true; }
  bool replaced() const { return replaced_; }
  // While a debugger has it: no probes, time-outs and restarts.
  void pause();
  void resume();

  const std::string& name() const { return service_->instance; }
  int number() const { return number_; }
  const spec::Service& service() const { return *service_; }
  ServicePtr service_ptr() const { return service_; }
  const Watch* watched() const { return watch_.get(); }                   // while it has a process
  bool speaks() const { return spoke_ || (watch_ && watch_->speaks()); }  // its process has said READY=1
  core::State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  const std::optional<ports::Slot>& slot() const { return slot_; }
  std::optional<ports::ProcessId> process() const { return process_; }
  std::optional<std::uint64_t> log_from() const { return log_from_; }
  // Of the files as they were when its process was started; empty once it has ended, but for
  // a job that is done.
  const std::string& digest() const { return digest_; }
  bool paused() const { return paused_; }
  control::ServiceView view() const;
  ports::Remembered remembered() const;
  std::chrono::milliseconds running_for() const;

 private:
  bool external() const { return service_->source == spec::Source::external; }
  void take(core::Event event, std::string reason);
  void announce(core::Event event, core::State before, const core::Step& next);
  void perform(core::Action action);
  void spawn();
  void spawn_if(const ports::Question& question, ports::SpawnSpec spec);
  void spawn_now(ports::SpawnSpec spec);
  void conclude(ports::WaitStatus status, const std::string& note);
  void watch();
  void terminate();
  void arm_backoff();
  void settle();
  void update_memo();
  std::optional<std::string> taken_port() const;
  core::Event exit_event(ports::WaitStatus status);
  std::string exit_reason(ports::WaitStatus status, const std::string& note) const;
  bool is_success(ports::WaitStatus status) const;

  ServicePtr service_;
  const int number_;
  Outside& outside_;
  Owner& owner_;
  core::State state_ = core::State::stopped;
  std::string reason_;
  core::Backoff backoff_;
  int restarts_ = 0;
  std::string digest_;
  std::optional<ports::Slot> slot_;
  std::optional<ports::ProcessId> process_;
  pid_t keeper_ = 0;
  base::Monotonic spawned_at_{};
  std::optional<base::Monotonic> ready_since_;
  std::optional<std::uint64_t> log_from_;
  std::string last_exit_;
  // A restart that a take-over brings about leaves time for the `down` that perhaps started this supervisor.
  std::chrono::milliseconds least_backoff_{0};
  std::string end_cause_;  // why we end the process ourselves: start_timeout or live_failed
  bool spoke_ = false;     // to an earlier watch
  bool paused_ = false;
  bool replaced_ = false;
  std::optional<ports::SpawnSpec> spawned_spec_;  // for probes that need the process's own environment
  ports::TimerId grace_ = 0;
  ports::TimerId backoff_timer_ = 0;
  std::unique_ptr<Watch> watch_;
  std::vector<std::unique_ptr<Watch>> old_watches_;  // stopped, but perhaps its report is what runs now
  std::vector<ServicePtr> old_services_;             // that those speak of
  std::deque<std::pair<core::Event, std::string>> waiting_;
  bool handling_ = false;
  std::shared_ptr<Instance*> self_;  // answers about a precondition and an aftermath hold it weakly
};

// The memo a keeper keeps for the next supervisor.
struct Memo {
  std::string instance;
  int restarts = 0;
  std::string digest;
};
std::string to_text(const Memo& memo);
Memo memo_from(const std::string& text);

}  // namespace app
