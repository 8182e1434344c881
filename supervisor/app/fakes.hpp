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

// Writes down what was asked of it, by instance. A process appears after no time at all and ends when the test says so.
class FakeHost final : public ports::ProcessHost {
 public:
  explicit FakeHost(FakeTime& time) : time_(time) {}

  void listen(Listener& listener) override { listener_ = &listener; }
  void spawn(const ports::Slot& slot, const ports::SpawnSpec& spec) override {
    if (missing.contains(spec.service)) {
      const base::Error error = base::fail(base::ErrorCode::not_found, "cannot run " + spec.service);
      time_.after(std::chrono::milliseconds(0), [this, slot, error] { listener_->spawn_failed(slot, error); });
      return;
    }
    log.push_back("spawn " + spec.instance);
    specs[slot] = spec;
    if (held.contains(spec.service)) return waiting_.push_back(slot);
    time_.after(std::chrono::milliseconds(0), [this, slot] { appear(slot); });
  }
  void terminate(const ports::Slot& slot) override { log.push_back("terminate " + name(slot)); }
  void kill(const ports::Slot& slot) override { log.push_back("kill " + name(slot)); }
  void shoot(const ports::Slot& slot) override { log.push_back("shoot " + name(slot)); }
  void suspend(const ports::Slot& slot) override { log.push_back("suspend " + name(slot)); }
  void resume(const ports::Slot& slot) override { log.push_back("resume " + name(slot)); }
  void remember(const ports::Slot& slot, const std::string& memo) override { specs[slot].memo = memo; }
  void release(const ports::Slot& slot) override { released.push_back(slot); }

  // The processes that were held back appear.
  void let_appear() {
    for (const auto& slot : std::exchange(waiting_, {})) appear(slot);
  }
  // The oldest process of the instance ends.
  void end(const std::string& instance, int native_status, const std::string& note = {}) {
    for (const auto& [pid, slot] : running_) {
      if (name(slot) != instance) continue;
      const ports::Slot ended = slot;
      running_.erase(pid);
      return listener_->exited(ended, ports::WaitStatus{native_status}, note);
    }
  }
  void end_newest(const std::string& instance, int native_status) {
    for (auto one = running_.rbegin(); one != running_.rend(); ++one) {
      if (name(one->second) != instance) continue;
      const ports::Slot ended = one->second;
      running_.erase(one->first);
      return listener_->exited(ended, ports::WaitStatus{native_status}, {});
    }
  }
  void say(const std::string& instance, const std::string& text) {
    for (const auto& [pid, slot] : running_) {
      if (name(slot) == instance) return listener_->notified(slot, text);
    }
  }
  void say_newest(const std::string& instance, const std::string& text) {
    for (auto one = running_.rbegin(); one != running_.rend(); ++one) {
      if (name(one->second) == instance) return listener_->notified(one->second, text);
    }
  }
  bool runs(const std::string& instance) const { return count(instance) > 0; }
  int count(const std::string& instance) const {
    int found = 0;
    for (const auto& [pid, slot] : running_) found += name(slot) == instance ? 1 : 0;
    return found;
  }
  // As if an earlier supervisor had started it.
  ports::Found keep(const ports::Slot& slot, const Memo& memo) {
    ports::Found found;
    found.slot = slot;
    found.memo = to_text(memo);
    found.running = ports::Spawned{{++last_, 1}, 1, 1'000'000, time_.monotonic()};
    running_[last_] = slot;
    return found;
  }

  std::vector<std::string> log;
  std::set<std::string> missing;  // programs that do not exist
  std::set<std::string> held;     // services whose processes appear only with let_appear()
  std::map<ports::Slot, ports::SpawnSpec> specs;
  std::vector<ports::Slot> released;

 private:
  static std::string name(const ports::Slot& slot) { return slot.substr(0, slot.find('@')); }
  void appear(const ports::Slot& slot) {
    running_[++last_] = slot;
    const auto start = static_cast<std::uint64_t>(last_);
    listener_->spawned(slot, {{last_, start}, 1, start, time_.monotonic()});
  }

  FakeTime& time_;
  Listener* listener_ = nullptr;
  pid_t last_ = 100;
  std::map<pid_t, ports::Slot> running_;
  std::vector<ports::Slot> waiting_;
};

// Answers after `delay`, or never while `silent`, and never from inside ask(). What has a port is good while `healthy`
// holds it, what has none while `good` holds its text (log) or its argv[0] (exec).
class FakeProber final : public ports::Prober {
 public:
  explicit FakeProber(FakeTime& time) : time_(time) {}
  void ask(const ports::Question& question, OnAnswer callback) override {
    ++asked;
    questions.push_back(question);
    if (silent) return;
    ports::Answer answer;
    answer.ok = is_good(question);
    answer.status = answer.ok && question.kind == spec::ProbeKind::http ? 200 : 0;
    answer.body = body;
    if (!answer.ok) answer.problem = problem;
    time_.after(delay, [callback = std::move(callback), answer] { callback(answer); });
  }

  std::set<std::uint16_t> healthy;
  std::set<std::string> good;
  std::string body;
  std::string problem = "connection refused";
  std::chrono::milliseconds delay{0};
  bool silent = false;
  int asked = 0;
  std::vector<ports::Question> questions;

 private:
  bool is_good(const ports::Question& question) const {
    if (question.kind == spec::ProbeKind::log) return good.contains(question.text);
    if (question.kind == spec::ProbeKind::exec) return !question.argv.empty() && good.contains(question.argv[0]);
    return healthy.contains(question.port);
  }

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
  base::Result<void> write(const ports::Book& book) override {
    last = book;
    ++writes;
    return base::success();
  }
  ports::Book last;
  int writes = 0;
};

class ZeroRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = 0;
  }
};

}  // namespace app::testing
