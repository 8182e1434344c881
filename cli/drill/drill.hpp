#pragma once
// A drill from beginning to end: gates, load, one fault after the other, recovery, judgement, and everything undone.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "base/result.hpp"
#include "cli/drill/judge.hpp"
#include "cli/drill/load.hpp"
#include "cli/drill/plan.hpp"
#include "cli/drill/recovery.hpp"
#include "cli/drill/watch.hpp"
#include "supervisor/control/client.hpp"

namespace drill {

struct Options {
  std::vector<Fault> faults;
  Ms lasting{2'000};    // of each fault but kill
  Ms before{1'000};     // load before the first fault and between two
  Ms run{500};          // successes in a row that long count as back
  Ms recovery{30'000};  // at most, of each fault
  // For outboxes and consumers, at the end; longer than a broker waits before it delivers again what was under way when
  // a process died (30 s).
  Ms rest{35'000};
};

// Something that was seen, in milliseconds since the fault began.
struct Moment {
  std::int64_t at_ms = 0;
  std::string what;
};

struct Phase {
  std::string fault;
  std::int64_t began_us = 0;  // since the drill began
  std::int64_t ended_us = 0;  // of the fault; the same for kill
  std::int64_t over_us = 0;   // everybody was back, or it was given up
  std::optional<std::int64_t> back_ms;
  Share before;  // since the fault before, answered before this one
  Share during;  // from its beginning until over_us, with what it caught under way
  std::vector<Moment> timeline;
};

struct Report {
  std::string cluster;
  std::string started;  // RFC 3339
  std::string load;     // "50 orders a second"
  std::vector<Phase> phases;
  std::vector<std::string> not_done;  // faults after one that the system did not come back from
  std::vector<Attempt> attempts;
  bool with_events = false;
  std::size_t unchecked = 0;  // acknowledged, and nobody said how to read it back
  Verdict verdict;
  std::size_t not_back() const;
};

class Drill {
 public:
  // `cluster` with its real ports. `say` is told what is being done, a line each, on the calling thread. The load is
  // made once the cluster is well.
  using MakeLoad = std::function<base::Result<std::unique_ptr<Load>>()>;
  Drill(Options options, const spec::Cluster& cluster, control::Client client, MakeLoad make_load,
        std::function<void(std::string)> say);

  // Errors: conflict (the cluster is not well, so nothing could be learned), not_found (an instance), unavailable,
  // timeout (a gate), cancelled (stop() was called). Whatever it returns, what it did is undone or about to be.
  base::Result<Report> run();
  // From any thread: ends what it does and undoes it.
  void stop() { stopped_ = true; }

 private:
  base::Result<void> check_well() const;
  base::Result<void> check_targets() const;
  base::Result<void> open_gates();
  void close_gates();
  base::Result<void> pause(Ms time) const;
  base::Result<void> last() const;
  base::Result<void> warm_up(Load& load);
  base::Result<Phase> strike(const Fault& fault, Load& load);
  void await_recovery(Load& load, Phase& phase, const EventWatch& watch) const;
  std::vector<std::string> not_ready() const;
  base::Result<void> judge_all(Load& load, Report& report);

  Options options_;
  const spec::Cluster& cluster_;
  control::Client client_;
  MakeLoad make_load_;
  std::function<void(std::string)> say_;
  std::vector<std::string> gates_;
  std::vector<std::uint64_t> lasting_;  // ids of faults that are to be ended
  std::atomic<bool> stopped_{false};
};

// Where the load goes: the gateway's port, else that of the service which takes /api/v1/orders. Errors: invalid.
base::Result<base::http::Target> door_of(const spec::Cluster& cluster);

}  // namespace drill
