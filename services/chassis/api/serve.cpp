#include "services/chassis/api/serve.hpp"

#include "services/chassis/api/entry.hpp"
#include "services/chassis/api/operations_door.hpp"

namespace chassis {
namespace {

// Of stop_grace, what is left at most for the last writes and for the process to end.
constexpr std::chrono::milliseconds exit_reserve{1'000};

// As often as a supervisor would ask.
constexpr std::chrono::milliseconds watch_interval{2'000};
constexpr std::chrono::milliseconds watch_interval_in_doubt{250};
constexpr int failures_until_not_ready = 3;  // in a row: a busy moment is no outage

std::string serving(const base::Json& ports) {
  std::string text = "serving";
  for (const auto& [name, number] : ports.items()) {
    text += (text.size() > 7 ? ", " : " ") + name + " on port " + number.dump();
  }
  return text;
}

// Says once whether what the service needs is there, and again whenever that has changed.
class Watch {
 public:
  Watch(Environment& env, const Health& health, base::Json ports)
      : env_(env), health_(health), ports_(std::move(ports)) {}

  base::Task<> first_look() {
    const auto missing = co_await health_.missing();
    missing.empty() ? good() : bad(missing);
  }

  base::Task<> run() {
    const auto signal = env_.scheduler.make_signal();
    for (int failures = 0; !env_.scheduler.shutting_down();) {
      co_await signal->wait(ready_ && failures == 0 ? watch_interval : watch_interval_in_doubt);
      if (env_.scheduler.shutting_down()) break;
      const auto missing = co_await health_.missing();
      failures = missing.empty() ? 0 : failures + 1;
      if (env_.scheduler.shutting_down()) break;
      if (missing.empty() && !ready_) good();
      if (failures >= failures_until_not_ready && ready_) bad(missing);
    }
  }

 private:
  void good() {
    ready_ = true;
    env_.lifecycle.ready(serving(ports_));
    base::Json fields{{"version", env_.config.version}};
    fields.update(ports_);
    env_.log.info("ready", fields);
  }
  void bad(const std::string& missing) {
    ready_ = false;
    env_.lifecycle.not_ready(missing);
    env_.log.warning("not ready", {{"missing", missing}});
  }

  Environment& env_;
  const Health& health_;
  base::Json ports_;
  bool ready_ = false;
};

base::Task<> drain_rpc(rpc::Server& server, base::Monotonic deadline) { co_await server.drain(deadline); }

}  // namespace

base::Task<base::Result<void>> serve(Environment& env, Health& health, HttpEntry::Inner inner, rpc::Methods methods,
                                     const States* states, const Operations* operations) {
  const Config& config = env.config;
  const auto http_port = config.ports.find("http");
  if (http_port == config.ports.end()) {
    co_return base::fail(base::ErrorCode::invalid, config.name + " needs a port named http in its service.yaml");
  }
  const HttpEntry entry(env, health, std::move(inner));
  const StatesDoor door(env, states);
  const OperationsDoor operations_door(env, operations);
  base::http::Handler handler = [&entry, &door, &operations_door](base::http::Request request) {
    if (operations_door.takes(request)) return operations_door.answer(std::move(request));
    return door.takes(request) ? door.answer(std::move(request)) : entry.handle(std::move(request));
  };
  const base::http::ErrorBody refuse = [&entry](int status, std::string_view detail, const base::http::Request& got) {
    return entry.refuse(status, detail, got);
  };
  CO_TRY(const auto http,
         env.http.serve(config.bind, http_port->second, server_limits(config), std::move(handler), refuse));
  std::unique_ptr<rpc::Server> rpc;
  if (const auto port = config.ports.find("grpc"); port != config.ports.end() && !methods.empty()) {
    CO_TRY(auto server, env.rpc.serve(config.bind, port->second, std::move(methods)));
    rpc = std::move(server);
  }

  health.started();
  base::Json ports{{"http", http->port()}};
  if (rpc) ports["grpc"] = rpc->port();
  Watch watch(env, health, std::move(ports));
  co_await watch.first_look();
  if (health.needs_anything()) env.scheduler.spawn(watch.run());

  co_await env.scheduler.shutdown_requested();
  health.draining();
  env.lifecycle.stopping();
  env.log.info("stopping");
  const auto limit = config.stop_grace - std::min(exit_reserve, config.stop_grace / 4);
  if (rpc) env.scheduler.spawn(drain_rpc(*rpc, env.clock.monotonic() + limit));  // both at once
  co_await http->drain(limit);
  co_await env.scheduler.join();
  env.log.info("stopped");
  co_return base::success();
}

base::Task<base::Result<void>> serve(Environment& env, Health& health, const Api& api, const States* states) {
  HttpEntry::Inner inner = [&api](CallContext context, base::http::Request request) {
    return api.handle(std::move(context), std::move(request));
  };
  return serve(env, health, std::move(inner), api.rpc_methods(), states, &api.operations());
}

}  // namespace chassis
