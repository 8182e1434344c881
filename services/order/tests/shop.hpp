#pragma once
// order-service among its participants, as a process that can be killed: database and broker outlive it, as files and a
// broker do. Time passes for all of them at once.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/subjects.hpp"
#include "services/order/tests/order_fixture.hpp"
#include "services/order/tests/participants.hpp"

namespace order_service {

// At which write of a process it dies, and whether that one is committed before.
struct Death {
  int at_write = 0;  // 0: it lives
  bool after_commit = false;
};

// The one database as one process has it. Once that process is dead, nothing that it does has any effect.
class MortalDatabase final : public chassis::db::Database {
 public:
  MortalDatabase(chassis::db::Database& kept, Death death, const bool& is_dead, std::function<void()> die)
      : kept_(kept), death_(death), is_dead_(is_dead), die_(std::move(die)) {}

  base::Task<base::Result<void>> write(base::Monotonic deadline, chassis::db::Work work) override {
    if (is_dead_) co_return gone();
    const bool is_last = ++writes_ == death_.at_write;
    if (is_last && !death_.after_commit) die_();
    if (is_dead_) co_return gone();
    auto done = co_await kept_.write(deadline, std::move(work));
    if (!is_last) co_return done;
    die_();
    co_return gone();
  }
  base::Task<base::Result<void>> read(base::Monotonic deadline, chassis::db::Work work) override {
    if (is_dead_) co_return gone();
    co_return co_await kept_.read(deadline, std::move(work));
  }
  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return kept_.ping(deadline); }

 private:
  static base::Error gone() { return base::fail(base::ErrorCode::unavailable, "the process is dead"); }

  chassis::db::Database& kept_;
  const Death death_;
  const bool& is_dead_;
  const std::function<void()> die_;
  int writes_ = 0;
};

class Shop {
 public:
  // `timeout_ms` is of each step.
  explicit Shop(std::string timeout_ms = "3000") : timeout_ms_(std::move(timeout_ms)), brokers_(clock_) {
    broker_ = brokers_.connect("nats://127.0.0.1:4222").value();
    start({});
    for (const std::string service : {"payment-service", "catalog-service"}) {
      chassis::broker::Stream stream{base::stream_name(service), {service + ".events.>"}};
      EXPECT_TRUE(world().ask(broker_->ensure_stream(soon(), std::move(stream))).value());
    }
  }

  chassis::testing::FakeEnvironment& world() { return process_->world; }
  Neighbours& neighbours() { return process_->neighbours; }

  // Kills the process and starts the next one; the broker was out of reach for the dead one.
  void start(Death death) {
    if (process_) {
      kill();
      process_.reset();
      brokers_.set(chassis::broker::MemoryBrokers::Health::up);
      clock_.since_start += std::chrono::seconds(1);
    }
    is_dead_ = false;
    process_ = std::make_unique<Process>(*this, death);
  }
  void kill() {
    is_dead_ = true;
    brokers_.set(chassis::broker::MemoryBrokers::Health::down);
  }
  bool is_dead() const { return is_dead_; }

  // Answer and status of one request to order-service; cancelling and placing take a key.
  base::http::Response post(const std::string& path, const std::string& body, const std::string& key) {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Idempotency-Key", key);
    return world().request("POST", path, body, headers);
  }
  std::string place(const std::string& key = "k-1") {
    const auto placed = post("/v2/orders", order_body(ann), key);
    EXPECT_EQ(placed.status, 201) << placed.body;
    return base::parse_json(placed.body).value()["id"];
  }
  base::Json order(const std::string& id) { return world().json("GET", "/v2/orders/" + id).second; }
  std::string status(const std::string& id) { return order(id)["status"]; }

  // In small steps, so that every clock shows the same; the participants do nothing meanwhile.
  void advance(std::chrono::milliseconds by) {
    for (constexpr std::chrono::milliseconds step{50}; by.count() > 0 && !is_dead_; by -= step) {
      world().advance(std::min(by, step));
      clock_.since_start = world().clock.since_start;
    }
  }
  // Everybody answers at once until nobody has anything left to say, or the process is dead; what could not be said
  // then is said the next time.
  void run() {
    for (int quiet = 0; quiet < 6 && !is_dead_; ++quiet) {
      advance(std::chrono::milliseconds(100));
      for (const auto& event : unheard()) {
        for (auto& said : participants.hear(event)) unsaid_.push_back(std::move(said));
      }
      for (; !unsaid_.empty() && !is_dead_ && publish(unsaid_.front()); quiet = 0) unsaid_.pop_front();
    }
  }

  // Events of order-service since the last time, oldest first.
  std::vector<base::Json> unheard() {
    std::vector<base::Json> fresh;
    const auto stored = events();
    for (; heard_ < stored.size(); ++heard_) fresh.push_back(base::parse_json(stored[heard_].body).value());
    return fresh;
  }
  std::vector<chassis::broker::Message> events() const { return brokers_.stored("ORDER-SERVICE"); }
  // Types of an order's events, oldest first, each event once.
  std::vector<std::string> told_of(const std::string& id) const {
    std::vector<std::string> types;
    std::set<std::string> seen;
    for (const auto& message : events()) {
      const auto event = base::parse_json(message.body).value();
      if (event["subject"] == id && seen.insert(event["id"]).second) types.push_back(event["type"]);
    }
    return types;
  }

  void say(const Said& said) { EXPECT_TRUE(publish(said)); }
  void deliver(const std::string& service, const std::string& type, const std::string& id, const std::string& body) {
    EXPECT_TRUE(publish(service, type, id, body));
  }

  Participants participants;

 private:
  // One life of order-service.
  struct Process final : chassis::db::Databases {
    Process(Shop& owner, Death the_death)
        : shop(owner),
          death(the_death),
          world(settings(owner.timeout_ms_)),
          neighbours(world),
          env{world.config, world.clock,   world.random, world.scheduler, world.http,     world.rpc,
              *this,        shop.brokers_, world.log,    world.metrics,   world.lifecycle} {
      world.clock.since_start = shop.clock_.since_start;
      world.start([this](chassis::Environment&) { return order_service::run(env); });
    }
    ~Process() override { world.stop(); }

    static chassis::Config settings(const std::string& timeout_ms) {
      auto made = config();
      made.states_secret = "0123456789abcdef";
      made.settings = chassis::Settings(
          {{"SAGA_PAYMENT_TIMEOUT_MS", timeout_ms}, {"SAGA_STOCK_TIMEOUT_MS", timeout_ms}, {"SAGA_RETRY_MS", "5000"}});
      return made;
    }
    base::Result<std::unique_ptr<chassis::db::Database>> open(
        const std::string& url, const std::vector<chassis::db::Migration>& migrations) override {
      if (!shop.database_) {
        TRY(shop.database_, shop.databases_.open(url, migrations));
      }
      return std::unique_ptr<chassis::db::Database>(
          std::make_unique<MortalDatabase>(*shop.database_, death, shop.is_dead_, [this] { shop.kill(); }));
    }

    Shop& shop;
    const Death death;
    chassis::testing::FakeEnvironment world;
    Neighbours neighbours;
    chassis::Environment env;
  };

  bool publish(const Said& said) {
    const auto id = base::uuid_v7(clock_, random_);
    const base::Json event{{"specversion", "1.0"},
                           {"id", id},
                           {"source", "/" + said.service},
                           {"type", said.type},
                           {"subject", said.order_id},
                           {"time", base::to_rfc3339(clock_.wall())},
                           {"datacontenttype", "application/json"},
                           {"dataschema", "urn:msctl:event:" + said.type + ":1"},
                           {"data", said.data}};
    return publish(said.service, said.type, id, base::dump_json(event));
  }
  bool publish(const std::string& service, const std::string& type, const std::string& id, const std::string& body) {
    std::vector<chassis::broker::Message> messages{{service + ".events." + type, id, {}, body}};
    const auto answers = world().ask(broker_->publish(soon(), std::move(messages))).value();
    return answers.front().has_value();
  }
  base::Monotonic soon() const { return clock_.monotonic() + std::chrono::seconds(5); }

  const std::string timeout_ms_;
  chassis::testing::FakeClock clock_;
  chassis::testing::SeededRandom random_;
  chassis::db::InlineSqlite databases_{clock_};
  std::unique_ptr<chassis::db::Database> database_;
  chassis::broker::MemoryBrokers brokers_;
  std::unique_ptr<chassis::broker::Broker> broker_;
  bool is_dead_ = false;
  std::size_t heard_ = 0;
  std::deque<Said> unsaid_;
  std::unique_ptr<Process> process_;
};

}  // namespace order_service
