#pragma once
// A supervisor on fakes of the ports. Test support.

#include <gmock/gmock.h>

#include "supervisor/app/fake_plans.hpp"
#include "supervisor/app/fakes.hpp"
#include "supervisor/app/supervisor.hpp"

namespace app::testing {

using namespace std::chrono_literals;

inline constexpr int killed = 9;
inline constexpr int exit_1 = 1 << 8;

class SupervisorTest : public ::testing::Test {
 protected:
  // db on port 1, app on port 2 requires db, web on port 3 comes after app if that is wanted.
  SupervisorTest() {
    add("db", 1);
    add("app", 2).depends_on = {{"db", spec::Condition::ready, true}};
    add("web", 3).depends_on = {{"app", spec::Condition::ready, false}};
  }

  spec::Service& add(const std::string& name, std::uint16_t port) {
    auto& service = cluster_.services[name];
    service.name = name;
    service.ports = {{"http", port}};
    service.ready = spec::Probe{};
    return service;
  }

  Supervisor& make() {
    supervisor_ = std::make_unique<Supervisor>(
        cluster_, Outside{host_, prober_, time_, port_table_, book_, time_, random_, plans_});
    return *supervisor_;
  }

  static control::UpRequest request(std::vector<std::string> services) {
    control::UpRequest wanted;
    wanted.services = std::move(services);
    return wanted;
  }
  // Their processes appear, those without probes are ready.
  base::Result<control::StartReply> up(std::vector<std::string> services = {}) {
    auto reply = supervisor_->up(request(std::move(services)));
    time_.advance(0ms);
    return reply;
  }

  // Starts all with every probe good.
  Supervisor& all_up() {
    prober_.healthy.insert({1, 2, 3});
    Supervisor& supervisor = make();
    EXPECT_TRUE(up());
    time_.advance(100ms);
    host_.log.clear();
    return supervisor;
  }

  control::ServiceView view(const std::string& name) const {
    for (const auto& one : supervisor_->services()) {
      if (one.name == name) return one;
    }
    return {};
  }
  std::string state(const std::string& name) const { return view(name).state; }

  spec::Cluster cluster_;
  FakeTime time_;
  FakeHost host_{time_};
  FakePlans plans_;
  FakeProber prober_{time_};
  FakePortTable port_table_;
  FakeBook book_;
  ZeroRandom random_;
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace app::testing
