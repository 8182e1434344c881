// A service that hears of thing.made and logs what it read. Built twice: event-reader-old knows version 1 of the event,
// event-reader-new both. For tests/functional/test_event_governance.py.
#include "services/chassis/api/api.hpp"
#include "services/chassis/api/serve.hpp"
#include "services/chassis/consumer/consumer.hpp"
#include "services/chassis/host/run_service.hpp"

namespace reader {

const chassis::EventSchemas& consumed_schemas();  // generated from consumes/*.schema.json

namespace {

constexpr auto event_type = "thing.made";

struct App {
  chassis::Log& log;
};

base::Task<base::Result<void>> on_thing_made(App& app, chassis::CallContext, chassis::consumer::Event event,
                                             base::Json data) {
  app.log.info("heard", {{"id", event.id}, {"schema", event.data_schema}, {"data", std::move(data)}});
  co_return base::success();
}

// Version 2 has a size of its own unit in place of millimetres.
base::Result<base::Json> with_unit(base::Json data) {
  const base::Json size{{"value", data.at("size_mm")}, {"unit", "mm"}};
  data.erase("size_mm");
  data["size"] = size;
  return data;
}

base::Task<base::Result<void>> run(chassis::Environment& env) {
  CO_TRY(const auto broker, env.brokers.connect(env.config.broker_url));
  App app{env.log};
  chassis::Consumer consumer(env, *broker);
  consumer.check_with(consumed_schemas());
  if (consumed_schemas().versions_of(event_type).contains(2)) consumer.upcast(event_type, 1, with_unit);
  consumer.on(event_type, app, on_thing_made);
  CO_TRY(consumer.start());

  chassis::Health health(env.config, env.clock);
  health.add({"broker", false, [&](base::Monotonic by) { return broker->ping(by); }});
  const chassis::Api no_routes(env, "");  // its port is for health and metrics
  co_return co_await chassis::serve(env, health, no_routes);
}

}  // namespace
}  // namespace reader

int main(int argc, char** argv) { return chassis::run_service(argc, argv, reader::run); }
