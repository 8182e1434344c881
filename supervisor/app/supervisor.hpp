#pragma once
// The cluster's instances together: what starts when, what stops when, and what clients are told. One thread; knows
// nothing of Asio, so tests run it on fakes of the ports.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "supervisor/app/event_log.hpp"
#include "supervisor/app/instance.hpp"
#include "supervisor/control/wire.hpp"
#include "supervisor/core/graph.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

class Supervisor final : private Instance::Owner {
 public:
  // `cluster` is lent and must outlive the supervisor; its ports must have their numbers.
  Supervisor(const spec::Cluster& cluster, Outside outside);

  // Starts the named services (none: all) and what they require, each as soon as its dependencies meet their
  // conditions. Errors: not_found, conflict while the supervisor ends.
  base::Result<control::StartReply> up(const std::vector<std::string>& names);
  // Errors: not_found. Dependents keep running.
  base::Result<control::StartReply> stop(const std::string& name);
  // Errors: not_found, conflict.
  base::Result<control::StartReply> restart(const std::string& name);
  // Stops everything, dependents before what they depend on, then calls `done` once. Later calls are only answered.
  control::StartReply shut_down(std::function<void()> done);

  std::vector<control::ServiceView> services() const;  // in start order
  std::map<std::string, int> counts() const;           // by state
  void health(std::function<void(control::HealthReport)> callback);
  EventLog& events() { return events_; }

 private:
  enum class Mode : std::uint8_t { running, ending, ended };

  void wants_dependencies(Instance& instance) override;
  void changed(const Instance& instance) override;
  void processes_changed() override;

  base::Result<Instance*> find(const std::string& name);
  control::StartReply reply_for(const std::vector<std::string>& names) const;
  // What an instance still waits for, as "nats (starting)", or empty.
  std::string unmet(const Instance& instance) const;
  // Does what the new states allow: starts who waited, or stops who is next. Changes that arise on the way make it go
  // round again instead of deeper; while `held_`, it does nothing.
  void advance();
  void start_waiting();
  void stop_next();
  bool has_active_dependent(const std::string& name) const;
  void write_book();

  const spec::Cluster& cluster_;
  Outside outside_;
  core::Graph graph_;
  std::vector<std::string> order_;
  std::map<std::string, std::unique_ptr<Instance>> instances_;
  EventLog events_;
  Mode mode_ = Mode::running;
  std::function<void()> done_;
  bool held_ = false;
  bool again_ = false;
  ports::TimerId book_timer_ = 0;
};

}  // namespace app
