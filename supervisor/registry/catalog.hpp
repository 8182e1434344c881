#pragma once
// The contents of the registry: instances of services, their checks, and an index that grows with each change. No I/O:
// time comes from the clock and passes when advance() is called; what must be asked outside is handed out. One thread.
//
// Two may register an instance under one id, the supervisor that runs it and the process itself: they share the entry.
// The supervisor's word for its health is a check of its own, so that both must be content.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "supervisor/registry/types.hpp"

namespace registry {

inline constexpr std::size_t max_instances = 4096;
inline constexpr std::size_t max_checks_of_one = 64;
inline constexpr std::size_t max_node_checks = 64;
inline constexpr std::size_t max_output_bytes = 4096;  // of a check; Consul's default
inline constexpr Ms least_deregister_after{60'000};    // Consul's minimum

// Ids of the supervisor's own checks begin with it; nobody else may use them.
inline constexpr std::string_view supervisor_prefix = "msctl:";

class Catalog {
 public:
  // The first index is the time in milliseconds, so that it also grows from one supervisor to the next.
  Catalog(const base::Clock& clock, Node node);

  // For the supervisor. put() adds or updates an instance with its check in `status`; set_health() also renews its TTL
  // and lists it again once it passes; remove() forgets it with all its checks. Unknown ids are ignored.
  void put(const InstanceRegistration& registration);
  void set_health(const std::string& id, Status status, const std::string& output);
  void remove(const std::string& id);
  bool knows(const std::string& id) const;  // put() and not removed, listed or not
  // An entry from before a restart, of an instance that the supervisor ran: not listed until put() or its own report.
  void await_supervisor(const std::string& id);

  // For services. A check that was there before, under the same id and of the same kind, keeps its status unless the
  // definition gives one. `replace`: other checks of the service go. Errors: too_large (limits), permission.
  base::Result<void> register_service(ServiceDefinition definition, bool replace = false);
  base::Result<void> register_check(CheckDefinition definition, const std::string& service_id);
  // Errors: not_found, permission.
  base::Result<void> deregister_service(const std::string& id);
  base::Result<void> deregister_check(const std::string& id);
  // Errors: not_found; conflict when it is not a TTL check.
  base::Result<void> update_check(const std::string& id, Status status, const std::string& output);
  // Errors: not_found. An empty reason gets Consul's.
  base::Result<void> set_maintenance(const std::string& service_id, bool on, const std::string& reason);

  // What time has brought: TTLs pass, critical services go. Returns the questions that are due now.
  std::vector<Question> advance();
  // The answer to one; ignored when the check was registered anew meanwhile.
  void answered(const Question& question, Status status, const std::string& output);
  // When advance() has something to do next; max() for never.
  base::Monotonic next_deadline() const;

  // Called after each change, from inside the call that made it.
  void on_change(std::function<void()> callback) { changed_ = std::move(callback); }

  const Node& node() const { return node_; }
  std::uint64_t index() const { return index_; }
  std::uint64_t services_index() const { return services_index_; }  // of what is registered, whatever its health
  std::uint64_t index_of(const std::string& service) const;         // of one service, known or not

  // Listed instances by id, all or of one service.
  std::vector<const Instance*> instances() const;
  std::vector<const Instance*> instances_of(const std::string& service) const;
  const Instance* find(const std::string& id) const;  // null when it is not listed
  std::vector<const Check*> checks() const;           // all of listed instances and of the node
  std::vector<const Check*> node_checks() const;
  std::vector<const Check*> checks_of(const Instance& instance) const;  // without those of the node
  // The worst of its own and of the node's.
  Status status_of(const Instance& instance) const;
  // Who registered themselves, listed or not; what has to outlive the supervisor.
  std::vector<const Instance*> self_registered() const;

 private:
  using Checks = std::map<std::string, Check>;

  base::Result<void> may_add(const CheckDefinition& definition, const std::string& service_id) const;
  void add_check(CheckDefinition definition, const std::string& service_id);
  void start_clock(Check& check) const;
  void drop_check(const std::string& id);
  void drop_checks(Instance& instance, bool supervisor_too);
  void set_status(Check& check, Status status, const std::string& output);
  void list(Instance& instance);
  void list_again(const std::string& id);  // a reaped one that is not critical any more
  void unlist(Instance& instance, Listing listing);
  void erase(const std::string& id);
  void reap();
  void touch(const std::string& service_id, bool registration);
  void note_extinction(const std::string& service);
  void notify();

  const base::Clock& clock_;
  Node node_;
  std::uint64_t index_;
  std::uint64_t services_index_;
  std::uint64_t node_index_;
  std::uint64_t extinction_index_;  // when a service last lost its last instance: the index of all unknown ones
  std::uint64_t last_serial_ = 0;
  std::map<std::string, Instance> instances_;
  Checks checks_;
  std::set<std::string> node_checks_;
  std::map<std::string, std::uint64_t> indexes_;  // by service
  std::function<void()> changed_;
};

}  // namespace registry
