#include "services/chassis/api/serve.hpp"

#include "services/chassis/api/entry.hpp"

namespace chassis {
namespace {

// Of stop_grace, what is left for the last writes and for the process to end.
constexpr std::chrono::milliseconds exit_reserve{1'000};

}  // namespace

base::Task<base::Result<void>> serve(Environment& env, Health& health, HttpEntry::Inner inner, rpc::Methods methods) {
  const Config& config = env.config;
  const auto http_port = config.ports.find("http");
  if (http_port == config.ports.end()) {
    co_return base::fail(base::ErrorCode::invalid, config.name + " needs a port named http in its service.yaml");
  }
  const HttpEntry entry(env, health, std::move(inner));
  base::http::Handler handler = [&entry](base::http::Request request) { return entry.handle(std::move(request)); };
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
  env.lifecycle.ready();
  base::Json ports{{"version", config.version}, {"http", http->port()}};
  if (rpc) ports["grpc"] = rpc->port();
  env.log.info("ready", ports);

  co_await env.scheduler.shutdown_requested();
  health.draining();
  env.lifecycle.stopping();
  env.log.info("stopping");
  const auto limit = std::max(config.stop_grace - exit_reserve, exit_reserve);
  const auto deadline = env.clock.monotonic() + limit;
  co_await http->drain(limit);
  if (rpc) co_await rpc->drain(deadline);
  co_await env.scheduler.join();
  env.log.info("stopped");
  co_return base::success();
}

base::Task<base::Result<void>> serve(Environment& env, Health& health, const Api& api) {
  HttpEntry::Inner inner = [&api](CallContext context, base::http::Request request) {
    return api.handle(std::move(context), std::move(request));
  };
  return serve(env, health, std::move(inner), api.rpc_methods());
}

}  // namespace chassis
