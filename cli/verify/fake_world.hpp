#pragma once
// A made-up cluster for tests of checks: time moves only when a check waits, answers come from functions that a test
// sets, and what a check did is in `done`, in order.

#include <cstring>
#include <functional>
#include <set>

#include "cli/verify/world.hpp"

namespace verify::testing {

class FakeTime final : public base::Clock {
 public:
  base::Monotonic monotonic() const override { return now_; }
  base::Wall wall() const override { return base::Wall(Ms(1'764'000'000'000) + since_start()); }
  void advance(Ms time) { now_ += time; }
  Ms since_start() const { return std::chrono::duration_cast<Ms>(now_ - base::Monotonic()); }

 private:
  base::Monotonic now_;
};

class CountingRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    ++calls_;
    for (auto& byte : bytes) byte = 0;
    std::memcpy(bytes.data(), &calls_, std::min(bytes.size(), sizeof calls_));
  }

 private:
  std::uint32_t calls_ = 0;
};

class FakeWorld final : public World {
 public:
  using Http =
      std::function<base::Result<base::http::Response>(std::uint16_t port, const base::http::Request& request)>;

  spec::Cluster spec;
  spec::LoadOptions options;
  FakeTime time;
  CountingRandom numbers;
  std::vector<control::ServiceView> views;
  std::vector<std::string> done;  // "stop nats", "kill 7", "run git ls-files"
  Http answer = [](std::uint16_t, const base::http::Request&) { return base::http::Response{404, {}, "{}"}; };
  std::function<void(const std::string& service, const std::string& verb)> on_command = [](auto&&...) {};
  std::function<base::Result<program::Output>(const Ask&)> on_run = [](const Ask&) { return program::Output{}; };
  std::function<std::string(std::uint16_t, const std::string&)> on_grpc = [](auto&&...) { return "NOT_FOUND"; };
  std::map<std::string, std::string> logs;
  std::map<int, std::vector<std::filesystem::path>> files;
  std::map<int, std::map<std::string, std::string>> environments;
  std::map<int, std::string> programs;
  std::set<std::string, std::less<>> verbs;
  Ms limit{60'000};
  bool interrupted = false;
  int shields = 0;
  std::filesystem::path folder;

  const spec::Cluster& cluster() const override { return spec; }
  const spec::LoadOptions& chosen() const override { return options; }
  const base::Clock& clock() const override { return time; }
  base::Random& random() override { return numbers; }
  void pause(Ms wait) override { time.advance(wait); }
  base::Result<void> may_go_on() const override {
    if (shields > 0) return base::success();
    if (interrupted) return base::fail(base::ErrorCode::cancelled, "interrupted");
    if (time.since_start() > limit) return base::fail(base::ErrorCode::timeout, "the time for this check is over");
    return base::success();
  }
  void shield(bool on) override { shields += on ? 1 : -1; }
  base::Result<base::http::Response> http(std::uint16_t port, base::http::Request request, Ms /*timeout*/) override {
    TRY(may_go_on());
    return answer(port, request);
  }
  std::string grpc_health(std::uint16_t port, const std::string& service) override { return on_grpc(port, service); }
  base::Result<std::vector<control::ServiceView>> instances() override {
    TRY(may_go_on());
    return views;
  }
  base::Result<void> command(const std::string& service, const std::string& verb, const base::Json& /*body*/) override {
    TRY(may_go_on());
    done.push_back(verb + " " + service);
    on_command(service, verb);
    return base::success();
  }
  std::string registry() override { return "127.0.0.1:8500"; }
  base::Result<void> kill(int pid) override {
    done.push_back("kill " + std::to_string(pid));
    return base::success();
  }
  base::Result<program::Output> run(const Ask& ask) override {
    TRY(may_go_on());
    return on_run(ask);
  }
  std::string msctl() const override { return "msctl"; }
  bool has_verb(std::string_view verb) const override { return verbs.contains(verb); }
  base::Result<std::string> helper(const std::string& name) const override { return name; }
  std::string log(const std::string& instance) const override {
    const auto found = logs.find(instance);
    return found == logs.end() ? std::string() : found->second;
  }
  std::vector<std::filesystem::path> open_files(int pid) const override {
    const auto found = files.find(pid);
    return found == files.end() ? std::vector<std::filesystem::path>() : found->second;
  }
  base::Result<std::map<std::string, std::string>> environment(int pid) const override { return environments.at(pid); }
  base::Result<std::string> program_text(int pid) const override { return programs.at(pid); }
  base::Result<std::filesystem::path> scratch() override { return folder; }

  // A service of the cluster with a ready instance of its name.
  spec::Service& add(const std::string& name, int pid, std::uint16_t port) {
    spec::Service service;
    service.name = name;
    if (port != 0) service.ports["http"] = port;
    control::ServiceView view;
    view.name = view.service = name;
    view.state = "ready";
    view.ready = true;
    view.pid = pid;
    view.ports = service.ports;
    views.push_back(view);
    return spec.services[name] = service;
  }

  // Gateway, user-service, order-service and nats, as far as the checks look.
  void add_shop() {
    add("gateway", 1, 8080).gateway = true;
    add("user-service", 2, 8081).routes = {{users_route(), "/v1/users", "user-service"}};
    auto& orders = add("order-service", 3, 8082);
    orders.routes = {{"/api/v1/orders", "/v1/orders", "order-service"}};
    orders.publishes = {"order.placed"};
    orders.database = spec.services["user-service"].database = "sqlite";
    add("nats", 4, 0).ports["client"] = 4222;
    spec.broker = "nats";
  }

  void set_state(const std::string& name, const std::string& state) {
    for (auto& view : views) {
      if (view.name != name) continue;
      view.state = state;
      view.ready = state == "ready";
    }
  }

 private:
  static std::string users_route() { return "/api/v1/users"; }
};

inline base::http::Response json(int status, const base::Json& body, const std::string& type = "application/json") {
  base::http::Response response;
  response.status = status;
  response.headers.set("Content-Type", type);
  response.body = base::dump_json(body);
  return response;
}

}  // namespace verify::testing
