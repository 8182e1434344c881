// Pattern 19. Every health endpoint of every service answers with version and time, grpc.health.v1 says SERVING,
// readiness names the dependencies and turns when one is stopped, and no request fails while services are replaced.

#include <algorithm>
#include <memory>

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"
#include "cli/verify/traffic.hpp"

namespace verify::health {
namespace {

using base::Json;

constexpr Ms timeout{3000};
constexpr Ms turn_patience{4000};
constexpr Ms roll_patience{8000};
constexpr std::chrono::seconds clock_skew{60};
constexpr std::array paths{"/health/live", "/health/ready", "/health/startup", "/health", "/live", "/ready"};

base::Error wrong(const std::string& what) { return base::fail(base::ErrorCode::invalid, what); }

base::Result<Json> ask(World& world, const spec::Service& service, const std::string& path) {
  TRY(const auto response, world.http(port_of(service), get(path), timeout));
  const std::string who = service.name + "'s " + path;
  if (response.status != 200) return wrong(who + " answers " + std::to_string(response.status));
  TRY(auto body, body_of(response, who));
  const std::string version = text_of(body, "version");
  if (text_of(body, "status").empty()) return wrong(who + " says no status");
  if (version.empty() || (!service.version.empty() && version != service.version)) {
    return wrong(who + " says version \"" + version + "\", and its file says \"" + service.version + "\"");
  }
  const std::string time = text_of(body, "time");
  const auto now = world.clock().wall();
  if (time < base::to_rfc3339(now - clock_skew) || time > base::to_rfc3339(now + clock_skew)) {
    return wrong(who + " says the time is \"" + time + "\"");
  }
  return body;
}

struct Endpoints {
  std::size_t asked = 0;
  std::vector<std::string> serving;            // gRPC
  std::map<std::string, std::string> depends;  // service to its dependencies as its readiness names them
  const spec::Service* on_broker = nullptr;    // one whose readiness names the broker
};

base::Result<Endpoints> ask_all(World& world) {
  Endpoints seen;
  for (const auto* service : rest_services(world.cluster())) {
    for (const char* path : paths) {
      TRY(const auto body, ask(world, *service, path));
      ++seen.asked;
      if (std::string_view(path) != "/health/ready") continue;
      const auto checks = body.find("checks");
      if (checks == body.end() || !checks->is_object()) return wrong(service->name + "'s readiness names no checks");
      std::vector<std::string> names;
      for (const auto& [name, check] : checks->items()) names.push_back(name);
      if (!names.empty()) seen.depends[service->name] = in_words(names);
      if (checks->contains("broker")) seen.on_broker = service;
    }
    const auto grpc = port_of(*service, "grpc");
    if (grpc == 0) continue;
    const std::string status = world.grpc_health(grpc, "");
    if (status != "SERVING") return wrong(service->name + "'s grpc.health.v1 says: " + status);
    seen.serving.push_back(service->name);
  }
  return seen;
}

// Status of the readiness and of its check of the broker: "degraded, down".
std::string readiness(World& world, const spec::Service& service) {
  const auto response = world.http(port_of(service), get("/health/ready"), timeout);
  if (!response) return response.error().message;
  const auto body = body_of(response.value(), "its readiness");
  if (!body) return body.error().message;
  const Json broker = body.value().value("checks", Json::object()).value("broker", Json::object());
  return text_of(body.value(), "status") + ", " + text_of(broker, "status");
}

base::Result<std::string> stop_the_broker(World& world, const spec::Service& service) {
  const std::string& broker = world.cluster().broker;
  Undo started(world, [&] { static_cast<void>(world.command(broker, "start", Json::object())); });
  const auto began = world.clock().monotonic();
  TRY(world.command(broker, "stop", Json::object()));
  std::string last;
  TRY(const bool turned, wait_until(world, turn_patience, [&] {
        last = readiness(world, service);
        return last == "degraded, down" || last == "not_ready, down";
      }));
  if (!turned) return wrong(service.name + "'s readiness still said \"" + last + "\" when " + broker + " was stopped");
  const std::string turned_ms = std::to_string(ms_since(world, began));
  TRY(world.command(broker, "start", Json::object()));
  TRY(const bool back, wait_until(world, turn_patience, [&] {
        last = readiness(world, service);
        return last == "ready, up";
      }));
  if (!back) return wrong(service.name + "'s readiness said \"" + last + "\" when " + broker + " was back");
  return service.name + " said \"degraded\" and broker \"down\" " + turned_ms + " ms after " + broker +
         " was stopped, and \"ready\" when it was back.";
}

// Replaces each instance of the service by a new process. Returns how many.
base::Result<std::size_t> replace(World& world, const spec::Service& service) {
  TRY(const auto before, instances_of(world, service.name));
  TRY(world.command(service.name, "roll", Json::object()));
  TRY(const bool done, wait_until(world, roll_patience, [&] {
        const auto now = instances_of(world, service.name);
        if (!now || now.value().size() != before.size()) return false;
        return std::equal(before.begin(), before.end(), now.value().begin(), [](const auto& old, const auto& fresh) {
          return fresh.ready && !fresh.replacing && fresh.pid != old.pid;
        });
      }));
  if (!done) return wrong(service.name + " was not replaced within " + std::to_string(roll_patience.count()) + " ms");
  return before.size();
}

// Requests that are in flight for a while (a sign-up hashes a password, and an address that is taken leaves nothing),
// and quick ones that reach every service.
std::vector<std::unique_ptr<Traffic>> traffic_to_all(World& world, const Json& taken) {
  const auto edge = edge_port(world.cluster());
  std::vector<std::unique_ptr<Traffic>> all;
  all.push_back(std::make_unique<Traffic>(
      world, edge, [taken] { return post(users_path, taken); }, 4));
  for (const auto* service : rest_services(world.cluster())) {
    if (service->gateway) continue;
    const std::string path = service->routes.front().prefix + "/" + mark(world);
    all.push_back(std::make_unique<Traffic>(
        world, edge, [path] { return get(path); }, 1));
  }
  return all;
}

base::Result<std::string> replace_all(World& world) {
  const Json user = new_user(world);
  TRY(const auto first, world.http(edge_port(world.cluster()), post(users_path, user), timeout));
  if (first.status != 201) return wrong("a sign-up got " + std::to_string(first.status));
  auto traffic = traffic_to_all(world, user);
  world.pause(Ms(50));
  std::vector<std::string> replaced;
  for (const auto* service : rest_services(world.cluster())) {
    TRY(const std::size_t count, replace(world, *service));
    replaced.push_back(count == 1 ? service->name : std::to_string(count) + " of " + service->name);
  }
  Traffic::Count total;
  for (auto& one : traffic) {
    const auto count = one->stop();
    total.answered += count.answered;
    total.failed += count.failed;
    if (total.first_failure.empty()) total.first_failure = count.first_failure;
  }
  if (total.failed > 0) {
    return wrong(std::to_string(total.failed) + " of " + std::to_string(total.failed + total.answered) +
                 " requests failed while " + in_words(replaced) + " were replaced: " + total.first_failure);
  }
  return in_words(replaced) + " were replaced by new processes, and none of " + std::to_string(total.answered) +
         " requests failed.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  const auto& cluster = world.cluster();
  if (rest_services(cluster).empty()) return absent("No service here answers HTTP for the gateway.");
  TRY(const auto seen, ask_all(world));
  std::string text = std::to_string(seen.asked) + " health endpoints answered with version and time";
  text += seen.serving.empty() ? "." : ", grpc.health.v1 of " + in_words(seen.serving) + " SERVING.";
  for (const auto& [name, depends] : seen.depends) {
    if (seen.on_broker == nullptr || seen.on_broker->name != name) continue;
    text += " " + name + "'s readiness names " + depends + ".";
  }
  if (seen.on_broker != nullptr && cluster.services.contains(cluster.broker)) {
    TRY(const auto turned, stop_the_broker(world, *seen.on_broker));
    text += " " + turned;
  }
  if (why_no_orders(cluster)) return passed(text + " Not tried: replacing services under requests.");
  TRY(const auto replaced, replace_all(world));
  return passed(text + " " + replaced);
}

}  // namespace verify::health
