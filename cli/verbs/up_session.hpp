#pragma once
// One run of `msctl up`, from finding or starting the supervisor to the last line. Blocking; its own threads are the
// builder's and the one that waits for Ctrl-C.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/session/builder.hpp"
#include "cli/session/interrupt.hpp"
#include "cli/session/place.hpp"
#include "cli/session/spawn.hpp"
#include "cli/session/standing.hpp"
#include "cli/terminal/style.hpp"

namespace cli {

struct UpOptions {
  std::vector<std::string> services;
  bool detach = false;
  bool wait = false;
  bool build = false;
  bool no_deps = false;
  bool dry_run = false;
  bool watch = false;
  int wait_timeout_s = 120;
  std::map<std::string, int> scale;
  PlaceOptions place;
};

class UpSession {
 public:
  UpSession(UpOptions options, Place place, spec::Cluster cluster);
  ~UpSession();
  UpSession(const UpSession&) = delete;
  // Exit code.
  int run();

 private:
  // Who ends the cluster on Ctrl-C: the `up` that started it, if it stays in the foreground.
  enum class Role : unsigned char { owner, guest };

  base::Result<void> connect();
  int interrupted_early();
  base::Result<void> ask();
  // Names (none: all) are started; what the supervisor knew of them before is taken by take_replies().
  base::Result<void> start(const std::vector<std::string>& services);
  void take_replies();
  void begin(const control::ServiceView& view);
  int follow();
  // Takes what happened and prints it; false when the supervisor is gone.
  bool take_events(std::chrono::milliseconds wait);
  // Exit code when this run is over, else -1.
  int judge();
  void begin_watch();
  int announce_ready();
  int announce_failure();
  int give_up();
  int after_the_end();
  void print_failures(const std::vector<std::string>& services) const;
  void print_try_this() const;
  void on_signal();
  void go_down();
  std::chrono::milliseconds next_wait() const;
  double elapsed_s() const;
  bool foreground() const { return !options_.detach; }

  UpOptions options_;
  Place place_;
  spec::Cluster cluster_;
  control::Client client_;
  Style style_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<std::string> wanted_;
  std::size_t name_width_ = 0;
  Standing standing_;
  std::mutex replies_mutex_;
  std::vector<control::StartReply> replies_;  // from the builder's thread, too
  std::set<std::string> replacing_;           // in a rolling restart when this began
  bool roll_failed_ = false;
  std::set<std::string> counted_;  // said to run already
  std::size_t already_ = 0;
  std::atomic<pid_t> supervisor_{0};  // 0 until it is known to run
  Launched launched_ = Launched::already_there;
  std::uint64_t seen_ = 0;
  std::atomic<Role> role_{Role::guest};
  std::atomic<bool> all_were_up_{false};
  std::atomic<bool> ending_{false};
  bool announced_ = false;
  int result_ = 0;  // what a foreground run ends with when it is not interrupted
  Cancel stop_watch_;
  std::thread watch_;
  std::unique_ptr<Builder> builder_;
  std::atomic<Builder*> cancellable_{nullptr};  // builder_ for the signal's thread
  std::unique_ptr<Interrupt> interrupt_;        // ends first, as its thread uses the others
};

}  // namespace cli
