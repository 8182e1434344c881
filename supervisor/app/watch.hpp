#pragma once
// Probes one process and turns the answers, and the process's own words (sd_notify), into the events of core::step.
// Boot, ready and live are three questions:
//
//   boot   asked alone, often at first, until it is good: boot_ok. Without one, the first good answer of `ready` is
//   boot
//          and readiness in one: probe_ok; without that one, running is.
//   ready  asked from then on; `failures` bad answers in a row are probe_failed, `successes` good ones probe_ok.
//   live   asked from then on; `failures` bad answers in a row are live_failed.
//
// While booting bad answers do not count; start_period ends it: start_timeout. One thread. After stop() nothing is
// reported any more, and answers on their way are dropped. A report may stop the watch, but must not destroy it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervisor/app/probe_history.hpp"
#include "supervisor/app/probe_question.hpp"
#include "supervisor/core/instance.hpp"
#include "supervisor/ports/notify.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/ports/timers.hpp"
#include "supervisor/spec/cluster.hpp"

namespace app {

// Until the first good answer the pause between questions grows from the first to the last by half each time, so that a
// fast service is noticed within milliseconds and a slow one is not drowned in questions. What nothing limits (an
// external service, readiness after boot) is asked ever less often, down to its interval.
inline constexpr std::chrono::milliseconds first_start_pause{10};
inline constexpr std::chrono::milliseconds last_start_pause{100};

// The prober keeps a question's timeout itself and knows best what was missing. This much later the watch gives up on
// it; a good answer that comes in between is late all the same.
inline constexpr std::chrono::milliseconds answer_slack{100};

// What is known of one side of a process, with a word for people.
struct Truth {
  bool ok = false;
  std::string text;
};

class Watch {
 public:
  using Report = std::function<void(core::Event event, std::string reason)>;

  // Begins at once. All references are lent and must outlive the watch.
  Watch(const spec::Service& service, ports::Prober& prober, ports::Timers& timers, const base::Clock& clock,
        Report report, const ProbeContext& context = {});
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  void stop();

  // What the process said:
  //   READY=1 (or X_MSCTL_READY=1)        ready at once, booted as well, whatever its probes are
  //   X_MSCTL_READY=0, STOPPING=1         not ready at once, and until it says READY=1, whatever its probe answers
  //   STATUS=text                         kept, see status()
  //   WATCHDOG=1                          a sign of life for a live probe of kind notify; WATCHDOG=trigger: live_failed
  //   EXTEND_TIMEOUT_USEC=n               the start may take until n µs from now, if that is later
  void notified(const ports::Assignments& assignments);

  // For a debugger: between the two nothing is asked and no time runs. Then all counts and times start anew.
  void pause();
  void resume();

  bool booted() const { return booted_; }
  bool ready() const { return booted_ && ready_.good && !withdrawn_; }
  bool speaks() const { return speaks_; }   // it has said READY=1
  bool live() const { return live_.good; }  // not known to be dead
  Truth ready_truth() const;
  Truth live_truth() const;
  const std::string& status() const { return status_; }  // its last STATUS
  std::vector<std::string> history() const { return history_.lines(); }

 private:
  // One of the three probes and how it goes.
  struct Line {
    const char* name;
    std::optional<spec::Probe> probe = {};
    ports::Question question = {};
    std::string unaskable = {};  // why there is no question
    std::string what = {};       // name and address, for people
    bool good = false;
    bool was_good = false;  // at least once
    int good_in_row = 0;
    int bad_in_row = 0;
    std::chrono::milliseconds pause = first_start_pause;
    ports::TimerId next = 0;        // until the next question, or a sign of life's end
    ports::TimerId limit = 0;       // of the open question
    std::uint64_t open = 0;         // number of the open question
    base::Monotonic asked_at = {};  // the open question
    std::string problem = {};       // of the last answer
  };

  void prepare(Line& line, const std::optional<spec::Probe>& probe, const ProbeContext& context);
  void begin();
  void halt();
  Line& first_line() { return boot_.probe ? boot_ : ready_; }

  void open(Line& line, std::chrono::milliseconds pause);
  void close(Line& line);
  void ask(Line& line);
  void answered(Line& line, ports::Answer answer);
  void pace(Line& line);
  void judge(Line& line, bool was_ready);
  void boot_done(const std::string& how);
  void dead(const std::string& problem);

  void arm_deadline(std::chrono::milliseconds period);
  void too_late();

  void extend(const std::string& usec);
  void sign_of_life(const std::string& word);
  void said_ready();
  void said_not_ready(const std::string& word);
  void note(const std::string& what, const std::string& result) { history_.note(clock_.wall(), what, result); }

  const spec::Service& service_;
  ports::Prober& prober_;
  ports::Timers& timers_;
  const base::Clock& clock_;
  Report report_;
  Line boot_{"boot"};
  Line ready_{"ready"};
  Line live_{"live"};
  bool booted_ = false;
  bool withdrawn_ = false;    // the process said that it is not ready
  const bool only_its_word_;  // see ProbeContext
  bool speaks_ = false;
  bool paused_ = false;
  base::Monotonic begun_{};
  ports::TimerId deadline_ = 0;  // not 0: the start has a limit
  base::Monotonic deadline_at_{};
  ports::TimerId at_once_ = 0;
  std::uint64_t questions_ = 0;
  std::string status_;
  ProbeHistory history_;
  std::shared_ptr<Watch*> self_;  // answers hold it weakly
};

}  // namespace app
