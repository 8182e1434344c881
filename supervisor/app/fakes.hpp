#pragma once
// Fakes of the ports for tests: time moves only when a test says so, and processes are numbers.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "supervisor/app/instance.hpp"

namespace app::testing {

// Clock and timers in one, so that they agree.
class FakeTime final : public base::Clock, public ports::Timers {
 public:
  base::Monotonic monotonic() const override { return now_; }
  base::Wall wall() const override {
    return base::Wall(std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()));
  }

  ports::TimerId after(std::chrono::milliseconds delay, std::function<void()> callback) override {
    const auto id = ++last_;
    armed_.emplace(std::pair(now_ + delay, id), std::move(callback));
    return id;
  }
  void cancel(ports::TimerId id) override {
    std::erase_if(armed_, [id](const auto& one) { return one.first.second == id; });
  }

  void advance(std::chrono::milliseconds by) {
    const auto until = now_ + by;
    while (!armed_.empty() && armed_.begin()->first.first <= until) {
      auto node = armed_.extract(armed_.begin());
      now_ = node.key().first;
      node.mapped()();
    }
    now_ = until;
  }

 private:
  base::Monotonic now_{};
  ports::TimerId last_ = 0;
  std::map<std::pair<base::Monotonic, ports::TimerId>, std::function<void()>> armed_;
};

// Writes down what was asked of it. A process ends when the test says so.
class FakeHost final : public ports::ProcessHost {
 public:
  void on_exit(OnExit callback) override { on_exit_ = std::move(callback); }
  base::Result<ports::ProcessId> spawn(const ports::SpawnSpec& spec) override {
    if (missing.contains(spec.service)) return base::fail(base::ErrorCode::not_found, "cannot run " + spec.service);
    log.push_back("spawn " + spec.service);
    const pid_t pid = ++last_;
    running_[pid] = spec.service;
    return ports::ProcessId{pid, static_cast<std::uint64_t>(pid)};
  }
  void terminate(pid_t pid) override { log.push_back("terminate " + running_.at(pid)); }
  void kill(pid_t pid) override { log.push_back("kill " + running_.at(pid)); }

  void end(const std::string& service, int native_status) {
    for (auto& [pid, name] : running_) {
      if (name != service) continue;
      const pid_t ended = pid;
      running_.erase(ended);
      return on_exit_(ended, ports::WaitStatus{native_status});
    }
  }
  bool runs(const std::string& service) const {
    for (const auto& [pid, name] : running_) {
      if (name == service) return true;
    }
    return false;
  }

  std::vector<std::string> log;
  std::set<std::string> missing;  // programs that do not exist

 private:
  OnExit on_exit_;
  pid_t last_ = 100;
  std::map<pid_t, std::string> running_;
};

// Answers by port after no time at all, but never from inside ask().
class FakeProber final : public ports::Prober {
 public:
  explicit FakeProber(FakeTime& time) : time_(time) {}
  void ask(const ports::Question& question, OnAnswer callback) override {
    ++asked;
    ports::Answer answer;
    answer.ok = healthy.contains(question.port);
    answer.status = answer.ok ? 200 : 0;
    answer.body = body;
    if (!answer.ok) answer.problem = "connection refused";
    time_.after(std::chrono::milliseconds(0), [callback = std::move(callback), answer] { callback(answer); });
  }

  std::set<std::uint16_t> healthy;
  std::string body;
  int asked = 0;

 private:
  FakeTime& time_;
};

class FakePortTable final : public ports::PortTable {
 public:
  std::optional<ports::PortOwner> owner(std::uint16_t port) override {
    const auto found = taken.find(port);
    return found == taken.end() ? std::nullopt : std::optional(found->second);
  }
  std::map<std::uint16_t, ports::PortOwner> taken;
};

class FakeBook final : public ports::InstanceBook {
 public:
  base::Result<void> write(const std::map<std::string, ports::ProcessId>& running) override {
    last = running;
    ++writes;
    return base::success();
  }
  std::map<std::string, ports::ProcessId> last;
  int writes = 0;
};

class ZeroRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = 0;
  }
};

}  // namespace app::testing
