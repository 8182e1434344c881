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

class Builder {
 public:
  enum class State : unsigned char { running, done, failed };
  using Say = std::function<void(const std::string& line)>;  // called on the builder's thread
  using Start = std::function<base::Result<void>(const std::vector<std::string>& services)>;

  // `wanted` in dependency order. `place` and `cluster` are lent. Begins at once.
  Builder(const Place& place, const spec::Cluster& cluster, std::vector<std::string> wanted, Start start, Say say);
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
  bool build(const std::string& name);
  bool start_what_is_built();

  const Place& place_;
  const spec::Cluster& cluster_;
  std::vector<std::string> wanted_;
  Start start_;
  Say say_;
  std::set<std::string> unbuilt_;
  std::set<std::string> started_;
  std::atomic<State> state_{State::running};
  Cancel cancel_;
  std::thread thread_;
};

}  // namespace cli
