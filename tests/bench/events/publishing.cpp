#include "tests/bench/events/publishing.hpp"

#include "services/chassis/outbox/store.hpp"
#include "services/chassis/outbox/table.hpp"
#include "tests/bench/events/cost.hpp"

namespace bench {

using namespace std::chrono_literals;
using chassis::db::Transaction;

namespace {

constexpr int aggregates = 1'000;
constexpr std::int64_t few = 20'000;  // rows: what many are compared with
constexpr int portions = 30;

// One thing measured several times.
class Series {
 public:
  explicit Series(pid_t server) : server_(server), meter_(server) {}
  void begin() { meter_ = Meter(server_); }
  void end(int events) {
    const auto cost = meter_.read();
    per_s_.push_back(events / cost.wall_s);
    cpu_us_.push_back(cost.cpu_s / events * 1e6);
  }
  base::Json told() const { return {{"per_s", median(per_s_)}, {"cpu_us", median(cpu_us_)}}; }

 private:
  pid_t server_;
  Meter meter_;
  std::vector<double> per_s_;
  std::vector<double> cpu_us_;
};

}  // namespace

// Notes when the broker has acknowledged.
class Publishing::TimedBroker final : public chassis::broker::Broker {
 public:
  using Stored = chassis::broker::Stored;
  explicit TimedBroker(std::unique_ptr<chassis::broker::Broker> inner) : inner_(std::move(inner)) {}
  base::Task<base::Result<void>> ensure_stream(base::Monotonic deadline, chassis::broker::Stream stream) override {
    return inner_->ensure_stream(deadline, std::move(stream));
  }
  base::Task<base::Result<std::uint64_t>> last_sequence(base::Monotonic deadline, std::string stream) override {
    return inner_->last_sequence(deadline, std::move(stream));
  }
  base::Task<base::Result<std::vector<std::string>>> subjects(base::Monotonic deadline, std::string pattern) override {
    return inner_->subjects(deadline, std::move(pattern));
  }
  std::uint64_t connections() const override { return inner_->connections(); }
  base::Task<std::vector<base::Result<Stored>>> publish(base::Monotonic deadline,
                                                        std::vector<chassis::broker::Message> messages) override {
    auto answers = co_await inner_->publish(deadline, std::move(messages));
    for (const auto& answer : answers) stored += answer ? 1 : 0;
    stored_at = Clock::now();
    co_return answers;
  }
  std::unique_ptr<chassis::broker::Subscriber> subscribe(chassis::broker::Subscription subscription) override {
    return inner_->subscribe(std::move(subscription));
  }
  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return inner_->ping(deadline); }

  std::int64_t stored = 0;
  Clock::time_point stored_at;

 private:
  std::unique_ptr<chassis::broker::Broker> inner_;
};

Publishing::Publishing(Peer peer, const std::string& body, Sizes sizes)
    : peer_(std::move(peer)), body_(body), sizes_(sizes) {
  const std::vector<chassis::db::Migration> migrations{{1, "outbox", std::string(chassis::outbox::table_sql())}};
  database_ = need(world_.databases.open("sqlite:" + (folder_.path() / "shop.db").string(), migrations));
  broker_ = std::make_unique<TimedBroker>(need(world_.brokers.connect(peer_.url)));
}

Publishing::~Publishing() = default;

base::Json Publishing::run() {
  world_.start(measure(true));
  return told_;
}

base::Json Publishing::run_throughput() {
  world_.start(measure(false));
  return told_;
}

base::Task<> Publishing::measure(bool with_all) {
  while (!co_await broker_->ping(the_clock.monotonic() + 1s)) co_await world_.scheduler.sleep(20ms);
  if (with_all) co_await flat();
  chassis::outbox::Relay relay(world_.env, *database_, *broker_);
  world_.scheduler.spawn(relay.run());
  co_await world_.scheduler.sleep(500ms);
  co_await throughput(relay);
  if (with_all) co_await latency(relay);
  co_await world_.stop();
}

base::Task<std::int64_t> Publishing::sql(std::string text) {
  std::function<base::Result<std::int64_t>(Transaction&)> work = [text](Transaction& tx) -> base::Result<std::int64_t> {
    TRY(const auto rows, tx.exec(text));
    return rows.rows.empty() ? std::int64_t{0} : rows.rows.front().integer(0);
  };
  auto done = co_await database_->write<std::int64_t>(the_clock.monotonic() + 300s, std::move(work));
  co_return need(std::move(done));
}
base::Task<> Publishing::add(std::int64_t count, std::string aggregate) {
  const auto first = std::to_string(next_);
  next_ += count;
  co_await sql("WITH RECURSIVE numbers (n) AS (SELECT " + first + " UNION ALL SELECT n + 1 FROM numbers WHERE n < " +
               std::to_string(next_ - 1) +
               ") INSERT INTO outbox_event (event_id, aggregate, subject, traceparent, tracestate, request_id, body,"
               " created_at) SELECT 'shop-' || n, " +
               aggregate +
               ", 'shop.events.order.placed', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '', 'r', '" +
               body_ + "', '2026-11-21T00:00:00.000Z' FROM numbers");
  co_await sql("INSERT INTO outbox_queue (id, aggregate) SELECT id, aggregate FROM outbox_event WHERE id > " +
               std::to_string(queued_));
  queued_ = co_await sql("SELECT max(id) FROM outbox_event");
}

base::Task<> Publishing::clear() {
  for (const char* table : {"outbox_queue", "outbox_sent", "outbox_event"}) {
    co_await sql(std::string("DELETE FROM ") + table);
  }
}

// What a relay does again and again, whatever waits: to read in order, or by aggregate as soon as something must wait.
base::Task<> Publishing::flat() {
  struct Shape {
    std::string name;
    std::int64_t rows;
    std::string aggregate;
    std::string then;
  };
  const std::vector<Shape> shapes{
      {"10 rows", 10, "'a' || n", ""},
      {"of as many aggregates", few, "'a' || n", ""},
      {"of as many aggregates", sizes_.backlog, "'a' || n", ""},
      {"of one aggregate", sizes_.backlog, "'a'", ""},
      {"of one aggregate behind a parked one, and 10 others", sizes_.backlog, "'a'",
       "UPDATE outbox_queue SET parked_at = 'x' WHERE id = (SELECT min(id) FROM outbox_queue)"},
  };
  chassis::outbox::Store store(*database_, the_clock, false);
  for (const auto& shape : shapes) {
    co_await clear();
    co_await add(shape.rows, shape.aggregate);
    if (!shape.then.empty()) {
      co_await sql(shape.then);
      co_await add(10, "'b' || n");
    }
    std::vector<double> took;
    for (int i = 0; i < 200; ++i) {
      chassis::outbox::Scan scan{"", 10, 10, 0};
      const chassis::outbox::Stretch stretch{0, 10, 0};
      const auto start = Clock::now();
      auto reading = shape.then.empty() ? store.read(stretch) : store.read(std::move(scan));
      const auto portion = co_await std::move(reading);
      took.push_back(ms_between(start, Clock::now()));
      if (!portion || portion.value().rows.empty()) die("nothing was read");
    }
    base::Json one{{"backlog", shape.rows}, {"shape", shape.name}};
    one["read_10_ms"] = quantiles(std::move(took));
    if (shape.rows >= few && shape.then.empty()) one["portion_ms"] = co_await take_portions(store);
    told_["flat"].push_back(std::move(one));
  }
  co_await clear();
}

// The oldest rows, a batch at a time, each read and marked.
base::Task<base::Json> Publishing::take_portions(chassis::outbox::Store& store) {
  const std::string owner = "bench";
  std::vector<double> took;
  for (int i = -1; i < portions; ++i) {
    const chassis::outbox::Stretch stretch{0, chassis::outbox::Relay::batch, 0};
    const auto start = Clock::now();
    auto read = co_await store.read(stretch);
    const auto portion = need(std::move(read));
    chassis::outbox::Settlement settlement;
    for (const auto& row : portion.rows) settlement.sent.push_back({row.id, row.id});
    auto settled = i < 0 ? store.take(portion.lease, owner) : store.settle(owner, std::move(settlement));
    auto done = co_await std::move(settled);
    if (!need(std::move(done))) die("the lease was not had");
    if (i >= 0) took.push_back(ms_between(start, Clock::now()));
  }
  co_await sql("UPDATE outbox_relay SET owner = '', last_sequence = 0");
  co_return quantiles(std::move(took));
}

// Marked as well: until nothing waits in the table.
base::Task<> Publishing::until_sent() {
  for (;;) {
    std::function<base::Result<bool>(Transaction&)> look = [](Transaction& tx) -> base::Result<bool> {
      TRY(const auto rows, tx.exec("SELECT 1 FROM outbox_queue LIMIT 1"));
      return rows.rows.empty();
    };
    auto done = co_await database_->read<bool>(the_clock.monotonic() + 10s, std::move(look));
    if (need(std::move(done))) co_return;
    co_await world_.scheduler.sleep(5ms);
  }
}

base::Task<> Publishing::throughput(chassis::outbox::Relay& relay) {
  Series raw(peer_.server);
  Series relayed(peer_.server);
  Series relayed_one(peer_.server);
  for (int i = 0; i < sizes_.rounds; ++i) {
    raw.begin();
    peer_.publish(sizes_.events);
    raw.end(sizes_.events);
    co_await add(sizes_.events, "'a' || (n % " + std::to_string(aggregates) + ")");
    relayed.begin();
    relay.wake();
    co_await until_sent();
    relayed.end(sizes_.events);
    co_await add(sizes_.events / 10, "'one'");
    relayed_one.begin();
    relay.wake();
    co_await until_sent();
    relayed_one.end(sizes_.events / 10);
  }
  told_["throughput"] = {{"events", sizes_.events},
                         {"aggregates", aggregates},
                         {"raw", raw.told()},
                         {"relay", relayed.told()},
                         {"relay_one_aggregate", relayed_one.told()}};
}

// From the answer of the transaction until the broker's answer; against a publication that waits for its own.
base::Task<> Publishing::latency(chassis::outbox::Relay& relay) {
  std::vector<double> raw;
  std::vector<double> relayed;
  for (int i = 0; i < 500; ++i) {
    raw.push_back(peer_.publish_one_ms());
    const auto before = broker_->stored;
    co_await add(1, "'a' || n");
    const auto start = Clock::now();
    relay.wake();
    while (broker_->stored == before) co_await world_.scheduler.sleep(1ms);
    relayed.push_back(ms_between(start, broker_->stored_at));
  }
  told_["latency_ms"] = {{"raw_publish", quantiles(std::move(raw))},
                         {"commit_to_stored", quantiles(std::move(relayed))}};
}

}  // namespace bench
