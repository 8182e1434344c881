#pragma once
// Where in the cluster the time of a load run went: what the services' own metrics say before and after it, what their
// access logs say of requests that carried a trace of ours, and what the supervisor did meanwhile. Talks to the
// cluster; whatever does not answer is left out and named in the notes. One thread.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/load/metrics.hpp"
#include "supervisor/control/client.hpp"
#include "supervisor/spec/cluster.hpp"

namespace load {

// By `calls`, and the gateway by routes.
Callers callers_in(const spec::Cluster& cluster);

// A line of an access log that belongs to a sampled request.
struct Span {
  std::string trace_id;
  std::string service;
  std::string endpoint;
  double duration_us = 0;
};

// {"service", "endpoint", "spans", "mean_us", "own_us"}: `own_us` is the mean without what the services took that this
// one asked within the same trace; the way to them is within. Where several may have asked a service, the innermost
// did. Pure.
base::Json own_times(const std::vector<Span>& spans, const Callers& callers);

class ClusterWatch {
 public:
  // Reads the metrics of all instances with a port named http. No client: there is no cluster, and nothing is done.
  ClusterWatch(std::optional<control::Client> client, const std::vector<control::ServiceView>& services);

  // Puts `cluster` into the result: what attribute() says, and spans, restarts and notes.
  void add_to(base::Json& result, const std::filesystem::path& logs, const Callers& callers);

 private:
  std::optional<control::Client> client_;
  Readings before_;
  ServiceNames service_of_;
  std::uint64_t last_event_ = 0;
};

}  // namespace load
