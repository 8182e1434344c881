#include "supervisor/app/workspace.hpp"

#include <map>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "supervisor/app/container.hpp"
#include "supervisor/spec/port_variable.hpp"

namespace app {
namespace fs = std::filesystem;

base::Result<void> make_workspace(const fs::path& state) {
  std::vector<fs::path> folders{state,          state / "run",     state / "run" / "keepers",
                                state / "logs", state / "control", state / "data"};
  // A project's folder lies within that of the cluster.
  if (state.parent_path().filename() == "projects") {
    folders.insert(folders.begin(), {state.parent_path().parent_path(), state.parent_path()});
  }
  for (const auto& folder : folders) {
    TRY(posix::make_private_folder(folder));
  }
  return base::success();
}

base::Result<void> hide_from_git(const fs::path& state) { return posix::replace_file(state / ".gitignore", "*\n"); }

base::Result<posix::Descriptor> lock_workspace(const fs::path& state) {
  return posix::lock_file(state / "control" / "supervisor.lock");
}

fs::path keepers_path(const fs::path& state) { return state / "run" / "keepers"; }

fs::path launch_path(const fs::path& state) { return state / "run" / "launch.json"; }

fs::path book_path(const fs::path& state) { return state / "run" / "instances.json"; }

fs::path log_path(const fs::path& state, const std::string& service) { return state / "logs" / (service + ".log"); }

namespace {

// Opens the test-only door of chassis services to provider states. The same as long as the folder lives, since
// processes outlive a supervisor. Rendered configurations come from spec::service_config alone and never have it.
base::Result<std::string> states_secret(const fs::path& state) {
  constexpr std::size_t bytes = 24;
  const fs::path file = state / "control" / "states.secret";
  if (auto kept = posix::read_small_file(file.string()); kept.size() == 2 * bytes) return kept;
  base::SystemRandom random;
  auto made = base::random_hex(random, bytes);
  TRY(posix::replace_file(file, made));
  return made;
}

}  // namespace

base::Result<ports::SpawnSpec> plan_spawn(const spec::Cluster& cluster, const spec::Service& service,
                                          const std::vector<std::string>& inherited) {
  std::map<std::string, std::string> env;
  for (const auto& entry : inherited) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) env[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  // What whoever started the supervisor was told by its own supervisor is not meant for services.
  for (const char* name :
       {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    env.erase(name);
  }
  if (service.live && service.live->kind == spec::ProbeKind::notify) {
    env["WATCHDOG_USEC"] = std::to_string(service.live->timeout.count() * 1000);
  }
  const fs::path config = cluster.state / "run" / (service.instance + ".json");
  for (const auto& [name, port] : service.ports) env[spec::port_variable(name)] = std::to_string(port);
  env["MSCTL_SERVICE"] = service.name;
  env["MSCTL_INSTANCE"] = service.instance;
  env["MSCTL_CONFIG"] = config.string();
  if (cluster.registry.enabled) {
    // As every client of Consul reads them.
    env["CONSUL_HTTP_ADDR"] = "127.0.0.1:" + std::to_string(cluster.registry.port);
    env["CONSUL_HTTP_TOKEN_FILE"] = (cluster.state / "control" / "registry.token").string();
  }
  env["MSCTL_STATE"] = cluster.state.string();
  for (const auto& [name, value] : service.env) {
    TRY(env[name], spec::resolve(cluster, service.name, value));
  }

  ports::SpawnSpec spawn;
  spawn.service = service.name;
  spawn.instance = service.instance;
  spawn.logs = service.logs;
  spawn.resources = service.resources;
  spawn.folder = service.folder;
  spawn.log = log_path(cluster.state, service.instance);
  std::error_code none_yet;
  const auto size = fs::file_size(spawn.log, none_yet);
  spawn.log_from = none_yet ? 0 : size;
  if (service.source == spec::Source::image) {
    TRY(spawn.argv, container_command(cluster, service, env));
  }
  for (const auto& argument : service.command) {
    TRY(std::string value, spec::resolve(cluster, service.name, argument));
    spawn.argv.push_back(std::move(value));
  }
  for (const auto& [name, value] : env) spawn.env.push_back(name + "=" + value);
  TRY(const std::string data, spec::resolve(cluster, service.name, "${dir:data}"));
  TRY(posix::make_private_folder(data));
  base::Json told = spec::service_config(cluster, service);
  TRY(told["provider_states"]["secret"], states_secret(cluster.state));
  TRY(posix::replace_file(config, base::dump_json_pretty(told) + "\n"));
  return spawn;
}

}  // namespace app
