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

std::optional<int> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<int>(json.get<int>());
}

std::optional<std::uint64_t> log_from(const Json& json) {
  const auto found = json.find("log_from");
  if (found == json.end() || found->is_null()) return std::nullopt;
  return found->get<std::uint64_t>();
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
  view.restarts = json.at("restarts").get<int>();
  view.uptime_s = json.at("uptime_s").get<double>();
  for (const auto& [name, port] : json.at("ports").items()) view.ports[name] = port.get<std::uint16_t>();
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
          {"root", view.root}};
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

base::Result<ServiceView> service_view(const Json& json) {
  return guarded([&] { return read_service(json); });
}

base::Result<EventView> event_view(const Json& json) {
  return guarded([&] {
    EventView view;
    view.seq = json.at("seq").get<std::uint64_t>();
    view.time = json.at("time").get<std::string>();
    view.service = json.at("service").get<std::string>();
    view.state = json.at("state").get<std::string>();
    view.reason = json.at("reason").get<std::string>();
    view.pid = optional_number(json.at("pid"));
    view.elapsed_ms = json.at("elapsed_ms").get<std::int64_t>();
    view.log_from = log_from(json);
    return view;
  });
}

base::Result<StatusView> status_view(const Json& json) {
  return guarded([&] {
    StatusView view;
    const Json& supervisor = json.at("supervisor");
    view.pid = supervisor.at("pid").get<int>();
    view.version = supervisor.at("version").get<std::string>();
    view.uptime_s = supervisor.at("uptime_s").get<double>();
    for (const auto& [state, count] : json.at("services").items()) view.services[state] = count.get<int>();
    view.cluster = json.at("cluster").get<std::string>();
    view.root = json.at("root").get<std::string>();
    return view;
  });
}

base::Result<UpRequest> up_request(const Json& json) {
  return guarded([&] {
    UpRequest request;
    if (!json.is_object()) return request;
    request.services = json.value("services", request.services);
    request.no_deps = json.value("no_deps", false);
    request.scale = json.value("scale", request.scale);
    request.reload = json.value("reload", true);
    request.launch = json.value("launch", Json(nullptr));
    return request;
  });
}

base::Result<StartReply> start_reply(const Json& json) {
  return guarded([&] {
    StartReply reply;
    for (const auto& one : json.at("services")) reply.services.push_back(read_service(one));
    reply.after = json.at("after").get<std::uint64_t>();
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
