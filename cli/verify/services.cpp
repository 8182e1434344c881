#include "cli/verify/services.hpp"

#include <algorithm>

namespace verify {

std::uint16_t port_of(const spec::Service& service, const std::string& port) {
  const auto found = service.ports.find(port);
  return found == service.ports.end() ? std::uint16_t{0} : found->second;
}

std::vector<const spec::Service*> rest_services(const spec::Cluster& cluster) {
  std::vector<const spec::Service*> found;
  for (const auto& [name, service] : cluster.services) {
    const bool is_ours = service.source == spec::Source::command && port_of(service) != 0;
    if (is_ours && (service.gateway || !service.routes.empty())) found.push_back(&service);
  }
  return found;
}

const spec::Service* gateway_of(const spec::Cluster& cluster) {
  const auto found = std::find_if(cluster.services.begin(), cluster.services.end(),
                                  [](const auto& entry) { return entry.second.gateway && port_of(entry.second) != 0; });
  return found == cluster.services.end() ? nullptr : &found->second;
}

const spec::Service* routed(const spec::Cluster& cluster, const std::string& prefix) {
  for (const auto& [name, service] : cluster.services) {
    for (const auto& route : service.routes) {
      if (route.prefix == prefix && port_of(service) != 0) return &service;
    }
  }
  return nullptr;
}

base::Result<control::ServiceView> instance(World& world, const std::string& name) {
  TRY(const auto all, world.instances());
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  if (found == all.end()) return base::fail(base::ErrorCode::not_found, "there is no instance " + name);
  return *found;
}

base::Result<std::vector<control::ServiceView>> instances_of(World& world, const std::string& service) {
  TRY(auto all, world.instances());
  std::erase_if(all, [&](const auto& one) { return one.service != service; });
  return all;
}

base::Result<void> await_state(World& world, const std::string& name, const std::string& state, Ms patience) {
  std::string last = "not there";
  TRY(const bool came, wait_until(world, patience, [&] {
        const auto view = instance(world, name);
        if (view) last = view.value().state;
        return last == state;
      }));
  if (came) return base::success();
  return base::fail(base::ErrorCode::timeout,
                    name + " is " + last + ", not " + state + ", after " + std::to_string(patience.count()) + " ms");
}

base::Result<base::Json> body_of(const base::http::Response& response, const std::string& of_what) {
  auto body = base::parse_json(response.body);
  if (body && body.value().is_object()) return body;
  return base::fail(base::ErrorCode::malformed,
                    of_what + " got " + std::to_string(response.status) + " with a body that is no JSON object");
}

std::string text_of(const base::Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

base::http::Request get(const std::string& target) {
  base::http::Request request;
  request.target = target;
  return request;
}

base::http::Request post(const std::string& target, const base::Json& body) {
  base::http::Request request;
  request.method = "POST";
  request.target = target;
  request.headers.set("Content-Type", "application/json");
  request.body = base::dump_json(body);
  return request;
}

std::string in_words(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

}  // namespace verify
