#include "supervisor/app/plans.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <functional>

#include "supervisor/app/container.hpp"
#include "supervisor/app/workspace.hpp"
#include "supervisor/posix/program.hpp"

namespace app {
namespace {

namespace fs = std::filesystem;

// The cluster as the instance sees it: its own port numbers are those of `${port:NAME}`.
spec::Cluster seen_by(const spec::Cluster& cluster, const spec::Service& service) {
  spec::Cluster seen = cluster;
  seen.services[service.name] = service;
  return seen;
}

bool is_as_declared(const spec::Cluster& cluster, const spec::Service& service) {
  const auto found = cluster.services.find(service.name);
  return found != cluster.services.end() && found->second.ports == service.ports;
}

// Changes when the program was built anew.
std::string stamp_of(const std::string& program, const fs::path& folder) {
  struct stat info {};
  const fs::path path = folder / program;
  if (program.find('/') == std::string::npos || ::stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_size) + "@" + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec);
}

fs::path ports_file(const fs::path& state) { return state / "run" / "ports.json"; }

}  // namespace

FilePlans::FilePlans(std::shared_ptr<const spec::Cluster> cluster, std::vector<std::string> inherited,
                     ports::PortTable& port_table)
    : cluster_(std::move(cluster)), inherited_(std::move(inherited)), port_table_(port_table) {}

base::Result<ports::SpawnSpec> FilePlans::plan(const spec::Service& service) {
  for (const auto& [name, port] : service.ports) {
    if (port == 0) return base::fail(base::ErrorCode::unavailable, "no free port is left for `" + name + "`");
  }
  const bool declared = is_as_declared(*cluster_, service);
  const spec::Cluster seen = declared ? spec::Cluster() : seen_by(*cluster_, service);
  TRY(auto spawn, plan_spawn(declared ? *cluster_ : seen, service, inherited_));
  for (const auto& name : service.sockets) {
    const std::uint16_t port = service.ports.at(name);
    const auto socket = sockets_.open(service.name, name, port);
    if (!socket) {
      const auto owner = port_table_.owner(port);
      return owner ? base::fail(base::ErrorCode::unavailable, ports::describe_taken(port, name, *owner))
                   : socket.error();
    }
    spawn.sockets.push_back({name, socket.value()});
  }
  return spawn;
}

std::optional<ports::Question> FilePlans::precondition(const ports::SpawnSpec& spawn, const spec::Service& service) {
  if (service.source != spec::Source::image) return std::nullopt;
  return engine_question(spawn, cluster_->root);
}

std::optional<ports::Question> FilePlans::aftermath(const ports::SpawnSpec& spawn, const spec::Service& service) {
  if (service.source != spec::Source::image || spawn.argv.empty()) return std::nullopt;
  return container_removal(spawn, cluster_->root);
}

base::Result<std::string> FilePlans::resolve(const spec::Service& service, const std::string& text) {
  if (is_as_declared(*cluster_, service)) return spec::resolve(*cluster_, service.name, text);
  return spec::resolve(seen_by(*cluster_, service), service.name, text);
}

std::string FilePlans::digest(const spec::Service& service) {
  base::Json all = spec::service_config(*cluster_, service);
  base::Json command = base::Json::array();
  for (const auto& argument : service.command) {
    const auto text = resolve(service, argument);
    command.push_back(text ? text.value() : argument);
  }
  if (!command.empty()) all["program"] = stamp_of(command[0].get<std::string>(), service.folder);
  all["command"] = std::move(command);
  for (const auto& [name, value] : service.env) {
    const auto text = resolve(service, value);
    all["env"][name] = text ? text.value() : value;
  }
  all["image"] = service.image;
  all["folder"] = service.folder.string();
  all["ports"] = service.ports;
  all["sockets"] = service.sockets;
  all["resources"] = {service.resources.memory_bytes, service.resources.cpus, service.resources.open_files};
  return std::to_string(std::hash<std::string>{}(base::dump_json(all)));
}

base::Result<void> FilePlans::number_ports(spec::Service& service) {
  const bool all_known =
      std::all_of(service.ports.begin(), service.ports.end(), [](const auto& port) { return port.second != 0; });
  if (all_known) return base::success();
  spec::Cluster alone;
  alone.services[service.instance] = service;
  const auto before = remembered_ports(cluster_->state);
  TRY(spec::assign_free_ports(alone, before));
  service.ports = alone.services.at(service.instance).ports;
  auto remembered = before;
  for (const auto& [name, number] : service.ports) remembered[service.instance + "." + name] = number;
  return remembered == before ? base::success() : remember_ports(cluster_->state, remembered);
}

bool FilePlans::holds(const spec::Service& service, const std::string& port) {
  const auto number = service.ports.find(port);
  return number != service.ports.end() && sockets_.has(service.name, port, number->second);
}

base::Result<std::vector<MovedPort>> FilePlans::move_ports(const spec::Service& service) {
  spec::Cluster alone;  // finds ports that are free now
  alone.services[service.instance] = service;
  for (auto& [name, port] : alone.services[service.instance].ports) port = 0;
  TRY(spec::assign_free_ports(alone));
  std::vector<MovedPort> moved;
  for (const auto& [name, front] : service.ports) {
    MovedPort one{name, front, alone.services[service.instance].ports.at(name), -1};
    if (sockets_.has(service.name, name, front)) {
      one.fd = sockets_.release(service.name, name);
      const auto opened = sockets_.open(service.name, name, one.back);
      if (!opened) {
        moved.push_back(one);
        for (const auto& port : moved) {
          if (port.fd >= 0) move_back(service, port);
        }
        return opened.error();
      }
    }
    moved.push_back(one);
  }
  return moved;
}

void FilePlans::move_back(const spec::Service& service, const MovedPort& port) {
  const int copy = ::fcntl(port.fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return;  // then it is bound anew once the gate has closed it
  sockets_.forget(service.name, port.name);
  sockets_.adopt(service.name, port.name, copy);
}

void FilePlans::adopt_sockets(const std::string& service, std::vector<ports::HeldSocket> sockets) {
  for (const auto& socket : sockets) sockets_.adopt(service, socket.name, socket.fd);
}

spec::RememberedPorts remembered_ports(const fs::path& state) {
  spec::RememberedPorts ports;
  const auto json = base::parse_json(posix::read_small_file(ports_file(state).string()));
  if (!json || !json.value().is_object()) return ports;
  for (const auto& [name, number] : json.value().items()) {
    if (number.is_number_unsigned() && number.get<std::uint64_t>() < 65536) ports[name] = number.get<std::uint16_t>();
  }
  return ports;
}

base::Result<void> remember_ports(const fs::path& state, const spec::RememberedPorts& ports) {
  base::Json json = base::Json::object();
  for (const auto& [name, number] : ports) json[name] = number;
  return posix::replace_file(ports_file(state), base::dump_json(json) + "\n");
}

}  // namespace app
