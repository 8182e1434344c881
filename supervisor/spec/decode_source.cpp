#include <algorithm>
#include <array>
#include <string_view>

#include "supervisor/spec/decode.hpp"
#include "supervisor/spec/read_keys.hpp"

namespace spec {
namespace {

using base::Json;

// Of a service that lives elsewhere, nothing is run, given or kept.
constexpr std::array only_of_ours{"folder",        "env",       "env_files", "sockets", "replicas",   "database",
                                  "probes",        "restart",   "resources", "logs",    "build",      "limits",
                                  "stop_grace_ms", "publishes", "consumes",  "calls",   "depends_on", "gateway"};

void decode_external(const ServiceSource& source, const Json& value, Service& service, Problems& problems) {
  service.source = Source::external;
  External external;
  read_key(value, "url", external.url);
  read_key(value, "health", external.health);
  const int port = std::stoi(external.url.substr(external.url.rfind(':') + 1));
  if (port < 1 || port > 65535) source.report(problems, "/external/url", "expected a port from 1 to 65535");
  if (!external.health.empty() && external.url.front() != 'h') {
    source.report(problems, "/external/health", "only an http:// url can be asked for a path");
  }
  for (const auto& [name, number] : service.ports) {
    if (number == 0) {
      source.report(problems, child_pointer("/ports", name),
                    "a service that lives elsewhere cannot be given a free port");
    }
  }
  for (const char* key : only_of_ours) {
    if (!source.merged.contains(key)) continue;
    source.report(problems, std::string("/") + key, "has no meaning for a service that lives elsewhere (external)");
  }
  service.external = std::move(external);
}

void decode_image(const ServiceSource& source, Service& service, Problems& problems) {
  service.source = Source::image;
  read_key(source.merged, "image", service.image);
  for (const char* key : {"sockets", "folder"}) {
    if (source.merged.contains(key)) {
      source.report(problems, std::string("/") + key, "has no meaning for a service that runs from an image");
    }
  }
}

void check_sockets(const ServiceSource& source, const Service& service, Problems& problems) {
  for (std::size_t i = 0; i < service.sockets.size(); ++i) {
    const std::string at = "/sockets/" + std::to_string(i);
    const auto end = service.sockets.begin() + static_cast<std::ptrdiff_t>(i);
    if (!service.ports.contains(service.sockets[i])) {
      source.report(problems, at, "\"" + service.sockets[i] + "\" is not among the service's ports");
    } else if (std::find(service.sockets.begin(), end, service.sockets[i]) != end) {
      source.report(problems, at, "\"" + service.sockets[i] + "\" occurs twice");
    }
  }
}

}  // namespace

void decode_source(const ServiceSource& source, Service& service, Problems& problems) {
  const Json* external = key_of(source.merged, "external");
  const bool has_image = source.merged.contains("image");
  if (external != nullptr && (has_image || !service.command.empty())) {
    source.report(problems, "/external",
                  std::string("it has ") + (has_image ? "an image" : "a command") +
                      " as well; a service comes from one of command, image and external");
  } else if (external != nullptr) {
    decode_external(source, *external, service, problems);
  } else if (has_image) {
    decode_image(source, service, problems);
  } else if (service.command.empty()) {
    source.report(problems, "", "expected a command, an image or external, or a path to a folder with a service.yaml");
  } else if (service.command.front().empty()) {
    source.report(problems, "/command", "the program's name is empty");
  }
  check_sockets(source, service, problems);
}

}  // namespace spec
