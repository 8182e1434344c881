#pragma once
// What a service says about itself: live (the process answers), ready (every required dependency is there and it is
// not on its way out), and each dependency by name. Thread-safe once its checks are added.

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/config/config.hpp"

namespace chassis {

class Health {
 public:
  Health(const Config& config, const base::Clock& clock) : config_(config), clock_(clock) {}

  // `required`: without it the service is not ready. Else it is only degraded: an order can be taken while the broker
  // is away, since the outbox keeps the event. `probe` gets `check_timeout` and must respect it.
  struct Check {
    std::string name;
    bool required;
    std::function<base::Task<base::Result<void>>(base::Monotonic deadline)> probe;
  };
  static constexpr std::chrono::milliseconds check_timeout{500};

  void add(Check check) { checks_.push_back(std::move(check)); }
  void started() { phase_ = Phase::running; }
  void draining() { phase_ = Phase::draining; }

  // Answers /health, /health/live, /health/ready, /health/startup and the aliases /live and /ready.
  static bool knows(std::string_view path);
  base::Task<base::http::Response> answer(std::string path) const;

  // The first required dependency that is away and why, as "database: disk full"; empty when all are there.
  base::Task<std::string> missing() const;
  bool needs_anything() const;

 private:
  enum class Phase : std::uint8_t { starting, running, draining };

  base::Json header(std::string_view status) const;
  base::Task<base::http::Response> readiness(int status_when_not_ready) const;

  const Config& config_;
  const base::Clock& clock_;
  std::vector<Check> checks_;
  std::atomic<Phase> phase_{Phase::starting};
};

}  // namespace chassis
