#include "services/legacy_payments/legacy_payments_service.hpp"

#include "services/legacy_payments/adapters/in/counter.hpp"
#include "services/legacy_payments/adapters/in/lab_form.hpp"
#include "services/legacy_payments/adapters/out/sql_journal.hpp"

namespace legacy_payments {

std::vector<chassis::db::Migration> migrations();  // generated from migrations/*.sql

base::Task<base::Result<void>> run(chassis::Environment& env) {
  const auto& config = env.config;
  CO_TRY(auto lab, adapters::lab_of(config.settings));
  const auto port = config.ports.find("http");
  if (port == config.ports.end()) {
    co_return base::fail(base::ErrorCode::invalid, config.name + " needs a port named http in its service.yaml");
  }
  CO_TRY(const auto database, env.databases.open(config.database_url, migrations()));
  adapters::SqlJournal journal(*database, env.clock);
  adapters::Counter counter(env, journal, std::move(lab));

  base::http::ServerLimits limits;
  limits.body_bytes = config.body_bytes;
  limits.connections = config.connections;
  base::http::Handler handler = [&counter](base::http::Request request) { return counter.handle(std::move(request)); };
  CO_TRY(const auto http,
         env.http.serve(config.bind, port->second, limits, std::move(handler), adapters::Counter::refuse));
  env.lifecycle.ready("serving http on port " + std::to_string(http->port()));
  env.log.info("ready", {{"version", config.version}, {"http", http->port()}});

  co_await env.scheduler.shutdown_requested();
  env.lifecycle.stopping();
  env.log.info("stopping");
  co_await http->drain(config.stop_grace / 2);
  co_await env.scheduler.join();
  env.log.info("stopped");
  co_return base::success();
}

}  // namespace legacy_payments
