#include "supervisor/control/wire.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace control {
namespace {

using base::Json;

double one_decimal(double value) { return std::round(value * 10) / 10; }

template <class Number>
Json number_or_null(const std::optional<Number>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// nlohmann converts any number to any other, also where that is undefined, as 1e300 to an int is.
template <class Number>
Number whole(const Json& json) {
  const bool fits = json.is_number_unsigned()
                        ? std::in_range<Number>(json.get<std::uint64_t>())
                        : json.is_number_integer() && std::in_range<Number>(json.get<std::int64_t>());
  if (!fits) throw Json::other_error::create(501, "expected a whole number within bounds", &json);
  return json.get<Number>();
}

std::optional<int> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<int>(whole<int>(json));
}

std::optional<std::uint64_t> log_from(const Json& json) {
  const auto found = json.find("log_from");
  if (found == json.end() || found->is_null()) return std::nullopt;
  return whole<std::uint64_t>(*found);
}

Json to_json(const ProbeView& probe) {
  Json checks = Json::array();
  for (const auto& check : probe.checks) {
    Json one = {{"name", check.name}, {"ok", check.ok}};
    for (const auto& [key, value] : check.detail.items()) {
      if (key != "name" && key != "ok") one[key] = value;
    }
    checks.push_back(std::move(one));
  }
  return {{"ok", probe.ok}, {"status", probe.status}, {"checks", std::move(checks)}};
}

// nlohmann's accessors throw on a missing key or another type; nothing of that leaves this file.
template <class Read>
auto guarded(Read read) -> base::Result<decltype(read())> {
  try {
    return read();
  } catch (const Json::exception& problem) {
    return base::fail(base::ErrorCode::malformed, std::string("unexpected answer: ") + problem.what());
  }
}

ServiceView read_service(const Json& json) {
  ServiceView view;
  view.name = json.at("name").get<std::string>();
  view.service = json.value("service", view.name);
  view.state = json.at("state").get<std::string>();
  view.pid = optional_number(json.at("pid"));
  view.restarts = whole<int>(json.at("restarts"));
  view.uptime_s = json.at("uptime_s").get<double>();
  for (const auto& [name, port] : json.at("ports").items()) view.ports[name] = whole<std::uint16_t>(port);
  view.reason = json.at("reason").get<std::string>();
  view.log_from = log_from(json);
  view.status = json.value("status", "");
  const auto last_exit = json.find("last_exit");
  if (last_exit != json.end() && last_exit->is_string()) view.last_exit = last_exit->get<std::string>();
  const auto keeper = json.find("keeper");
  if (keeper != json.end()) view.keeper = optional_number(*keeper);
  view.booted = json.value("booted", false);
  view.live = json.value("live", false);
  view.ready = json.value("ready", false);
  view.paused = json.value("paused", false);
  view.replacing = json.value("replacing", false);
  view.mock = json.value("mock", false);
  view.probes = json.value("probes", std::vector<std::string>());
  return view;
}

struct CodeName {
  base::ErrorCode code;
  const char* name;
  int status;
};

constexpr std::array codes{
    CodeName{base::ErrorCode::malformed, "malformed", 400},
    CodeName{base::ErrorCode::invalid, "invalid", 422},
    CodeName{base::ErrorCode::not_found, "not_found", 404},
    CodeName{base::ErrorCode::conflict, "conflict", 409},
    CodeName{base::ErrorCode::too_large, "too_large", 413},
    CodeName{base::ErrorCode::unsupported, "unsupported", 415},
    CodeName{base::ErrorCode::timeout, "timeout", 504},
    CodeName{base::ErrorCode::unavailable, "unavailable", 503},
    CodeName{base::ErrorCode::permission, "permission", 403},
    CodeName{base::ErrorCode::internal, "internal", 500},
};

}  // namespace

Json to_json(const ServiceView& view) {
  Json ports = Json::object();
  for (const auto& [name, port] : view.ports) ports[name] = port;
  return {{"name", view.name},
          {"service", view.service},
          {"state", view.state},
          {"pid", number_or_null(view.pid)},
          {"restarts", view.restarts},
          {"uptime_s", one_decimal(view.uptime_s)},
          {"ports", std::move(ports)},
          {"reason", view.reason},
          {"status", view.status},
          {"last_exit", view.last_exit ? Json(*view.last_exit) : Json(nullptr)},
          {"keeper", number_or_null(view.keeper)},
          {"booted", view.booted},
          {"live", view.live},
          {"ready", view.ready},
          {"paused", view.paused},
          {"replacing", view.replacing},
          {"mock", view.mock},
          {"probes", view.probes},
          {"log_from", number_or_null(view.log_from)}};
}

Json to_json(const EventView& view) {
  return {{"seq", view.seq},
          {"time", view.time},
          {"service", view.service},
          {"state", view.state},
          {"reason", view.reason},
          {"pid", number_or_null(view.pid)},
          {"elapsed_ms", view.elapsed_ms},
          {"log_from", number_or_null(view.log_from)}};
}

Json to_json(const StatusView& view) {
  Json counts = Json::object();
  for (const auto& [state, count] : view.services) counts[state] = count;
  Json supervisor = {
      {"pid", view.pid}, {"version", view.version}, {"uptime_s", std::round(view.uptime_s * 1000) / 1000}};
  return {{"supervisor", std::move(supervisor)},
          {"services", std::move(counts)},
          {"cluster", view.cluster},
          {"root", view.root},
          {"registry", view.registry.empty() ? Json(nullptr) : Json(view.registry)}};
}

Json to_json(const UpRequest& request) {
  return {{"services", request.services},
          {"no_deps", request.no_deps},
          {"scale", request.scale},
          {"reload", request.reload},
          {"launch", request.launch}};
}

Json to_json(const StartReply& reply) {
  Json services = Json::array();
  for (const auto& view : reply.services) services.push_back(to_json(view));
  return {{"services", std::move(services)}, {"after", reply.after}};
}

Json to_json(const HealthReport& report) {
  Json services = Json::array();
  for (const auto& view : report.services) {
    services.push_back(
        {{"name", view.name}, {"state", view.state}, {"live", to_json(view.live)}, {"ready", to_json(view.ready)}});
  }
  return {{"ready", report.ready}, {"services", std::move(services)}};
}

Json to_json(const PlanView& view) {
  return {{"instance", view.instance}, {"action", view.action}, {"reason", view.reason}};
}

base::Result<PlanView> plan_view(const Json& json) {
  return guarded([&] {
    return PlanView{json.at("instance").get<std::string>(), json.at("action").get<std::string>(),
                    json.at("reason").get<std::string>()};
  });
}

base::Result<ServiceView> service_view(const Json& json) {
  return guarded([&] { return read_service(json); });
}

base::Result<EventView> event_view(const Json& json) {
  return guarded([&] {
    EventView view;
    view.seq = whole<std::uint64_t>(json.at("seq"));
    view.time = json.at("time").get<std::string>();
    view.service = json.at("service").get<std::string>();
    view.state = json.at("state").get<std::string>();
    view.reason = json.at("reason").get<std::string>();
    view.pid = optional_number(json.at("pid"));
    view.elapsed_ms = whole<std::int64_t>(json.at("elapsed_ms"));
    view.log_from = log_from(json);
    return view;
  });
}

base::Result<StatusView> status_view(const Json& json) {
  return guarded([&] {
    StatusView view;
    const Json& supervisor = json.at("supervisor");
    view.pid = whole<int>(supervisor.at("pid"));
    view.version = supervisor.at("version").get<std::string>();
    view.uptime_s = supervisor.at("uptime_s").get<double>();
    for (const auto& [state, count] : json.at("services").items()) view.services[state] = whole<int>(count);
    view.cluster = json.at("cluster").get<std::string>();
    view.root = json.at("root").get<std::string>();
    const auto registry = json.find("registry");
    if (registry != json.end() && registry->is_string()) view.registry = registry->get<std::string>();
    return view;
  });
}

base::Result<UpRequest> up_request(const Json& json) {
  return guarded([&] {
    UpRequest request;
    if (!json.is_object()) return request;
    request.services = json.value("services", request.services);
    request.no_deps = json.value("no_deps", false);
    if (const auto scale = json.find("scale"); scale != json.end()) {
      if (!scale->is_object()) throw Json::other_error::create(501, "scale must be a map", &json);
      for (const auto& [service, count] : scale->items()) request.scale[service] = whole<int>(count);
    }
    request.reload = json.value("reload", true);
    request.launch = json.value("launch", Json(nullptr));
    return request;
  });
}

base::Result<StartReply> start_reply(const Json& json) {
  return guarded([&] {
    StartReply reply;
    for (const auto& one : json.at("services")) reply.services.push_back(read_service(one));
    reply.after = whole<std::uint64_t>(json.at("after"));
    return reply;
  });
}

Json error_json(const base::Error& error) {
  const char* name = "internal";
  for (const auto& one : codes) {
    if (one.code == error.code) name = one.name;
  }
  return {{"error", {{"code", name}, {"message", error.message}}}};
}

base::Error error_from(const Json& json) {
  using CodeAndMessage = std::pair<std::string, std::string>;
  const auto read = guarded([&] {
    const Json& error = json.at("error");
    return CodeAndMessage{error.at("code").get<std::string>(), error.at("message").get<std::string>()};
  });
  if (!read) return base::fail(base::ErrorCode::internal, "the supervisor answered with an unknown error");
  const auto& [name, message] = read.value();
  for (const auto& one : codes) {
    if (name == one.name) return base::fail(one.code, message);
  }
  return base::fail(base::ErrorCode::internal, message);
}

int http_status(base::ErrorCode code) {
  for (const auto& one : codes) {
    if (one.code == code) return one.status;
  }
  return 500;
}

}  // namespace control
