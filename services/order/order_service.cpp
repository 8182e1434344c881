#include "services/order/order_service.hpp"

#include "services/catalog/proto/client.hpp"
#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/chassis/saga/saga.hpp"
#include "services/order/adapters/in/order_api.hpp"
#include "services/order/adapters/in/order_states.hpp"
#include "services/order/adapters/in/saga_events.hpp"
#include "services/order/adapters/out/order_saga.hpp"
#include "services/order/adapters/out/rpc_price_list.hpp"
#include "services/order/adapters/out/rpc_user_directory.hpp"
#include "services/order/adapters/out/sql_order_store.hpp"
#include "services/order/app/orders.hpp"
#include "services/user/proto/client.hpp"

namespace order_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql
const chassis::EventSchemas& consumed_schemas();   // generated from the publishers' events/*.schema.json
const chassis::EventSchemas& event_schemas();      // generated from events/*.schema.json

namespace {

struct SagaSettings {
  adapters::SagaTimes times;
  chassis::saga::Options options;
};

base::Result<SagaSettings> saga_settings(const chassis::Settings& settings) {
  constexpr std::chrono::milliseconds least{10};
  constexpr std::chrono::hours most{24};
  SagaSettings read;
  TRY(read.times.payment, settings.duration_ms("SAGA_PAYMENT_TIMEOUT_MS", read.times.payment, least, most));
  TRY(read.times.stock, settings.duration_ms("SAGA_STOCK_TIMEOUT_MS", read.times.stock, least, most));
  TRY(read.options.retry, settings.duration_ms("SAGA_RETRY_MS", read.options.retry, least, read.options.retry_cap));
  return read;
}

}  // namespace

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto settings, saga_settings(env.config.settings));
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));
  CO_TRY(const auto user_client, user_service::client::connect(env));
  CO_TRY(const auto catalog_client, catalog_service::client::connect(env));

  chassis::outbox::Relay relay(env, *database, *broker);
  const auto definition = adapters::order_saga(settings.times);
  adapters::OrderReaction reaction(env.clock, env.random, env.config.name, event_schemas(), definition);
  chassis::Saga saga(
      env, *database, definition, reaction, [&relay] { relay.wake(); }, settings.options);
  adapters::SqlOrderStore store(*database, saga);
  adapters::RpcUserDirectory users(*user_client);
  adapters::StatedUsers stated_users(users);
  adapters::RpcPriceList prices(*catalog_client);
  adapters::StatedPrices stated_prices(prices);
  app::Orders orders(env.clock, env.random, store, stated_users, stated_prices);
  chassis::Ledger ledger(env, *database);
  chassis::Consumer consumer(env, *broker);
  consumer.remember_in(ledger);
  consumer.check_with(consumed_schemas());
  adapters::add_answers(consumer, orders);
  chassis::Api api(env, "order.v1.OrderService");
  api.remember_in(ledger);
  api.operate("outbox", [&relay](base::Json request) { return relay.operate(std::move(request)); });
  api.operate("saga", [&saga](base::Json request) { return saga.operate(std::move(request)); });
  adapters::add_routes(api, orders);
  chassis::States states;
  adapters::StateParts parts{*database, store, orders, stated_users, stated_prices};
  adapters::add_states(states, parts);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  // Orders can be read without these, and placed without the broker: its events wait in the outbox.
  health.add({"broker", false, [&](base::Monotonic deadline) { return broker->ping(deadline); }});
  health.add({"user-service", false, [&](base::Monotonic deadline) { return user_client->ping(deadline); }});
  health.add({"catalog-service", false, [&](base::Monotonic deadline) { return catalog_client->ping(deadline); }});
  CO_TRY(consumer.start());  // before tasks that use what is here
  env.scheduler.spawn(relay.run());
  env.scheduler.spawn(ledger.run());
  env.scheduler.spawn(saga.run());
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace order_service
