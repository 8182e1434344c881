#include "services/order/order_service.hpp"

#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/order/adapters/in/order_api.hpp"
#include "services/order/adapters/in/order_states.hpp"
#include "services/order/adapters/out/rpc_user_directory.hpp"
#include "services/order/adapters/out/sql_order_store.hpp"
#include "services/order/app/orders.hpp"
#include "services/user/proto/client.hpp"

namespace order_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql
const chassis::EventSchemas& event_schemas();      // generated from events/*.schema.json

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));
  CO_TRY(const auto user_client, user_service::client::connect(env));

  chassis::outbox::Relay relay(env, *database, *broker);
  adapters::SqlOrderStore store(*database, env.clock, env.random, env.config.name, event_schemas(),
                                [&relay] { relay.wake(); });
  adapters::RpcUserDirectory users(*user_client);
  adapters::StatedUsers stated_users(users);
  app::Orders orders(env.clock, env.random, store, stated_users);
  chassis::Api api(env, "order.v1.OrderService");
  adapters::add_routes(api, orders);
  chassis::States states;
  adapters::StateParts parts{*database, store, orders, stated_users};
  adapters::add_states(states, parts);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  // Orders can be read without these, and placed without the broker: its events wait in the outbox.
  health.add({"broker", false, [&](base::Monotonic deadline) { return broker->ping(deadline); }});
  health.add({"user-service", false, [&](base::Monotonic deadline) { return user_client->ping(deadline); }});
  env.scheduler.spawn(relay.run());
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace order_service
