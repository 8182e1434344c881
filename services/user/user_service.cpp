#include "services/user/user_service.hpp"

#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/user/adapters/in/user_api.hpp"
#include "services/user/adapters/in/user_states.hpp"
#include "services/user/adapters/out/argon2_hasher.hpp"
#include "services/user/adapters/out/sql_user_store.hpp"
#include "services/user/app/users.hpp"

namespace user_service {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto database, env.databases.open(env.config.database_url, migrations()));
  adapters::SqlUserStore store(*database);
  adapters::Argon2Hasher hasher(env.scheduler, env.random);
  app::Users users(env.clock, env.random, store, hasher);
  chassis::Api api(env, "user.v1.UserService");
  adapters::add_routes(api, users);
  chassis::States states;
  adapters::add_states(states, *database, store, hasher);

  chassis::Health health(env.config, env.clock);
  health.add({"database", true, [&](base::Monotonic deadline) { return database->ping(deadline); }});
  co_return co_await chassis::serve(env, health, api, &states);
}

}  // namespace user_service
