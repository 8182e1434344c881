#pragma once
// All that a service may know of the world. A service is a function `run(Environment&)`: clock, randomness, timers,
// network, broker, database and log reach it only through here, so that a test chooses them and several services can
// share one process. Everything in it outlives the service's run().

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/http/client.hpp"
#include "base/http/message.hpp"
#include "base/http/server.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/broker/broker.hpp"
#include "services/chassis/broker/recording.hpp"
#include "services/chassis/config/config.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/log/log.hpp"
#include "services/chassis/metrics/metrics.hpp"
#include "services/chassis/rpc/rpc.hpp"

namespace chassis {

// Wakes one waiter. set() may come first, from any thread, and any number of times: the next wait() returns at once.
class Signal {
 public:
  virtual ~Signal() = default;
  virtual void set() = 0;
  // Returns when set or after `at_most`. For a task started by Scheduler::spawn.
  virtual base::Task<> wait(std::chrono::milliseconds at_most) = 0;
};

// Waiting and background work. Thread-safe.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // Resumes on the awaiting coroutine's own thread.
  virtual base::Task<> sleep(std::chrono::milliseconds duration) = 0;
  // Runs beside the service, on the thread of its run(), and ends soon after shutdown was requested (which sets every
  // Signal). An exception that leaves the task ends the process.
  virtual void spawn(base::Task<> task) = 0;
  // Resumes when no spawned task is left.
  virtual base::Task<> join() = 0;
  // CPU-heavy work (password hashes) off the I/O threads.
  virtual base::Task<> offload(std::function<void()> work) = 0;
  virtual std::unique_ptr<Signal> make_signal() = 0;
  // Resumes when the service was asked to end (SIGTERM). For the service's run().
  virtual base::Task<> shutdown_requested() = 0;
  virtual bool shutting_down() const = 0;
};

// A listening HTTP server.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual base::Task<> drain(std::chrono::milliseconds deadline) = 0;
};

// HTTP in and out. The handler may be called on any of the service's I/O threads.
class Http {
 public:
  virtual ~Http() = default;
  virtual base::Result<std::unique_ptr<HttpServer>> serve(const std::string& address, std::uint16_t port,
                                                          base::http::ServerLimits limits, base::http::Handler handler,
                                                          base::http::ErrorBody error_body) = 0;
  virtual base::Task<base::Result<base::http::Response>> send(base::http::Target target, base::http::Request request,
                                                              std::chrono::milliseconds timeout) = 0;
};

// Tells whoever started the service how it is. The texts are for a person, one line each.
class Lifecycle {
 public:
  virtual ~Lifecycle() = default;
  // It serves and has what it needs; also said when that is so again.
  virtual void ready(const std::string& status) = 0;
  // A dependency that it needs is away.
  virtual void not_ready(const std::string& why) = 0;
  virtual void stopping() = 0;
};

struct Environment {
  const Config& config;
  const base::Clock& clock;
  base::Random& random;
  Scheduler& scheduler;
  Http& http;
  rpc::Transport& rpc;
  db::Databases& databases;
  broker::Brokers& brokers;
  Log& log;
  Metrics& metrics;
  Lifecycle& lifecycle;
  // What went to the broker, kept only while the test-only door to provider states is open; else null.
  const broker::Published* published = nullptr;
};

}  // namespace chassis
