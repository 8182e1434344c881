#pragma once
// Where the providers of a cluster are: those that run are asked as they are; for the others, and those in whose place
// a stub runs, a temporary project is started once and ended with this object. Blocking; one thread, but for the
// Cancel.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "cli/contract/endpoint.hpp"
#include "cli/contract/temporary_project.hpp"

namespace contract {

struct ProvidersOptions {
  bool fresh = false;  // never those that run
  bool build = false;  // build what is started
};

class Providers {
 public:
  // Everything is lent.
  Providers(const cli::Place& place, const spec::Cluster& cluster, Web& web, RpcTool& rpc)
      : place_(place), cluster_(cluster), web_(web), rpc_(rpc) {}

  // Finds or starts these. What cannot be had is in why_not(). Errors: cancelled.
  base::Result<void> prepare(const std::set<std::string>& names, const ProvidersOptions& options,
                             const cli::Cancel& cancel, const TemporaryProject::Say& say);
  // Null when it is not to be had.
  Provider* find(const std::string& name);
  std::string why_not(const std::string& name) const;

 private:
  void take_running(const cli::Place& place, const std::set<std::string>& names);
  void add(const cli::Place& place, const spec::Cluster& cluster, const control::ServiceView& view);
  void add_external(const std::string& name, const spec::Service& service);

  const cli::Place& place_;
  const spec::Cluster& cluster_;
  Web& web_;
  RpcTool& rpc_;
  std::unique_ptr<TemporaryProject> project_;
  std::map<std::string, std::unique_ptr<Endpoint>> endpoints_;
  std::map<std::string, std::string> why_not_;
};

}  // namespace contract
