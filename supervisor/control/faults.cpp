#include "supervisor/control/faults.hpp"

#include <limits>

namespace control {
namespace {

using base::Json;
using base::Result;

base::Error wrong(const std::string& key, const char* what) {
  return base::fail(base::ErrorCode::malformed, key + ": expected " + what);
}

Result<std::string> text(const Json& json, const char* key, bool needed = true) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  if (!json.is_object() || found == json.end()) {
    if (needed) return wrong(key, "a text");
    return std::string();
  }
  if (!found->is_string()) return wrong(key, "a text");
  return found->get<std::string>();
}

constexpr std::int64_t largest = std::int64_t{1} << 40;

Result<std::int64_t> number(const Json& json, const char* key, std::int64_t least, bool needed = false) {
  const auto found = json.find(key);
  if (found == json.end() && !needed) return std::int64_t{0};
  const bool fits = found != json.end() && found->is_number_integer() &&
                    !(found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(largest));
  if (!fits || found->get<std::int64_t>() < least || found->get<std::int64_t>() > largest) {
    return wrong(key, least > 0 ? "a whole number above 0" : "a whole number, 0 or more");
  }
  return found->get<std::int64_t>();
}

Result<int> pid(const Json& json) {
  TRY(const auto value, number(json, "holder", 1, true));
  if (value > std::numeric_limits<int>::max()) return wrong("holder", "a process");
  return static_cast<int>(value);
}

Result<std::uint16_t> port(const Json& json, const char* key) {
  TRY(const auto value, number(json, key, 1, true));
  if (value > 65535) return wrong(key, "a port");
  return static_cast<std::uint16_t>(value);
}

}  // namespace

Json to_json(const GateRequest& request) { return {{"service", request.service}, {"holder", request.holder}}; }

Result<GateRequest> gate_request(const Json& json) {
  GateRequest request;
  TRY(request.service, text(json, "service"));
  TRY(request.holder, pid(json));
  return request;
}

Json to_json(const GateView& view) {
  Json ports = Json::array();
  for (const auto& one : view.ports) ports.push_back({{"name", one.name}, {"front", one.front}, {"back", one.back}});
  return {{"service", view.service},
          {"state", view.state},
          {"reason", view.reason},
          {"ports", std::move(ports)},
          {"holder", view.holder}};
}

Result<GateView> gate_view(const Json& json) {
  GateView view;
  TRY(view.service, text(json, "service"));
  TRY(view.state, text(json, "state"));
  TRY(view.reason, text(json, "reason", false));
  TRY(view.holder, pid(json));
  const auto ports = json.find("ports");
  if (ports == json.end() || !ports->is_array()) return wrong("ports", "a list");
  for (const auto& one : *ports) {
    GatePort read;
    TRY(read.name, text(one, "name"));
    TRY(read.front, port(one, "front"));
    TRY(read.back, port(one, "back"));
    view.ports.push_back(std::move(read));
  }
  return view;
}

Json to_json(const FaultRequest& request) {
  return {{"fault", request.fault},
          {"service", request.service},
          {"from", request.from},
          {"delay_ms", request.delay_ms},
          {"bytes_per_second", request.bytes_per_second},
          {"piece", request.piece},
          {"every", request.every},
          {"holder", request.holder},
          {"ttl_ms", request.ttl_ms}};
}

Result<FaultRequest> fault_request(const Json& json) {
  FaultRequest request;
  TRY(request.fault, text(json, "fault"));
  TRY(request.service, text(json, "service"));
  TRY(request.from, text(json, "from", false));
  TRY(request.delay_ms, number(json, "delay_ms", 0));
  TRY(request.bytes_per_second, number(json, "bytes_per_second", 0));
  TRY(request.piece, number(json, "piece", 0));
  TRY(request.every, number(json, "every", 0));
  TRY(request.holder, pid(json));
  TRY(request.ttl_ms, number(json, "ttl_ms", 0));
  return request;
}

Json to_json(const FaultView& view) {
  Json hit = Json::array();
  for (const auto& [instance, process] : view.hit) hit.push_back({{"instance", instance}, {"pid", process}});
  return {{"id", view.id},       {"fault", view.fault}, {"service", view.service}, {"from", view.from},
          {"since", view.since}, {"hit", hit},          {"holder", view.holder}};
}

Result<FaultView> fault_view(const Json& json) {
  FaultView view;
  TRY(view.fault, text(json, "fault"));
  TRY(view.service, text(json, "service"));
  TRY(view.from, text(json, "from", false));
  TRY(view.since, text(json, "since", false));
  TRY(view.holder, pid(json));
  TRY(const auto id, number(json, "id", 0, true));
  view.id = static_cast<std::uint64_t>(id);
  const auto hit = json.find("hit");
  if (hit == json.end() || !hit->is_array()) return wrong("hit", "a list");
  for (const auto& one : *hit) {
    TRY(auto instance, text(one, "instance"));
    TRY(const auto process, number(one, "pid", 1, true));
    view.hit.emplace_back(std::move(instance), static_cast<int>(process));
  }
  return view;
}

}  // namespace control
