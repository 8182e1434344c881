#pragma once
// Probes one process: often until it is first ready, then at the probes' own interval, and turns answers into the
// events of core::step. One thread. After stop() nothing is reported any more; answers still on their way are dropped.
// A report may stop the watch, but must not destroy it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "supervisor/core/instance.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/ports/timers.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// While starting: the pause between probes grows from the first to the last by half each time, so that a fast service
// is noticed within milliseconds and a slow one is not drowned in questions.
inline constexpr std::chrono::milliseconds first_start_pause{10};
inline constexpr std::chrono::milliseconds last_start_pause{100};

class Watch {
 public:
  using Report = std::function<void(core::Event event, std::string reason)>;

  // Begins at once. Without a ready probe the service is ready at once. `service` is lent and must outlive the watch.
  Watch(const spec::Service& service, ports::Prober& prober, ports::Timers& timers, Report report);
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  void stop();

 private:
  enum class Phase : std::uint8_t { starting, running };

  // One of the two probes and how it went.
  struct Line {
    const spec::Probe* probe = nullptr;
    core::Event on_failure{};
    int failures = 0;
    ports::TimerId timer = 0;
    std::string problem;
  };

  void ask(Line& line);
  void answered(Line& line, const ports::Answer& answer);
  void ask_after(Line& line, std::chrono::milliseconds pause);
  void first_ready();

  const spec::Service& service_;
  ports::Prober& prober_;
  ports::Timers& timers_;
  Report report_;
  Phase phase_ = Phase::starting;
  std::chrono::milliseconds pause_ = first_start_pause;
  ports::TimerId deadline_ = 0;
  ports::TimerId at_once_ = 0;
  Line ready_;
  Line live_;
  std::shared_ptr<Watch*> self_;  // answers hold it weakly
};

// What to ask for a probe; nothing when its port does not exist.
std::optional<ports::Question> question_of(const spec::Service& service, const spec::Probe& probe);

// "http://127.0.0.1:8080/health/ready" or "tcp://127.0.0.1:4222".
std::string address_of(const spec::Service& service, const spec::Probe& probe);

}  // namespace app
