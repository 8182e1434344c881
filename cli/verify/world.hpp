#pragma once
// Everything that a check may see of the running cluster and do to it, as a port: SystemWorld is the real one,
// FakeWorld (tests) a made-up one. A check knows nothing else, so that it can be tested without a cluster.
//
// Every call is blocking and bounded. Once the check's time is over or the user has pressed Ctrl-C, calls fail at once
// with timeout or cancelled, so that a check that passes errors on ends soon; within a Shield they go on, to undo what
// was done. http() may be called by several threads at once, the rest by one.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "cli/program/program.hpp"
#include "supervisor/control/wire.hpp"
#include "supervisor/spec/cluster.hpp"

namespace verify {

using Ms = std::chrono::milliseconds;

struct Ask {
  std::vector<std::string> argv;  // argv[0] as for program::ask
  std::filesystem::path folder = {};
  std::string input = {};
  Ms timeout{15'000};  // then the program and what it started are killed
};

// For one answer of a service.
inline constexpr Ms answer_timeout{5000};

class World {
 public:
  virtual ~World() = default;

  // The cluster as its files say, with the ports that the supervisor chose.
  virtual const spec::Cluster& cluster() const = 0;
  // Which files and profiles made it.
  virtual const spec::LoadOptions& chosen() const = 0;
  virtual const base::Clock& clock() const = 0;
  virtual base::Random& random() = 0;
  // Waits; shorter when the check has to end.
  virtual void pause(Ms time) = 0;
  // Errors: timeout, cancelled.
  virtual base::Result<void> may_go_on() const = 0;
  // While on, calls go on although the check's time is over. Counted.
  virtual void shield(bool on) = 0;

  // To 127.0.0.1, on a connection of its own. An answer with a bad status is no error.
  virtual base::Result<base::http::Response> http(std::uint16_t port, base::http::Request request, Ms timeout) = 0;
  // grpc.health.v1 at 127.0.0.1: SERVING, NOT_FOUND, UNIMPLEMENTED, …, or why there was no answer.
  virtual std::string grpc_health(std::uint16_t port, const std::string& service) = 0;

  virtual base::Result<std::vector<control::ServiceView>> instances() = 0;
  // `verb` as the supervisor knows it (supervisor/control/wire.hpp); returns when it was taken, not when it is done.
  virtual base::Result<void> command(const std::string& service, const std::string& verb, const base::Json& body) = 0;
  // HOST:PORT of the registry; empty when there is none.
  virtual std::string registry() = 0;
  virtual base::Result<void> kill(int pid) = 0;

  // A bad exit code is no error. Errors: not_found, timeout, internal.
  virtual base::Result<program::Output> run(const Ask& ask) = 0;
  // argv[0] for msctl itself, and for its own programs; nullopt when the program or the verb is not part of this msctl.
  virtual std::string msctl() const = 0;
  virtual bool has_verb(std::string_view verb) const = 0;
  virtual base::Result<std::string> helper(const std::string& name) const = 0;

  // The newest output of an instance, at most 1 MiB, whole lines.
  virtual std::string log(const std::string& instance) const = 0;
  virtual std::vector<std::filesystem::path> open_files(int pid) const = 0;
  // Errors: not_found, permission.
  virtual base::Result<std::map<std::string, std::string>> environment(int pid) const = 0;
  // The program file that a process runs, to be read. Errors: not_found, permission.
  virtual base::Result<std::string> program_text(int pid) const = 0;
  // A folder of this check's own, removed after it.
  virtual base::Result<std::filesystem::path> scratch() = 0;
};

// In its scope the world works on although the check is over.
class Shield {
 public:
  explicit Shield(World& world) : world_(world) { world_.shield(true); }
  ~Shield() { world_.shield(false); }
  Shield(const Shield&) = delete;

 private:
  World& world_;
};

// Puts something back when the scope ends, however it ends: the check failed, its time is over, Ctrl-C.
class Undo {
 public:
  Undo(World& world, std::function<void()> action) : world_(world), action_(std::move(action)) {}
  ~Undo() { now(); }
  Undo(const Undo&) = delete;

  // Now instead of at the end.
  void now() {
    if (!action_) return;
    const Shield shield(world_);
    action_();
    action_ = nullptr;
  }

 private:
  World& world_;
  std::function<void()> action_;
};

// Asks until it is true; false after `patience`. Errors: those of may_go_on().
base::Result<bool> wait_until(World& world, Ms patience, const std::function<bool()>& is_true, Ms between = Ms(10));

// For evidence: whole milliseconds since `began`.
std::int64_t ms_since(const World& world, base::Monotonic began);

}  // namespace verify
