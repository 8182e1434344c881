#include "supervisor/app/registrar.hpp"

#include "base/ids.hpp"

namespace app {
namespace {

using core::State;
using registry::Status;

Status status_of(State state) { return state == State::ready ? Status::passing : Status::critical; }

bool is_listed(State state) { return state == State::starting || state == State::ready || state == State::degraded; }

// The port that clients mean when they know of one only.
std::uint16_t main_port(const std::map<std::string, std::uint16_t>& ports) {
  const auto http = ports.find("http");
  if (http != ports.end()) return http->second;
  return ports.empty() ? 0 : ports.begin()->second;
}

registry::InstanceRegistration registration_of(const Instance& instance) {
  const spec::Service& service = instance.service();
  registry::InstanceRegistration one;
  one.id = service.instance;
  one.name = service.name;
  const auto ports = spec::public_ports(service);
  one.port = main_port(ports);
  one.tags = service.registration.tags;
  one.meta = service.registration.meta;
  for (const auto& [name, port] : ports) one.meta["port_" + name] = std::to_string(port);
  if (!service.version.empty()) one.meta["version"] = service.version;
  one.status = status_of(instance.state());
  return one;
}

ports::Question question_for(const registry::Question& asked) {
  ports::Question question;
  question.kind = asked.kind == registry::CheckKind::tcp ? spec::ProbeKind::tcp : spec::ProbeKind::http;
  question.port = asked.port;
  if (question.kind == spec::ProbeKind::http) question.text = asked.path;
  question.timeout = asked.timeout;
  return question;
}

}  // namespace

std::filesystem::path registry_token_path(const std::filesystem::path& state) {
  return state / "control" / "registry.token";
}

base::Result<std::unique_ptr<Registrar>> Registrar::open(boost::asio::io_context& io, const spec::Cluster& cluster,
                                                         const base::Clock& clock, base::Random& random,
                                                         ports::Prober& prober) {
  registry::Node node;
  node.id = base::uuid_v7(clock, random);
  std::unique_ptr<Registrar> made(new Registrar(clock, std::move(node)));
  registry::ServerOptions options;
  options.port = cluster.registry.port;
  options.port_given = cluster.registry.port_given;
  options.token_file = registry_token_path(cluster.state);
  options.book = cluster.state / "run" / "registry.json";
  options.ask = [&prober](const registry::Question& asked, std::function<void(registry::Answer)> callback) {
    prober.ask(question_for(asked), [callback = std::move(callback)](const ports::Answer& answer) {
      callback({answer.ok, answer.status, answer.body, answer.problem});
    });
  };
  options.refresh = [registrar = made.get()] { registrar->refresh(); };
  TRY(made->server_, registry::Server::open(io, made->catalog_, clock, random, std::move(options)));
  return made;
}

void Registrar::observe(const Instance& instance, bool gone) {
  if (instance.service().ports.empty()) return;
  if (gone) return catalog_.remove(instance.name());
  if (is_listed(instance.state())) {
    // Not each time: one that took itself off the list for a while stays off.
    if (instance.state() == State::starting || catalog_.find(instance.name()) == nullptr) {
      catalog_.put(registration_of(instance));
    }
    catalog_.set_health(instance.name(), status_of(instance.state()), instance.reason());
  } else {
    catalog_.remove(instance.name());
  }
}

void Registrar::refresh() {
  if (supervisor_ == nullptr) return;
  supervisor_->each([this](const Instance& instance) {
    if (!instance.service().ports.empty() && is_listed(instance.state())) {
      catalog_.set_health(instance.name(), status_of(instance.state()), instance.reason());
    }
  });
}

base::Task<> Registrar::close(std::chrono::milliseconds deadline) { co_await server_->close(deadline); }

}  // namespace app
