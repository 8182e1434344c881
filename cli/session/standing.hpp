#pragma once
// How far the services that `up` asked for have come. Pure; one thread.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "supervisor/control/wire.hpp"
#include "supervisor/spec/cluster.hpp"

namespace cli {

enum class Verdict : unsigned char { waiting, all_well, some_failed };

class Standing {
 public:
  struct Entry {
    std::string state;  // empty: not heard of yet
    std::string reason;
    std::optional<std::uint64_t> log_from;  // see control::ServiceView
  };
  // One that keeps others from starting, and those others.
  struct Cause {
    std::string service;
    std::vector<std::string> blocked;
  };

  // `cluster` is lent. Only the services in `wanted` count. Entries are instances: each service's first one from the
  // beginning, further ones as they are heard of.
  Standing(const spec::Cluster& cluster, const std::vector<std::string>& wanted);

  void set(const std::string& service, const std::string& state, const std::string& reason,
           std::optional<std::uint64_t> log_from = std::nullopt);
  // What a service was when it was asked to start. One that had ended will be started, so nothing is known of it yet.
  void begin(const control::ServiceView& view);
  void follow(const control::EventView& event);
  // A service that was scaled to nothing: there is nobody to wait for.
  void forget(const std::string& service) { entries_.erase(service); }
  // all_well: each is ready or completed. some_failed: nothing can change any more without help, and some are neither.
  Verdict verdict() const;
  // Failed, stopped, or waiting for something that cannot come any more because of such a one.
  bool is_bad(const std::string& service) const;
  std::vector<std::string> bad() const;
  std::vector<std::string> unfinished() const;
  // The first in each of their chains of requirements, once each: what somebody has to look at.
  std::vector<Cause> causes_of(const std::vector<std::string>& services) const;
  std::size_t count(const std::string& state) const;
  // True while one of them has a process or will have one.
  bool any_active() const;
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  bool never_meets(const spec::Dependency& dependency) const;
  bool meets(const spec::Dependency& dependency) const;
  std::string cause_of(const std::string& service) const;

  const spec::Cluster& cluster_;
  std::map<std::string, Entry> entries_;
};

// `names` (empty: all services) with everything they require, dependencies first.
std::vector<std::string> with_required(const spec::Cluster& cluster, const std::vector<std::string>& names);

}  // namespace cli
