#pragma once
// The cluster's instances together: what starts when, what stops when, and what clients are told. One thread; knows
// nothing of Asio, so tests run it on fakes of the ports.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/app/event_log.hpp"
#include "supervisor/app/instance.hpp"
#include "supervisor/app/runtime.hpp"
#include "supervisor/control/wire.hpp"
#include "supervisor/core/graph.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// Told of every change of an instance that counts, and (gone) when it does not any more; for the registry.
using Observer = std::function<void(const Instance& instance, bool gone)>;

class Supervisor final : private Instance::Owner, private ports::ProcessHost::Listener {
 public:
  // The cluster's ports must have their numbers.
  Supervisor(const spec::Cluster& cluster, Outside outside);
  ~Supervisor() override;

  // Takes over what an earlier supervisor left, before anything else is asked of this one. `lost` are instances whose
  // processes and keepers are gone, with the reason: each has crashed.
  void adopt(std::vector<ports::Found> found, const ports::Book& book,
             const std::map<std::string, std::string>& lost = {});

  // Applies what changed in the files: new services can be started, removed ones stop, changed ones that run are
  // replaced, rolling where that is possible; the others are left alone.
  void reload(const spec::Cluster& cluster);

  // Starts the named services (none: all) and what they require, each as soon as its dependencies meet their
  // conditions. Errors: not_found, invalid, conflict while the supervisor ends.
  base::Result<control::StartReply> up(const control::UpRequest& request);
  // What reload() and up() would do now. Errors: not_found.
  base::Result<std::vector<control::PlanView>> plan(const spec::Cluster& cluster, const control::UpRequest& request);
  base::Result<control::StartReply> start(const std::string& name);
  // Names of services or of instances. Errors: not_found. Dependents keep running.
  base::Result<control::StartReply> stop(const std::string& name);
  // Errors: not_found, conflict.
  base::Result<control::StartReply> restart(const std::string& name);
  base::Result<control::StartReply> roll(const std::string& name);
  base::Result<control::StartReply> scale(const std::string& name, int replicas);
  base::Result<control::StartReply> pause(const std::string& name);
  base::Result<control::StartReply> resume(const std::string& name);
  // Stops everything, dependents before what they depend on, then calls `done` once. Later calls are only answered.
  // Faults, for who has a reason (faults.hpp). shoot: SIGKILL to the processes, which is a crash. freeze: SIGSTOP,
  // until thaw. What was hit, instance and pid. Errors: not_found, conflict when none of it runs.
  using Hit = std::vector<std::pair<std::string, int>>;
  base::Result<Hit> shoot(const std::string& name);
  base::Result<Hit> freeze(const std::string& name);
  void thaw(const std::string& name);
  // Makes room for a gate: its instances move, rolling, to other ports, and everybody else is told the old ones. The
  // listening sockets at those are the caller's. Errors: not_found, invalid (nothing to move), conflict (not now).
  base::Result<std::vector<MovedPort>> move(const std::string& name);
  // They come back. Descriptors are lent.
  void move_back(const std::string& name, const std::vector<MovedPort>& ports);
  enum class Moving : std::uint8_t { under_way, there, failed };
  // there: all run where they should; with `alone`, also none is left of those before them.
  Moving moving(const std::string& name, bool alone) const;
  control::StartReply shut_down(std::function<void()> done);

  std::vector<control::ServiceView> services() const;  // in start order
  std::map<std::string, int> counts() const;           // by state
  void health(std::function<void(control::HealthReport)> callback);
  EventLog& events() { return events_; }
  // Every instance that counts.
  void each(const std::function<void(const Instance&)>& visit) const;
  void observe(Observer observer) { observer_ = std::move(observer); }
  ports::Book book() const;

 private:
  enum class Mode : std::uint8_t { running, ending, ended };

  // Instance::Owner
  void wants_dependencies(Instance& instance) override;
  void changed(Instance& instance) override;
  void processes_changed() override;
  void crashed(Instance& instance) override;
  bool is_drowned(const Instance& instance) const override;
  ports::Slot fresh_slot(const std::string& instance) override;

  // ProcessHost::Listener
  void spawned(const ports::Slot& slot, const ports::Spawned& what) override;
  void spawn_failed(const ports::Slot& slot, const base::Error& error) override;
  void exited(const ports::Slot& slot, ports::WaitStatus status, const std::string& note) override;
  void notified(const ports::Slot& slot, const std::string& text) override;
  Instance* in(const ports::Slot& slot) const;

  base::Result<std::vector<Instance*>> find(const std::string& name) const;
  base::Result<Runtime*> service(const std::string& name);
  base::Result<void> check_running() const;
  void order();
  std::unique_ptr<Instance> make(const Runtime& runtime, int number);
  spec::Service own_of(const Runtime& runtime, int number) const;
  base::Result<Runtime*> movable(const std::string& name);
  void roll_to_ports(Runtime& runtime);
  base::Result<Hit> hit(const std::string& name, void (ports::ProcessHost::*blow)(const ports::Slot&),
                        const std::string& what);
  void fit(Runtime& runtime);
  void retire(Runtime& runtime, std::unique_ptr<Instance> instance, const std::string& why);
  void renew(Runtime& runtime, const spec::Service& service);
  bool holds_all(const Runtime& runtime) const;
  void replace_changed(Runtime& runtime);
  void plan_service(const std::string& name, const Runtime& fresh, bool wanted, std::vector<control::PlanView>& plan);
  void adopt_one(ports::Found& found, std::set<std::string>& adopted);
  control::StartReply reply_for(const std::set<std::string>& services) const;
  control::StartReply reply_for(const std::vector<Instance*>& instances) const;
  control::ServiceView view_of(const Runtime& runtime, const Instance& instance) const;
  void begin(const std::set<std::string>& wanted, const std::set<std::string>& named, const std::string& why);

  // What an instance still waits for, as "nats (starting)", or empty.
  std::string unmet(const spec::Service& service) const;
  bool meets(const Runtime& runtime, spec::Condition condition) const;
  bool may_come(const Runtime& runtime) const;
  void advance();
  void roll_all();
  void start_waiting();
  bool start_if_met(const Runtime& runtime, Instance& instance);
  void restart_waiting();
  void stop_next();
  void clear_leaving();
  void clear_leaving(Runtime& runtime);
  bool has_active_dependent(const std::string& name) const;
  void end_roll(Runtime& runtime, const std::string& why);
  void roll_on(Runtime& runtime);
  void roll_next(Runtime& runtime);
  void roll_in_place(Runtime& runtime);
  void roll_over(Runtime& runtime);
  void tell(const Instance& instance, const std::string& state, const std::string& reason);
  void write_book();

  Outside outside_;
  core::Graph graph_;
  std::vector<std::string> order_;
  std::map<std::string, Runtime> services_;
  std::map<std::string, std::vector<std::string>> dependents_;
  // Names of services: what advance() has to look at.
  std::set<std::string> touched_;           // an instance of it changed
  std::set<std::string> pending_;           // an instance of it waits for its dependencies
  std::set<std::string> rolling_;           // it is in a rolling restart
  std::set<std::string> restart_when_met_;  // a dependency crashed, and the edge says restart
  std::set<ports::Slot> nobodys_;           // nobody wants their processes, which have not ended yet
  std::map<std::string, int> scaled_;       // by service, where somebody asked for another number than the files
  EventLog events_;
  Observer observer_;
  Mode mode_ = Mode::running;
  std::function<void()> done_;
  std::uint64_t generation_ = 0;
  bool held_ = false;
  bool again_ = false;
  ports::TimerId book_timer_ = 0;
  std::vector<std::unique_ptr<Instance>> gone_;  // until the next turn
  ports::TimerId gone_timer_ = 0;
};

}  // namespace app
