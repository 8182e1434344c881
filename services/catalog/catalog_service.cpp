#include "services/catalog/catalog_service.hpp"

#include "services/catalog/adapters/in/catalog_api.hpp"
#include "services/catalog/adapters/in/catalog_states.hpp"
#include "services/catalog/adapters/in/order_events.hpp"
#include "services/catalog/adapters/out/sql_reservation_store.hpp"
#include "services/catalog/adapters/out/sql_sku_store.hpp"
#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/outbox/outbox.hpp"

namespace catalog_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql
const chassis::EventSchemas& consumed_schemas();   // generated from the publishers' events/*.schema.json
const chassis::EventSchemas& event_schemas();      // generated from events/*.schema.json

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));

  chassis::outbox::Relay relay(env, *database, *broker);
  adapters::StockDatabase stock(*database, env.metrics);
  adapters::SqlSkuStore sku_store(stock);
  adapters::SqlReservationStore reservation_store(stock, env.clock, env.random, env.config.name, event_schemas(),
                                                  [&relay] { relay.wake(); });
  app::Skus skus(env.clock, sku_store);
  app::Reservations reservations(env.clock, reservation_store);
  chassis::Ledger ledger(env, *database);
  chassis::Api api(env, "catalog.v1.CatalogService");
  api.remember_in(ledger);
  api.operate("outbox", [&relay](base::Json request) { return relay.operate(std::move(request)); });
  adapters::add_routes(api, skus, reservations);
  chassis::Consumer consumer(env, *broker);
  consumer.remember_in(ledger);
  consumer.check_with(consumed_schemas());
  adapters::add_handlers(consumer, reservations);
  chassis::States states;
  adapters::StateParts parts{*database, skus, reservations, env.clock, env.random};
  adapters::add_states(states, parts);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  // Prices and stock can be read without the broker; orders wait there, and answers in the outbox.
  health.add({"broker", false, [&](base::Monotonic deadline) { return broker->ping(deadline); }});
  CO_TRY(consumer.start());  // before tasks that use what is here
  env.scheduler.spawn(relay.run());
  env.scheduler.spawn(ledger.run());
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace catalog_service
