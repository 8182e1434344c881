#include "cli/load/cluster_time.hpp"

#include <algorithm>
#include <cmath>

#include "base/http/client.hpp"
#include "cli/load/attribution.hpp"
#include "supervisor/logs/reader.hpp"

namespace load {
namespace {

using base::Json;
using std::chrono::milliseconds;

constexpr milliseconds scrape_timeout{1000};
constexpr std::size_t most_events = 40;
constexpr std::size_t most_log_lines = 2'000'000;
constexpr std::int64_t log_slack_us = 1'000'000;

std::optional<Series> scrape(std::uint16_t port) {
  base::http::Target target;
  target.port = port;
  base::http::Request request;
  request.target = "/metrics";
  const auto answer = base::http::send_blocking(target, request, scrape_timeout);
  if (!answer || answer.value().status != 200) return std::nullopt;
  return read_exposition(answer.value().body);
}

Readings scrape_all(const std::vector<control::ServiceView>& services, std::set<std::string>& silent) {
  Readings all;
  for (const auto& one : services) {
    const auto port = one.ports.find("http");
    if (port == one.ports.end() || !one.pid) continue;
    auto series = scrape(port->second);
    if (series) {
      all[one.name] = std::move(*series);
    } else {
      silent.insert(one.name);
    }
  }
  return all;
}

}  // namespace

Callers callers_in(const spec::Cluster& cluster) {
  Callers callers;
  for (const auto& [name, service] : cluster.services) {
    for (const auto& call : service.calls) callers[call.service].insert(name);
    if (!service.gateway) continue;
    for (const auto& [other, routed] : cluster.services) {
      if (!routed.routes.empty() && other != name) callers[other].insert(name);
    }
  }
  return callers;
}

namespace {

// The shortest of those that may have asked and took no less than the answer did; else the longest.
const Span* asker_of(const Span& asked, const std::vector<const Span*>& trace, const Callers& callers) {
  const auto by = callers.find(asked.service);
  if (by == callers.end()) return nullptr;
  const Span* found = nullptr;
  for (const Span* other : trace) {
    if (other == &asked || !by->second.contains(other->service)) continue;
    if (found == nullptr) {
      found = other;
      continue;
    }
    const bool holds = other->duration_us >= asked.duration_us;
    const bool found_holds = found->duration_us >= asked.duration_us;
    if (holds == found_holds ? (other->duration_us < found->duration_us) == holds : holds) found = other;
  }
  return found;
}

}  // namespace

Json own_times(const std::vector<Span>& spans, const Callers& callers) {
  std::map<std::string, std::vector<const Span*>> traces;
  for (const auto& span : spans) traces[span.trace_id].push_back(&span);
  struct Sum {
    double spans = 0;
    double total_us = 0;
    double own_us = 0;
  };
  std::map<std::pair<std::string, std::string>, Sum> sums;
  for (const auto& [id, trace] : traces) {
    for (const Span* span : trace) {
      double asked = 0;
      for (const Span* other : trace) {
        if (asker_of(*other, trace, callers) == span) asked += other->duration_us;
      }
      Sum& sum = sums[{span->service, span->endpoint}];
      sum.spans += 1;
      sum.total_us += span->duration_us;
      // Services that were asked side by side can add up to more than the whole.
      sum.own_us += std::max(0.0, span->duration_us - asked);
    }
  }
  Json list = Json::array();
  for (const auto& [key, sum] : sums) {
    list.push_back({{"service", key.first},
                    {"endpoint", key.second},
                    {"spans", sum.spans},
                    {"mean_us", std::round(sum.total_us / sum.spans * 10) / 10},
                    {"own_us", std::round(sum.own_us / sum.spans * 10) / 10}});
  }
  std::stable_sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
    return a["own_us"].get<double>() * a["spans"].get<double>() > b["own_us"].get<double>() * b["spans"].get<double>();
  });
  return list;
}

namespace {

// The access log's line as a span, when it belongs to one of the traces.
std::optional<Span> span_of(const std::string& line, const std::string& service, const std::set<std::string>& traces) {
  static constexpr std::string_view key = "\"trace_id\":\"";
  const std::size_t at = line.find(key);
  if (at == std::string::npos || !traces.contains(line.substr(at + key.size(), 32))) return std::nullopt;
  const auto json = base::parse_json(line);
  if (!json || !json.value().is_object()) return std::nullopt;
  const Json& fields = json.value();
  if (!fields.contains("duration_ms") || !fields["duration_ms"].is_number()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = fields.find(name);
    return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const bool is_rpc = text("route").empty();
  const Labels labels{{"method", text("method")}, {"route", text("route")}};
  return Span{text("trace_id"), service, endpoint_of(labels, is_rpc), fields["duration_ms"].get<double>() * 1000};
}

std::vector<Span> read_spans(const Json& result, const std::filesystem::path& logs,
                             const std::map<std::string, std::string>& service_of) {
  std::set<std::string> traces;
  for (const auto& sample : result.value("samples", Json::array())) traces.insert(sample.value("trace_id", ""));
  std::vector<Span> spans;
  if (traces.empty()) return spans;
  const std::int64_t began_us = result.value("started_ms", std::int64_t{0}) * 1000 - log_slack_us;
  for (const auto& [instance, service] : service_of) {
    logs::Reader reader((logs / (instance + ".log")).string());
    reader.begin_at(began_us);
    reader.stop_at_end();
    for (std::size_t i = 0; i < most_log_lines; ++i) {
      const auto line = reader.next();
      if (!line) break;
      if (auto span = span_of(line->text, service, traces)) spans.push_back(std::move(*span));
    }
  }
  return spans;
}

// What a reader must know of the figures that are there.
void explain(const Json& cluster, const std::vector<Span>& spans, Json& notes) {
  std::set<std::string> by_logs;
  std::set<std::string> unmeasured;
  for (const auto& route : cluster["routes"]) {
    const std::string service = route["service"].get<std::string>();
    if (route.value("own_from", "") == "logs") by_logs.insert(service);
    if (route.value("unmeasured", false)) unmeasured.insert(service);
  }
  if (!cluster["calls"].empty()) {
    notes.push_back(
        "own: without the calls made in turn; on the way: what callers waited beyond that, until the service took the "
        "request (it was stopped or busy, or the way is slow) and for the way back");
  }
  for (const auto& service : unmeasured) {
    notes.push_back(service + " says nothing of these requests: its own time is within what is on the way to it");
  }
  std::set<std::string> traces;
  for (const auto& span : spans) traces.insert(span.trace_id);
  for (const auto& service : by_logs) {
    notes.push_back(service + " does not measure its calls: own is from the access logs of " +
                    std::to_string(traces.size()) +
                    " requests that carried a traceparent of load's, and the way to those that it asked is within");
  }
}

}  // namespace

ClusterWatch::ClusterWatch(std::optional<control::Client> client, const std::vector<control::ServiceView>& services)
    : client_(std::move(client)) {
  if (!client_) return;
  std::set<std::string> silent;
  before_ = scrape_all(services, silent);
  for (const auto& one : services) service_of_[one.name] = one.service;
  if (const auto events = client_->events(0, milliseconds(0)); events && !events.value().empty()) {
    last_event_ = events.value().back().seq;
  }
}

void ClusterWatch::add_to(Json& result, const std::filesystem::path& logs, const Callers& callers) {
  if (!client_) return;
  Json cluster = Json::object();
  Json notes = Json::array();
  std::set<std::string> silent;
  Readings after;
  if (const auto services = client_->services()) {
    for (const auto& one : services.value()) service_of_[one.name] = one.service;
    after = scrape_all(services.value(), silent);
  }
  const auto spans = read_spans(result, logs, service_of_);
  cluster["spans"] = own_times(spans, callers);
  const Json seen = result.value("latency_uncorrected_us", Json::object());
  const double seen_count = seen.value("count", 0.0);
  attribute(cluster, routes_between(before_, after, service_of_),
            {calls_between(before_, after, service_of_), measured_callers(after, service_of_), callers,
             cluster["spans"], seen_count, seen_count * seen.value("mean", 0.0)});
  if (!after.empty()) notes.push_back("counts and times are the services' own, from /metrics before and after the run");
  for (const auto& name : silent) notes.push_back(name + " gave no metrics");
  explain(cluster, spans, notes);
  Json restarts = Json::array();
  if (const auto events = client_->events(last_event_, milliseconds(0))) {
    for (const auto& event : events.value()) {
      if (restarts.size() >= most_events) break;
      if (event.seq <= last_event_) continue;
      restarts.push_back(
          {{"time", event.time}, {"service", event.service}, {"state", event.state}, {"reason", event.reason}});
    }
  }
  if (!restarts.empty() && !after.empty()) notes.push_back("an instance that restarted meanwhile counts from then on");
  cluster["restarts"] = std::move(restarts);
  cluster["notes"] = std::move(notes);
  result["cluster"] = std::move(cluster);
}

}  // namespace load
