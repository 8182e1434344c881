#pragma once
// Which log files `msctl logs` reads: those of the services and instances that were asked for, as they lie in the
// folder, so that it works with or without a supervisor and shows instances that come later.

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/session/place.hpp"

namespace cli {

class LogSources {
 public:
  // `asked` are services, instances, `supervisor` and `build-SERVICE`; none: every service. When the cluster's file has
  // a mistake, what lies in the folder counts. Errors: not_found with the nearest known name, malformed, permission.
  static base::Result<LogSources> choose(const Place& place, const std::vector<std::string>& asked);

  // Instances whose file has come into being since the last call, in order.
  std::vector<std::string> look();
  std::filesystem::path file(const std::string& instance) const { return folder_ / (instance + ".log"); }
  const std::filesystem::path& folder() const { return folder_; }
  // The place of an instance's service among all of them, for its colour.
  std::size_t rank(const std::string& instance) const;
  // Of the longest name that is known so far.
  std::size_t width() const { return width_; }

 private:
  bool wants(const std::string& instance) const;

  std::filesystem::path folder_;
  std::vector<std::string> services_;  // of the cluster, or of the folder
  std::set<std::string> asked_;
  std::set<std::string> seen_;
  std::size_t width_ = 0;
};

}  // namespace cli
