#pragma once
// Some services of a cluster and what they require, in a project of their own with free ports and empty data, for as
// long as the object lives. Blocking; one thread, but for the Cancel.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"

namespace contract {

class TemporaryProject {
 public:
  using Say = std::function<void(const std::string& line)>;

  // Starts them with `msctl up -d --wait` in project contract-test-PID. What an earlier one of a killed process left is
  // taken away first. `cancel` ends the start. Errors: internal, with what `up` said; cancelled.
  static base::Result<std::unique_ptr<TemporaryProject>> start(const cli::Place& place,
                                                               const std::vector<std::string>& services, bool build,
                                                               const cli::Cancel& cancel, const Say& say);
  // Ends them and removes the project's folder, also when that takes its time.
  ~TemporaryProject();
  TemporaryProject(const TemporaryProject&) = delete;

  const cli::Place& place() const { return place_; }

 private:
  explicit TemporaryProject(cli::Place place) : place_(std::move(place)) {}
  cli::Place place_;
};

}  // namespace contract
