#include <algorithm>

#include "cli/render/kubernetes_names.hpp"
#include "cli/render/service_model.hpp"

namespace render {
namespace {

using base::Json;

constexpr const char* chassis_readiness = "/health/ready";

// What stands in for a probe that only a supervisor with the process's output and socket can ask.
Json stand_in(const spec::Service& inside, const std::string& name, const std::string& kind, Json probe,
              Remarks& remarks) {
  const std::string what =
      inside.name + ": its " + name + " probe of kind " + kind + " has no equivalent outside of msctl; ";
  if (kind == "notify" && inside.ports.contains("http")) {
    probe["kind"] = "http";
    probe["port"] = "http";
    probe["path"] = name == "live" ? "/health/live" : chassis_readiness;
    remarks.notes.push_back(what + "GET " + probe["path"].get<std::string>() + " takes its place");
  } else if (!inside.ports.empty() && name != "live") {
    probe["kind"] = "tcp";
    probe["port"] = inside.ports.begin()->first;
    remarks.notes.push_back(what + "connecting to " + probe["port"].get<std::string>() + " takes its place");
  } else {
    remarks.notes.push_back(what + "it is left out");
    return nullptr;
  }
  const auto port = probe["port"].get<std::string>();
  probe["number"] = inside.ports.at(port);
  probe["port"] = port_name(port);
  return probe;
}

}  // namespace

long long seconds(spec::Ms duration) { return std::max<long long>(1, (duration.count() + 999) / 1000); }

Json probe_model(const Around& around, const spec::Service& service, const std::string& name, const spec::Probe& probe,
                 Remarks& remarks) {
  static constexpr const char* kinds[]{"http", "tcp", "grpc", "exec", "log", "notify"};
  const spec::Service& inside = around.inside.services.at(service.name);
  Json model{{"kind", kinds[static_cast<std::size_t>(probe.kind)]},
             {"port", nullptr},
             {"number", nullptr},
             {"path", nullptr},
             {"service", nullptr},
             {"command", nullptr},
             {"period_s", seconds(probe.interval)},
             {"timeout_s", seconds(probe.timeout)},
             {"failures", probe.failures},
             {"successes", probe.successes},
             {"start_s", seconds(probe.start_period)}};
  if (probe.kind == spec::ProbeKind::log || probe.kind == spec::ProbeKind::notify) {
    return stand_in(inside, name, model["kind"].get<std::string>(), std::move(model), remarks);
  }
  if (probe.kind == spec::ProbeKind::exec) {
    model["command"] = words_in_image(around, service, probe.command, "probes." + name + ".exec", remarks);
    return model;
  }
  model["port"] = port_name(probe.port);
  const auto port = inside.ports.find(probe.port);
  if (port != inside.ports.end()) model["number"] = port->second;
  if (probe.kind == spec::ProbeKind::http) model["path"] = probe.path;
  if (probe.kind == spec::ProbeKind::grpc && !probe.path.empty()) model["service"] = probe.path;
  return model;
}

}  // namespace render
