// Pattern 3. An instance is added, registers itself, is found by its service's name and gets requests from the gateway;
// when it is drained, it leaves the registry before it ends, and no request fails.

#include <algorithm>

#include "base/http/message.hpp"
#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"
#include "cli/verify/traffic.hpp"

namespace verify::discovery {
namespace {

constexpr Ms start_patience{5000};
constexpr Ms traffic_patience{4000};
constexpr Ms end_patience{6000};
constexpr int quick_threads = 8;
constexpr int slow_threads = 4;
constexpr int most_slow_threads = 40;
constexpr Ms between_more{150};

struct Registry {
  std::uint16_t port = 0;
};

// Ids of the passing instances of a service.
base::Result<std::vector<std::string>> passing(World& world, const Registry& registry, const std::string& service) {
  TRY(const auto response, world.http(registry.port, get("/v1/health/service/" + service + "?passing"), Ms(2000)));
  TRY(const auto list, base::parse_json(response.body));
  std::vector<std::string> ids;
  for (const auto& entry : list) ids.push_back(entry.at("Service").at("ID").get<std::string>());
  return ids;
}

bool lists(World& world, const Registry& registry, const control::ServiceView& view) {
  const auto ids = passing(world, registry, view.service);
  return ids && std::find(ids.value().begin(), ids.value().end(), view.name) != ids.value().end();
}

// The one that leads to a service that exists once or more; the one that is checked anyway if there is one.
const spec::Service* subject(const spec::Cluster& cluster) {
  if (const auto* users = routed(cluster, users_path)) return users;
  for (const auto* service : rest_services(cluster)) {
    if (!service->gateway) return service;
  }
  return nullptr;
}

base::Result<control::ServiceView> added(World& world, const spec::Service& service, std::size_t before) {
  control::ServiceView fresh;
  TRY(world.command(service.name, "scale", {{"replicas", before + 1}}));
  TRY(const bool came, wait_until(world, start_patience, [&] {
        const auto all = instances_of(world, service.name);
        if (!all || all.value().size() != before + 1 || !all.value().back().ready) return false;
        fresh = all.value().back();
        return true;
      }));
  if (came) return fresh;
  return base::fail(base::ErrorCode::timeout, "a further instance of " + service.name + " was not ready after " +
                                                  std::to_string(start_patience.count()) + " ms");
}

std::size_t lines_with(const std::string& log, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = log.find(word); at != std::string::npos; at = log.find(word, at)) {
    ++count;
    at = std::min(log.find('\n', at), log.size());
  }
  return count;
}

struct Drain {
  std::int64_t left_ms = -1;   // out of the registry
  std::int64_t ended_ms = -1;  // the instance is gone
};

base::Result<Drain> drained(World& world, const Registry& registry, const control::ServiceView& fresh,
                            std::size_t before) {
  Drain drain;
  const auto began = world.clock().monotonic();
  TRY(world.command(fresh.service, "scale", {{"replicas", before}}));
  TRY(wait_until(
      world, end_patience,
      [&] {
        if (drain.left_ms < 0 && !lists(world, registry, fresh)) drain.left_ms = ms_since(world, began);
        const auto view = instance(world, fresh.name);
        const bool is_gone = !view && view.error().code == base::ErrorCode::not_found;
        if (is_gone || (view && !view.value().pid)) drain.ended_ms = ms_since(world, began);
        return drain.ended_ms >= 0;
      },
      Ms(1)));
  if (drain.ended_ms < 0) return base::fail(base::ErrorCode::timeout, fresh.name + " did not end when it was drained");
  if (drain.left_ms < 0)
    return base::fail(base::ErrorCode::invalid, fresh.name + " ended and is in the registry still");
  return drain;
}

// Requests to the service through the gateway. An instance whose sockets are held is reached by new connections only,
// and the gateway makes those when more requests are under way than before: so there are slow ones (a sign-up hashes a
// password; with an address that is taken it leaves nothing), and more and more of them until the new instance is hit.
class Load {
 public:
  // Each request has `word` as its request id.
  Load(World& world, const std::string& path, const std::string& word)
      : world_(world),
        quick_(world, port_of(*gateway_of(world.cluster())), with_id(get(path), word), quick_threads),
        slow_(world, port_of(*gateway_of(world.cluster())), with_id(slow_request(world, path), word), slow_threads),
        last_more_(world.clock().monotonic()) {}

  void more() {
    if (slow_.threads() >= most_slow_threads || world_.clock().monotonic() - last_more_ < between_more) return;
    slow_.add(slow_threads);
    last_more_ = world_.clock().monotonic();
  }

  // The quick ones go on.
  void stop_slow() { of_slow_ = slow_.stop(); }

  std::uint64_t answered() const { return quick_.answered() + slow_.answered(); }

  Traffic::Count stop() {
    const auto of_quick = quick_.stop();
    return {of_quick.answered + of_slow_.answered, of_quick.failed + of_slow_.failed,
            of_quick.failed > 0 ? of_quick.first_failure : of_slow_.first_failure};
  }

 private:
  static base::http::Request slow_request(World& world, const std::string& path) {
    return why_no_orders(world.cluster()) ? get(path) : post(users_path, new_user(world));
  }

  static std::function<base::http::Request()> with_id(base::http::Request request, const std::string& word) {
    request.headers.set("X-Request-Id", word);
    return [request = std::move(request)] { return request; };
  }

  World& world_;
  Traffic quick_;
  Traffic slow_;
  Traffic::Count of_slow_;
  base::Monotonic last_more_;
};

base::Result<Finding> under_traffic(World& world, const spec::Service& service, const Registry& registry,
                                    std::size_t before) {
  const auto began = world.clock().monotonic();
  Undo scaled(world, [&] { static_cast<void>(world.command(service.name, "scale", {{"replicas", before}})); });
  TRY(const auto fresh, added(world, service, before));
  TRY(const bool found, wait_until(world, Ms(2000), [&] { return lists(world, registry, fresh); }));
  if (!found) return failed(fresh.name + " is ready but not among the passing " + service.name + " in the registry");
  const auto there_ms = ms_since(world, began);

  const std::string word = mark(world);
  const std::string path = service.routes.front().prefix + "/" + word;
  Load traffic(world, path, word);
  TRY(const bool served, wait_until(
                             world, traffic_patience,
                             [&] {
                               traffic.more();
                               return lines_with(world.log(fresh.name), word) > 0;
                             },
                             Ms(20)));
  if (!served) {
    return failed(fresh.name + " is in the registry, and got none of " + std::to_string(traffic.answered()) +
                  " requests through the gateway");
  }
  traffic.stop_slow();
  TRY(const auto drain, drained(world, registry, fresh, before));
  const auto count = traffic.stop();
  const std::size_t own = lines_with(world.log(fresh.name), word);
  if (count.failed > 0) {
    return failed(std::to_string(count.failed) + " of " + std::to_string(count.failed + count.answered) +
                  " requests failed while " + fresh.name + " was drained: " + count.first_failure);
  }
  return passed(fresh.name + " was ready and in the registry after " + std::to_string(there_ms) + " ms and answered " +
                std::to_string(own) + " of " + std::to_string(count.answered) +
                " requests through the gateway. Drained, it was out of the registry after " +
                std::to_string(drain.left_ms) + " ms and ended after " + std::to_string(drain.ended_ms) +
                " ms; no request failed.");
}

}  // namespace

base::Result<Finding> look(World& world) {
  const auto& cluster = world.cluster();
  const auto* const service = subject(cluster);
  if (gateway_of(cluster) == nullptr || service == nullptr) return absent("No gateway leads to a service here.");
  const std::string address = world.registry();
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return absent("The registry is off in this cluster (`registry`).");
  const Registry registry{static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)))};
  TRY(const auto before, instances_of(world, service->name));
  if (before.empty()) return absent(service->name + " is scaled to nothing.");
  return under_traffic(world, *service, registry, before.size());
}

}  // namespace verify::discovery
