#pragma once
// An Environment of fakes on one thread: time moves when the test says so, the network is a map of handlers, the
// database is SQLite in memory, the broker keeps what it was given. A whole service runs in it:
//
//   FakeEnvironment world(config);
//   world.start(user_service::run);
//   auto answer = world.request("POST", "/v1/users", body);
//   world.advance(100ms);

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "services/chassis/broker/memory.hpp"
#include "services/chassis/db/sqlite/inline.hpp"
#include "services/chassis/env/environment.hpp"
#include "services/chassis/rpc/memory.hpp"

namespace chassis::testing {

class FakeClock final : public base::Clock {
 public:
  base::Monotonic monotonic() const override { return base::Monotonic{} + since_start; }
  base::Wall wall() const override {
    return base::Wall(std::chrono::milliseconds(1'795'242'645'000)) + since_start + wall_off;
  }
  std::chrono::milliseconds since_start{1'000'000};
  std::chrono::milliseconds wall_off{0};  // somebody has set the clock
};

// The same sequence in every run (splitmix64).
class SeededRandom final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_ = 42;
};

class FakeScheduler final : public Scheduler {
 public:
  FakeScheduler(boost::asio::io_context& io, FakeClock& clock) : io_(io), clock_(clock) {}

  base::Task<> sleep(std::chrono::milliseconds duration) override;
  void spawn(base::Task<> task) override;
  base::Task<> join() override;
  base::Task<> offload(std::function<void()> work) override;
  std::unique_ptr<Signal> make_signal() override;
  base::Task<> shutdown_requested() override;
  bool shutting_down() const override { return shutting_down_; }

  void request_shutdown();
  // Moves the clock, firing what falls due on the way in order.
  void advance(std::chrono::milliseconds by);

 private:
  class FakeSignal;
  struct Waiter {
    base::Monotonic due;
    std::function<void()> resume;
  };
  using Handle = std::list<Waiter>::iterator;

  base::Task<> wait_until(base::Monotonic due, std::function<void(Handle)> remember);
  void fire(Handle waiter);

  boost::asio::io_context& io_;
  FakeClock& clock_;
  std::list<Waiter> waiters_;
  std::list<FakeSignal*> signals_;
  int running_ = 0;
  bool shutting_down_ = false;
};

// HTTP without bytes: a request goes straight to the handler that serves the port.
class FakeHttp final : public Http {
 public:
  base::Result<std::unique_ptr<HttpServer>> serve(const std::string& address, std::uint16_t port,
                                                  base::http::ServerLimits limits, base::http::Handler handler,
                                                  base::http::ErrorBody error_body) override;
  base::Task<base::Result<base::http::Response>> send(base::http::Target target, base::http::Request request,
                                                      std::chrono::milliseconds timeout) override;

  // Replaces what would answer at that port, as another service does.
  void answer_at(std::uint16_t port, base::http::Handler handler) { handlers_[port] = std::move(handler); }
  // The connection is lost after the request went out.
  void lose_at(std::uint16_t port) { lost_[port] = 0; }
  int lost_at(std::uint16_t port) const { return lost_.at(port); }
  bool serves(std::uint16_t port) const { return handlers_.contains(port); }

 private:
  std::map<std::uint16_t, base::http::Handler> handlers_;
  std::map<std::uint16_t, int> lost_;  // how many requests were lost there
};

class CapturedLog final : public Log {
 public:
  void write(Level level, std::string_view message, const base::Json& fields) override {
    base::Json line = fields;
    line["level"] = static_cast<int>(level);
    line["message"] = message;
    lines.push_back(std::move(line));
  }
  std::vector<base::Json> lines;
};

class CapturedLifecycle final : public Lifecycle {
 public:
  void ready(const std::string& /*status*/) override { states.emplace_back("ready"); }
  void not_ready(const std::string& why) override { states.emplace_back("not ready: " + why); }
  void stopping() override { states.emplace_back("stopping"); }
  std::vector<std::string> states;
};

class FakeEnvironment {
 public:
  using Run = std::function<base::Task<base::Result<void>>(Environment&)>;

  explicit FakeEnvironment(Config config);
  // Requests the stop and ends the service if it still runs.
  ~FakeEnvironment();

  void start(const Run& run);
  // Runs whatever can run without time passing.
  void settle();
  void advance(std::chrono::milliseconds by);
  void stop();
  // Runs the task while time stands still. Empty when it waits for time to pass; it then goes on with the world.
  template <class T>
  std::optional<T> ask(base::Task<T> task) {
    auto answer = std::make_shared<std::optional<T>>();
    // Without captures: the coroutine may outlive this call and with it the lambda.
    auto whole = [](base::Task<T> what, std::shared_ptr<std::optional<T>> into) -> base::Task<> {
      into->emplace(co_await std::move(what));
    };
    scheduler.spawn(whole(std::move(task), answer));
    settle();
    return *answer;
  }
  // One request to the service's `http` port, time standing still.
  base::http::Response request(const std::string& method, const std::string& target, const std::string& body = {},
                               const base::http::Headers& headers = {});
  // The same with Content-Type: application/json, and the answer's body parsed.
  std::pair<int, base::Json> json(const std::string& method, const std::string& target, const std::string& body = {});
  FakeClock clock;
  SeededRandom random;
  boost::asio::io_context io{1};
  FakeScheduler scheduler{io, clock};
  FakeHttp http;
  rpc::MemoryTransport rpc{clock};
  db::InlineSqlite databases{clock};
  broker::MemoryBrokers brokers{clock};
  CapturedLog log;
  Metrics metrics;
  CapturedLifecycle lifecycle;
  Config config;
  Environment env{config, clock, random, scheduler, http, rpc, databases, brokers, log, metrics, lifecycle};
  // What run() returned, once it has.
  std::optional<base::Result<void>> outcome;
};

}  // namespace chassis::testing
