#include "cli/load/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace load {
namespace {

using base::Json;

// A histogram of durations and which label names the endpoint.
struct Family {
  const char* duration;  // without _sum and _count
  const char* counter;
  bool is_rpc;
};
constexpr Family families[] = {
    {"http_server_request_duration_seconds", "http_server_requests_total", false},
    {"rpc_server_call_duration_seconds", "rpc_server_calls_total", true},
};
constexpr const char* client_families[] = {"http_client_request_duration_seconds", "rpc_client_call_duration_seconds"};

std::string label(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

bool is_error(const std::string& status) { return status.size() == 3 && status.front() == '5'; }

struct Row {
  double count = 0;
  double errors = 0;
  double total_s = 0;
};

double risen(const Series* before, const std::pair<std::string, Labels>& key, double after) {
  if (before == nullptr) return after;
  const auto found = before->find(key);
  return found == before->end() || found->second > after ? after : after - found->second;
}

// Each sample of each instance: its service, the earlier reading, key and value.
template <class Visit>
void each_sample(const Readings& before, const Readings& after, const ServiceNames& service_of, Visit visit) {
  for (const auto& [instance, series] : after) {
    const auto earlier = before.find(instance);
    const Series* old = earlier == before.end() ? nullptr : &earlier->second;
    const auto named = service_of.find(instance);
    const std::string& service = named == service_of.end() ? instance : named->second;
    for (const auto& [key, value] : series) visit(service, old, key, value);
  }
}

}  // namespace

std::string endpoint_of(const Labels& labels, bool is_rpc) {
  if (is_rpc) return "grpc " + label(labels, "method");
  const std::string route = label(labels, "route");
  const std::string method = label(labels, "method");
  // A route that names its method already says it once.
  return route.starts_with(method + " ") ? route : method + " " + route;
}

Json routes_between(const Readings& before, const Readings& after, const ServiceNames& service_of) {
  std::map<std::pair<std::string, std::string>, Row> rows;
  each_sample(before, after, service_of,
              [&](const std::string& service, const Series* old, const auto& key, double value) {
                const auto& [name, labels] = key;
                for (const auto& family : families) {
                  if (!name.starts_with(family.is_rpc ? "rpc_server" : "http_server")) continue;
                  Row& row = rows[{service, endpoint_of(labels, family.is_rpc)}];
                  if (name == std::string(family.duration) + "_sum") row.total_s += risen(old, key, value);
                  if (name == std::string(family.duration) + "_count") row.count += risen(old, key, value);
                  if (name == family.counter && is_error(label(labels, "status"))) {
                    row.errors += risen(old, key, value);
                  }
                }
              });
  Json list = Json::array();
  for (const auto& [key, row] : rows) {
    const bool is_own = key.second.ends_with(" /metrics") || key.second.find("/health") != std::string::npos ||
                        key.second.ends_with(" health") || key.second.ends_with(" metrics");
    if (row.count < 0.5 || is_own) continue;
    list.push_back({{"service", key.first},
                    {"endpoint", key.second},
                    {"count", row.count},
                    {"errors", row.errors},
                    {"total_us", std::round(row.total_s * 1e6)},
                    {"mean_us", std::round(row.total_s / row.count * 1e7) / 10}});
  }
  std::stable_sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
    return a["total_us"].get<double>() > b["total_us"].get<double>();
  });
  return list;
}

std::vector<Call> calls_between(const Readings& before, const Readings& after, const ServiceNames& service_of) {
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>, Call> calls;
  each_sample(
      before, after, service_of, [&](const std::string& service, const Series* old, const auto& key, double value) {
        const auto& [name, labels] = key;
        for (const std::string family : client_families) {
          const bool is_sum = name == family + "_sum";
          if (!is_sum && name != family + "_count") continue;
          // Others measure calls as well, but not for which endpoint of theirs.
          if (label(labels, "service").empty() || !labels.contains("caller")) continue;
          std::string asking = label(labels, "caller");
          if (asking.starts_with('/')) asking = "grpc " + asking;
          Call& call =
              calls[{service, asking, label(labels, "service"), label(labels, "method"), label(labels, "route")}];
          (is_sum ? call.total_us : call.count) += risen(old, key, value) * (is_sum ? 1e6 : 1);
        }
      });
  std::vector<Call> list;
  for (auto& [key, call] : calls) {
    if (call.count < 0.5) continue;
    std::tie(call.caller, call.caller_endpoint, call.service, call.method, call.route) = key;
    list.push_back(std::move(call));
  }
  return list;
}

std::set<std::string> measured_callers(const Readings& after, const ServiceNames& service_of) {
  std::set<std::string> services;
  for (const auto& call : calls_between({}, after, service_of)) {
    if (!call.caller_endpoint.empty()) services.insert(call.caller);
  }
  return services;
}

}  // namespace load
