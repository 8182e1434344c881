#include "tests/bench/events/delivery.hpp"

#include <thread>

#include "base/ids.hpp"
#include "services/chassis/ledger/table.hpp"
#include "services/chassis/outbox/table.hpp"

namespace bench {

using namespace std::chrono_literals;
using base::Result;
using chassis::db::Transaction;

namespace {

constexpr int warm_up = 20;
constexpr int measured = 1'000;
constexpr int burst_events = 20'000;

std::string table(const char* name) { return std::string("CREATE TABLE ") + name + " (number INTEGER PRIMARY KEY);"; }

}  // namespace

Delivery::Delivery(const std::string& url, Raw& raw, const std::string& body) : raw_(raw), url_(url), body_(body) {
  const auto file = [&](const char* name) { return "sqlite:" + (folder_.path() / name).string(); };
  const auto outbox = std::string(chassis::outbox::table_sql());
  const auto ledger = std::string(chassis::ledger::table_sql());
  orders_ = need(shop_.databases.open(file("orders.db"), {{1, "orders", table("orders") + outbox}}));
  mailer_.config.publishers["order.placed"] = {shop_.config.name};
  mails_ = need(mailer_.databases.open(file("mails.db"), {{1, "mails", table("mails") + ledger}}));
}

base::Json Delivery::run() {
  std::thread other([this] { mailer_.start(consume()); });
  shop_.start(publish());
  other.join();
  return told_;
}

base::Task<Result<void>> Delivery::handle(Delivery& self, chassis::CallContext context,
                                          chassis::consumer::Event /*event*/, base::Json data) {
  const auto number = data.at("number").get<std::int64_t>();
  const auto deadline = context.deadline;
  chassis::db::Work work = [context = std::move(context), number](Transaction& tx) -> Result<void> {
    TRY(tx.exec("INSERT INTO mails (number) VALUES ($1)", {number}));
    return chassis::ledger::keep(tx, context);
  };
  CO_TRY(co_await self.mails_->write(deadline, std::move(work)));
  self.handled_at_ = Clock::now();
  ++self.handled_;
  co_return base::success();
}

base::Task<> Delivery::consume() {
  const auto broker = need(mailer_.brokers.connect(url_));
  chassis::Ledger ledger(mailer_.env, *mails_);
  chassis::Consumer consumer(mailer_.env, *broker);
  consumer.remember_in(ledger);
  consumer.on("order.placed", *this, &Delivery::handle);
  mailer_.scheduler.spawn(consumer.run());
  while (handled_ < warm_up + measured + burst_events) co_await mailer_.scheduler.sleep(20ms);
  co_await mailer_.stop();
}

base::Task<> Delivery::publish() {
  const auto broker = need(shop_.brokers.connect(url_));
  chassis::outbox::Relay relay(shop_.env, *orders_, *broker);
  shop_.scheduler.spawn(relay.run());
  co_await one_at_a_time(relay);
  co_await burst(relay);
  co_await shop_.stop();
}

base::Task<> Delivery::one_at_a_time(chassis::outbox::Relay& relay) {
  std::vector<double> raw;
  std::vector<double> ours;
  for (int number = 1; number <= warm_up + measured; ++number) {
    const auto raw_ms = raw_.deliver_one_ms();
    co_await place_orders(relay, number, number);
    co_await until_handled(number);
    if (number <= warm_up) continue;
    raw.push_back(raw_ms);
    ours.push_back(ms_between(placed_at_, handled_at_));
  }
  told_ = {{"events", measured}, {"raw", quantiles(std::move(raw))}, {"commit_to_commit", quantiles(std::move(ours))}};
}

base::Task<> Delivery::burst(chassis::outbox::Relay& relay) {
  const int before = handled_;
  co_await place_orders(relay, before + 1, before + burst_events);
  co_await until_handled(before + burst_events);
  told_["burst"] = {{"events", burst_events}, {"per_s", burst_events / ms_between(placed_at_, handled_at_) * 1'000}};
}

base::Task<> Delivery::place_orders(chassis::outbox::Relay& relay, int first, int last) {
  chassis::CallContext context;
  context.trace = chassis::continue_trace("", "", shop_.random);
  context.request_id = "r";
  std::vector<chassis::outbox::Event> events;
  for (int number = first; number <= last; ++number) {
    events.push_back({base::uuid_v7(the_clock, shop_.random),
                      "order.placed",
                      "/bookshop",
                      "o" + std::to_string(number),
                      base::to_rfc3339(the_clock.wall()),
                      "urn:msctl:event:order.placed:1",
                      {{"number", number}, {"text", body_}}});
  }
  chassis::db::Work work = [this, events = std::move(events), context](Transaction& tx) -> Result<void> {
    for (const auto& event : events) {
      TRY(tx.exec("INSERT INTO orders (number) VALUES ($1)", {event.data.at("number").get<std::int64_t>()}));
      TRY(chassis::outbox::append(tx, shop_.config.name, event, context));
    }
    return base::success();
  };
  auto placed = co_await orders_->write(the_clock.monotonic() + 60s, std::move(work));
  need(std::move(placed));
  placed_at_ = Clock::now();
  relay.wake();
}

base::Task<> Delivery::until_handled(int count) {
  for (const auto end = Clock::now() + 60s; handled_ < count;) {
    if (Clock::now() > end) die("event " + std::to_string(count) + " was not handled");
    co_await shop_.scheduler.sleep(1ms);
  }
}

}  // namespace bench
