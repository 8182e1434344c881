#pragma once
// A service's Environment with real parts and one I/O thread: scheduler, files of SQLite, broker. Only its log is kept
// in memory.

#include <string>

#include <boost/asio/co_spawn.hpp>

#include "services/chassis/db/sqlite/sqlite.hpp"
#include "services/chassis/host/brokers.hpp"
#include "services/chassis/host/http.hpp"
#include "services/chassis/host/io_threads.hpp"
#include "services/chassis/host/scheduler.hpp"
#include "services/chassis/rpc/memory.hpp"
#include "services/chassis/testing/fake_environment.hpp"
#include "tests/bench/events/measure.hpp"

namespace bench {

struct World {
  explicit World(const std::string& name) { config.name = config.instance = name; }

  // From the task that start() began, when it is done.
  base::Task<> stop() {
    scheduler.request_shutdown();
    co_await scheduler.join();
    threads.first().stop();
  }
  // Runs until stop(), on the calling thread.
  void start(base::Task<> task) {
    boost::asio::co_spawn(threads.first(), std::move(task), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    threads.run();
    threads.stop();
  }

  chassis::Config config;
  base::SystemRandom random;
  chassis::IoThreads threads{1};
  chassis::AsioScheduler scheduler{threads};
  chassis::AsioHttp http{threads};
  chassis::rpc::MemoryTransport rpc{the_clock};
  chassis::db::SqliteDatabases databases{the_clock};
  chassis::BrokersByUrl brokers;
  chassis::testing::CapturedLog log;
  chassis::Metrics metrics;
  chassis::testing::CapturedLifecycle lifecycle;
  chassis::Environment env{config,    the_clock, random, scheduler, http,     rpc,
                           databases, brokers,   log,    metrics,   lifecycle};
};

}  // namespace bench
