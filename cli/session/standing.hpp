#pragma once
// How far the services that `up` asked for have come. Pure; one thread.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/spec/cluster.hpp"

namespace cli {

enum class Verdict : unsigned char { waiting, all_well, some_failed };

class Standing {
 public:
  struct Entry {
    std::string state;  // empty: not heard of yet
    std::string reason;
  };

  // `cluster` is lent. Only the services in `wanted` count.
  Standing(const spec::Cluster& cluster, const std::vector<std::string>& wanted);

  void set(const std::string& service, const std::string& state, const std::string& reason);
  // all_well: each is ready or completed. some_failed: nothing can change any more without help, and some are neither.
  Verdict verdict() const;
  // Failed, stopped, or waiting for such a one.
  bool is_bad(const std::string& service) const;
  std::vector<std::string> bad() const;
  std::vector<std::string> unfinished() const;
  std::size_t count(const std::string& state) const;
  // True while one of them has a process or will have one.
  bool any_active() const;
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  const spec::Cluster& cluster_;
  std::map<std::string, Entry> entries_;
};

// `names` (empty: all services) with everything they require, dependencies first.
std::vector<std::string> with_required(const spec::Cluster& cluster, const std::vector<std::string>& names);

}  // namespace cli
