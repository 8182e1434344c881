#pragma once
// The publishing side: what the relay makes of a table of waiting rows, against the client library alone.

#include <functional>
#include <memory>
#include <string>

#include "services/chassis/db/sqlite/temp_folder.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "tests/bench/events/world.hpp"

namespace bench {

struct Sizes {
  int events = 100'000;
  int rounds = 5;
  std::int64_t backlog = 1'000'000;
};

// A broker and its client library.
struct Peer {
  std::string url;
  pid_t server = 0;
  std::function<void(int)> publish;        // so many, as fast as it goes
  std::function<double()> publish_one_ms;  // until its acknowledgement
};

class Publishing {
 public:
  Publishing(Peer peer, const std::string& body, Sizes sizes);
  ~Publishing();

  // {"flat", "throughput", "latency_ms"}
  base::Json run();
  // {"throughput"}
  base::Json run_throughput();

 private:
  class TimedBroker;

  base::Task<> measure(bool with_all);
  base::Task<std::int64_t> sql(std::string text);
  base::Task<> add(std::int64_t count, std::string aggregate);
  base::Task<> clear();
  base::Task<> until_sent();
  base::Task<> flat();
  base::Task<base::Json> take_portions(chassis::outbox::Store& store);
  base::Task<> throughput(chassis::outbox::Relay& relay);
  base::Task<> latency(chassis::outbox::Relay& relay);

  const Peer peer_;
  const std::string body_;
  const Sizes sizes_;
  base::Json told_ = base::Json::object();
  std::int64_t next_ = 1;
  std::int64_t queued_ = 0;  // the newest row's id
  chassis::db::TempFolder folder_;
  World world_{"shop"};
  std::unique_ptr<chassis::db::Database> database_;
  std::unique_ptr<TimedBroker> broker_;
};

}  // namespace bench
