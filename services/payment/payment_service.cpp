#include "services/payment/payment_service.hpp"

#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/payment/adapters/in/order_events.hpp"
#include "services/payment/adapters/in/payment_api.hpp"
#include "services/payment/adapters/in/payment_states.hpp"
#include "services/payment/adapters/in/worker.hpp"
#include "services/payment/adapters/out/legacy/provider.hpp"
#include "services/payment/adapters/out/sql_job_store.hpp"
#include "services/payment/adapters/out/sql_payment_store.hpp"
#include "services/payment/app/collector.hpp"
#include "services/payment/app/payments.hpp"

namespace payment_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql
const chassis::EventSchemas& consumed_schemas();   // generated from the publishers' events/*.schema.json
const chassis::EventSchemas& event_schemas();      // generated from events/*.schema.json

namespace {

// What people may tune, under env in service.yaml.
struct Tuning {
  app::Collector::Options collector;
  adapters::Worker::Options worker;
};

base::Result<Tuning> tuning_of(const chassis::Config& config) {
  using std::chrono::milliseconds;
  const auto call = config.calls.contains("legacy-payments") ? config.calls.at("legacy-payments").timeout
                                                             : chassis::CallConfig().timeout;
  const auto& settings = config.settings;
  const milliseconds hour{3'600'000};
  Tuning tuning;
  // The provider may act as long as we wait for it.
  TRY(tuning.collector.attempt,
      settings.duration_ms("PAYMENT_ATTEMPT_VALID_MS", call, milliseconds(50), milliseconds(60'000)));
  auto& backoff = tuning.collector.backoff;
  TRY(backoff.first, settings.duration_ms("PAYMENT_BACKOFF_MS", backoff.first, milliseconds(1), hour));
  TRY(backoff.cap, settings.duration_ms("PAYMENT_BACKOFF_CAP_MS", backoff.cap, backoff.first, hour));
  TRY(tuning.worker.parallel, settings.number("PAYMENT_PARALLEL", tuning.worker.parallel, 1, 1'000));
  // A search, a demand and what is written in between.
  TRY(tuning.worker.lease,
      settings.duration_ms("PAYMENT_LEASE_MS", call * 2 + milliseconds(3'000), milliseconds(1'000), hour));
  tuning.worker.longest_pause = std::max({tuning.worker.lease, backoff.cap, tuning.collector.attempt});
  return tuning;
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto tuning, tuning_of(env.config));
  CO_TRY(const auto provider, legacy::LegacyProvider::connect(env));
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));

  chassis::outbox::Relay relay(env, *database, *broker);
  const auto work = env.scheduler.make_signal();
  const auto committed = [&relay, &work] {
    relay.wake();
    work->set();
  };
  const adapters::PaymentTable table(env.clock, env.random, env.config.name, event_schemas());
  adapters::SqlPaymentStore store(*database, table, committed);
  adapters::SqlJobStore jobs(*database, table, env.random, committed);
  app::Payments payments(env.clock, env.random, store);
  app::Collector collector(env.clock, env.random, jobs, *provider, tuning.collector);
  adapters::Worker worker(env, jobs, collector, *work, tuning.worker);

  chassis::Ledger ledger(env, *database);
  chassis::Consumer consumer(env, *broker);
  consumer.remember_in(ledger);
  consumer.check_with(consumed_schemas());
  consumer.on("order.placed", payments, adapters::on_order_placed);
  consumer.on("order.refund_requested", payments, adapters::on_refund_requested);
  chassis::Api api(env, "payment.v1.PaymentService");
  api.remember_in(ledger);
  api.operate("outbox", [&relay](base::Json request) { return relay.operate(std::move(request)); });
  adapters::add_routes(api, payments);
  chassis::States states;
  adapters::add_states(states, {*database, jobs});

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  // Payments can be taken and read without these: they wait in the database.
  health.add({"broker", false, [&](base::Monotonic deadline) { return broker->ping(deadline); }});
  health.add({"legacy-payments", false, [&](base::Monotonic deadline) { return provider->ping(deadline); }});
  CO_TRY(consumer.start());  // before tasks that use what is here
  env.scheduler.spawn(relay.run());
  env.scheduler.spawn(ledger.run());
  env.scheduler.spawn(worker.run());
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace payment_service
