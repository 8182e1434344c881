#pragma once
// Tells which services must be built anew because the inputs of their builds changed. One thread; blocking.
//
//   auto watcher = Watcher::open(cluster, services);
//   for (;;) { names = watcher->wait_changed(stop); if (names.empty()) break; build(names); restart(names); }
//
// The caller builds between two calls, so what changes in between is either the user's doing or the builds' own. It is
// reported by the next call, once, however many changes there were. That makes no loop:
//  - A file counts as changed when its content did. Builds that write the same again change nothing.
//  - A file that changed during or right after each of the last four builds of a service is taken for a result of that
//    build, and ignored there until a build leaves it alone.

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/watch/fingerprints.hpp"
#include "cli/watch/inputs.hpp"
#include "cli/watch/tree_watch.hpp"

namespace watch {

struct Timing {
  std::chrono::milliseconds quiet{150};      // without a change before one is reported: saving all takes an editor that
  std::chrono::milliseconds longest{2'000};  // reported then, even if changes go on
  std::chrono::milliseconds aftermath{1'000};  // after a build: a restarted service may write files as well
};

class Watcher {
 public:
  // For those of `services` (none: all) that have a build; see inputs.hpp for what their inputs are.
  // Errors: unavailable, when the machine's limits do not allow it, with the remedy.
  static base::Result<std::unique_ptr<Watcher>> open(const spec::Cluster& cluster,
                                                     const std::vector<std::string>& services = {},
                                                     const Timing& timing = Timing());

  // Names of services to build, by name. None: `stop` (a descriptor, or -1) has become readable. Errors as for open().
  base::Result<std::vector<std::string>> wait_changed(int stop);

  // The services that are watched.
  std::vector<std::string> services() const;
  // A file that made the last call return, for the user to see.
  const std::string& cause() const { return cause_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Pending = std::map<std::string, bool>;  // file that may have changed; true: perhaps by a build or its service

  Watcher(std::vector<Inputs> inputs, const Timing& timing);
  base::Result<void> start(const std::string& root);
  bool matches_any(const std::string& file) const;
  void scan(const std::string& folder, std::set<std::string>& files) const;
  // Adds what happened since the last call; true when some of it may matter.
  base::Result<bool> gather(Pending& pending, bool perhaps_ours);
  // Until all is quiet; false when `stop` became readable.
  base::Result<bool> settle(Pending& pending, int stop);
  std::vector<std::string> evaluate(const Pending& pending);
  bool concerns(const Inputs& inputs, const Pending& changed);

  std::vector<Inputs> inputs_;
  Timing timing_;
  TreeWatch tree_;
  std::set<std::string> tops_;
  Fingerprints prints_;
  std::map<std::string, std::map<std::string, int>> streaks_;  // service to file to builds in a row that changed it
  std::set<std::string> built_;                                // reported by the last call, and not judged since
  Clock::time_point ours_until_;
  std::string cause_;
};

}  // namespace watch
