#include <cmath>

#include "cli/render/service_model.hpp"

namespace render {
namespace {

using base::Json;

// Whether the environment's file limits that, for all or for this service.
bool is_limited(const Environment& environment, const std::string& service, const char* what) {
  const Json::json_pointer at(std::string("/resources/limits/") + what);
  const Json& defaults = environment.get("defaults");
  const Json& services = environment.get("services");
  if (defaults.is_object() && defaults.contains(at)) return true;
  return services.is_object() && services.contains(service) && services[service].contains(at);
}

}  // namespace

Json resources_model(const Around& around, const spec::Service& service, const Json& settings) {
  Json resources = settings["resources"];
  const auto limit = [&](const char* what, long long own, long long requested, const std::string& text) {
    if (own <= 0 || is_limited(around.environment, service.name, what)) return;
    resources["limits"][what] = text;
    if (requested > own) resources["requests"][what] = text;
  };
  const long long cpus = std::llround(service.resources.cpus * 1000);
  const long long memory = service.resources.memory_bytes;
  limit("cpu", cpus, millicores(resources["requests"]["cpu"].get<std::string>()), std::to_string(cpus) + "m");
  limit("memory", memory, bytes_of(resources["requests"]["memory"].get<std::string>()), std::to_string(memory));

  const long long cores = millicores(resources["limits"]["cpu"].get<std::string>());
  return {{"resources", resources},
          {"limit_cpus", std::to_string(cores / 1000) + "." + std::to_string(1000 + cores % 1000).substr(1)},
          {"limit_bytes", bytes_of(resources["limits"]["memory"].get<std::string>())},
          {"open_files", service.resources.open_files > 0 ? Json(service.resources.open_files) : Json()}};
}

}  // namespace render
