#pragma once
// For tests of Watch: a service with two ports, and a watch on it whose reports are kept.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/app/fakes.hpp"
#include "supervisor/app/watch.hpp"

namespace app::testing {

inline constexpr std::uint16_t http = 80;
inline constexpr std::uint16_t admin = 81;

class WatchFixture : public ::testing::Test {
 protected:
  WatchFixture() {
    service_.name = "web";
    service_.ports = {{"http", http}, {"admin", admin}};
  }

  static spec::Probe probe(spec::ProbeKind kind = spec::ProbeKind::http, const std::string& port = "http") {
    spec::Probe made;
    made.kind = kind;
    made.port = port;
    made.path = "/up";
    made.interval = std::chrono::seconds(1);
    made.timeout = std::chrono::milliseconds(500);
    made.start_period = std::chrono::seconds(10);
    return made;
  }

  Watch& watch(const ProbeContext& context = {}) {
    watch_.emplace(
        service_, prober_, time_, time_,
        [this](core::Event event, std::string reason) {
          events_.push_back(event);
          reason_ = std::move(reason);
          if (stop_on_report_) watch_->stop();
        },
        context);
    return *watch_;
  }
  // What was reported since the last call.
  std::vector<core::Event> events() { return std::exchange(events_, {}); }
  void say(const std::string& datagram) { watch_->notified(ports::parse_notify(datagram)); }
  // With the ready probe good, and that event taken.
  Watch& ready_watch() {
    prober_.healthy = {http, admin};
    watch();
    time_.advance(std::chrono::milliseconds(0));
    EXPECT_TRUE(watch_->ready());
    events();
    return *watch_;
  }

  spec::Service service_;
  FakeTime time_;
  FakeProber prober_{time_};
  std::vector<core::Event> events_;
  std::string reason_;
  bool stop_on_report_ = false;
  std::optional<Watch> watch_;
};

}  // namespace app::testing
