#pragma once
// `up --build`: runs the build commands one after the other, dependencies first, on a thread of its own, and asks the
// supervisor to start each service as soon as it and all that it requires are built.

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"
#include "cli/terminal/style.hpp"

namespace cli {

// Runs the build command of one service to its end, output in logs/build-NAME.log; a failure is explained on standard
// error. False as well when it was cancelled.
bool build_service(const Place& place, const spec::Cluster& cluster, const std::string& name, const Cancel& cancel,
                   const std::function<void(const std::string& line)>& say);

class Builder {
 public:
  enum class State : unsigned char { running, done, failed };
  using Say = std::function<void(const std::string& line)>;  // called on the builder's thread
  using Start = std::function<base::Result<void>(const std::vector<std::string>& services)>;

  // `wanted` in dependency order. `place` and `cluster` are lent. Begins at once.
  // `step_by_step`: each is started as soon as it can; else all of them when the last one is built, as a cluster that
  // runs already must not be changed to what is not built yet.
  Builder(const Place& place, const spec::Cluster& cluster, std::vector<std::string> wanted, bool step_by_step,
          Start start, Say say);
  ~Builder();
  Builder(const Builder&) = delete;

  State state() const { return state_; }
  // Ends the build that runs, with its whole process group, and begins no other. Any thread; does not wait.
  void cancel();
  // Until the state is final: from then on no build runs. Any thread.
  void await() const { state_.wait(State::running); }

 private:
  void run();
  State build_all();
  bool start_what_is_built();

  const Place& place_;
  const spec::Cluster& cluster_;
  std::vector<std::string> wanted_;
  bool step_by_step_;
  Start start_;
  Say say_;
  std::set<std::string> unbuilt_;
  std::set<std::string> started_;
  std::atomic<State> state_{State::running};
  Cancel cancel_;
  std::thread thread_;
};

}  // namespace cli
