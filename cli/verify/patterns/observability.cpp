// Pattern 20. One correlation id is found from the edge to the event, log lines are JSON, and the metrics of each route
// change by exactly what was sent.

#include <algorithm>
#include <cstdlib>

#include "cli/verify/events.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::observability {
namespace {

using base::Json;

constexpr Ms timeout{3000};
constexpr Ms log_patience{2000};
constexpr Ms event_patience{3000};
constexpr std::size_t looked_at = 50;  // lines of each log
constexpr int requests = 7;
constexpr int attempts = 3;  // others may send requests at the same moment

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Log lines with this request id, of all instances of the service.
std::vector<Json> lines_about(World& world, const std::string& service, const std::string& request_id) {
  std::vector<Json> found;
  const auto instances = instances_of(world, service);
  if (!instances) return found;
  for (const auto& one : instances.value()) {
    for (const auto& line : lines_of(world.log(one.name))) {
      if (line.find(request_id) == std::string::npos) continue;
      const auto entry = base::parse_json(line);
      if (entry && entry.value().is_object() && text_of(entry.value(), "request_id") == request_id) {
        found.push_back(entry.value());
      }
    }
  }
  return found;
}

// The first of the newest lines that is no JSON as it should be; what the process before wrote does not count.
std::string bad_line(const std::string& log, const std::string& since) {
  const auto lines = lines_of(log);
  std::string bad;
  for (std::size_t i = lines.size() - std::min(lines.size(), looked_at); i < lines.size(); ++i) {
    const auto entry = base::parse_json(lines[i]);
    const bool is_object = entry && entry.value().is_object();
    if (is_object && text_of(entry.value(), "time") < since) {
      bad.clear();
      continue;
    }
    bool is_good = is_object;
    for (const char* key : {"time", "level", "message", "service"}) {
      is_good = is_good && !text_of(entry.value(), key).empty();
    }
    if (!is_good && bad.empty()) bad = lines[i].substr(0, 80);
  }
  return bad;
}

base::Result<std::string> logs(World& world, const Placed& order) {
  std::size_t count = 0;
  const auto& cluster = world.cluster();
  const std::vector<std::string> way{gateway_of(cluster)->name, order_service(cluster).name,
                                     user_service(cluster).name};
  for (const auto& name : way) {
    std::vector<Json> found;
    TRY(const bool there, wait_until(world, log_patience, [&] {
          found = lines_about(world, name, order.request_id);
          return !found.empty();
        }));
    if (!there) return wrong("no line in the log of " + name + " has the request id " + order.request_id);
    for (const auto& line : found) {
      if (text_of(line, "trace_id") != order.trace_id) return wrong(name + " logged the request under another trace");
    }
    count += found.size();
  }
  return "Request id " + order.request_id + " is in " + std::to_string(count) + " log lines of " + in_words(way);
}

base::Result<void> logs_are_json(World& world) {
  TRY(const auto instances, world.instances());
  for (const auto* service : rest_services(world.cluster())) {
    for (const auto& one : instances) {
      if (one.service != service->name || !one.pid) continue;
      const base::Wall since{Ms(one.log_from.value_or(0) / 1000)};
      const std::string bad = bad_line(world.log(one.name), base::to_rfc3339(since));
      if (!bad.empty())
        return wrong("a log line of " + one.name + " is no JSON with time, level, message, service: " + bad);
    }
  }
  return base::success();
}

base::Result<void> event_has_it(World& world, const Placed& order, base::Wall from) {
  const std::string& publisher = order_service(world.cluster()).name;
  std::vector<Stored> found;
  TRY(const bool there, wait_until(
                            world, event_patience,
                            [&] {
                              const auto events = events_since(world, publisher, from);
                              if (events) found = about(events.value(), order.order_id);
                              return !found.empty();
                            },
                            Ms(20)));
  if (!there) return wrong("the event of order " + order.order_id + " did not come");
  const auto header = found.front().headers.find("x-request-id");
  if (header == found.front().headers.end() || header->second != order.request_id) {
    return wrong("the event of order " + order.order_id + " has not its request id in the header X-Request-Id");
  }
  if (text_of(found.front().event, "correlationid") != order.request_id) {
    return wrong("the event of order " + order.order_id + " has another correlationid");
  }
  return base::success();
}

// Series to value, of the samples whose name begins so.
std::map<std::string, double> samples(World& world, const spec::Service& service) {
  std::map<std::string, double> found;
  const auto response = world.http(port_of(service), get("/metrics"), timeout);
  if (!response || response.value().status != 200) return found;
  for (const auto& line : lines_of(response.value().body)) {
    const auto space = line.rfind(' ');
    if (space == std::string::npos || line.front() == '#' || line.rfind("http_server_", 0) != 0) continue;
    found[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  return found;
}

// The labels method and route of a series of requests.
std::string labels_of(const std::string& series) {
  const auto begin = series.find('{');
  return series.substr(begin + 1, series.find(",status=") - begin - 1);
}

bool grew_by_all(const std::map<std::string, double>& before, const std::map<std::string, double>& after,
                 std::string& route) {
  for (const auto& [series, value] : after) {
    if (series.rfind("http_server_requests_total{method=\"GET\"", 0) != 0) continue;
    const auto old = before.find(series);
    if (value - (old == before.end() ? 0 : old->second) != requests) continue;
    const std::string count = "http_server_request_duration_seconds_count{" + labels_of(series) + "}";
    const auto now = after.find(count);
    const auto then = before.find(count);
    if (now == after.end() || now->second - (then == before.end() ? 0 : then->second) != requests) continue;
    route = labels_of(series);
    return true;
  }
  return false;
}

base::Result<std::string> metrics(World& world) {
  TRY(const auto instances, world.instances());
  std::vector<std::string> counted;
  for (const auto* service : rest_services(world.cluster())) {
    const auto own = std::count_if(instances.begin(), instances.end(), [&](const auto& one) {
      return one.service == service->name && one.pid.has_value();
    });
    if (own != 1) continue;  // each instance counts for itself, and which of them answers is chance
    const auto& route = service->gateway ? user_service(world.cluster()).routes.front() : service->routes.front();
    const std::string path = (service->gateway ? route.prefix : route.to) + "/" + mark(world);
    bool exact = false;
    std::string labels;
    for (int attempt = 0; attempt < attempts && !exact; ++attempt) {
      const auto before = samples(world, *service);
      for (int i = 0; i < requests; ++i) {
        TRY(world.http(port_of(*service), get(path), timeout));
      }
      exact = grew_by_all(before, samples(world, *service), labels);
    }
    if (!exact) {
      return wrong(std::to_string(requests) + " requests to " + path + " at " + service->name +
                   " are not in its /metrics as " + std::to_string(requests) + " more of one route, counted and timed");
    }
    counted.push_back(service->name);
  }
  return "The metrics of " + in_words(counted) + " grew by exactly the " + std::to_string(requests) +
         " requests sent to each.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (const auto why = why_no_orders(world.cluster())) return absent(*why);
  TRY(const auto user, sign_up(world));
  const auto from = world.clock().wall() - std::chrono::seconds(1);
  TRY(const auto order, place_order(world, user));
  if (order.status != 201) return failed("an order got " + std::to_string(order.status));
  TRY(auto text, logs(world, order));
  if (!world.cluster().broker.empty() && !order_service(world.cluster()).publishes.empty()) {
    TRY(event_has_it(world, order, from));
    text += " and in the headers of its event";
  }
  TRY(logs_are_json(world));
  TRY(const auto counted, metrics(world));
  return passed(text + ". The newest log lines of every service are JSON. " + counted +
                " Not there yet: traces exported by OTLP.");
}

}  // namespace verify::observability
