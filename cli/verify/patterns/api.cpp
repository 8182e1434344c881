// Pattern 2. One resource is the same by /api/v1 and by its alias; of two versions the older says that it will go;
// every service refuses in one shape, problem+json (RFC 9457), with the same type for the same mistake.

#include "cli/verify/patterns/patterns.hpp"
#include "cli/verify/sample.hpp"
#include "cli/verify/services.hpp"

namespace verify::api {
namespace {

constexpr Ms timeout{3000};
constexpr const char* media_type = "application/problem+json";

struct Mistake {
  std::string what;  // "an unknown path"
  int status;
  base::http::Request request;
};

// The type of the answer to one mistake. Errors: what is wrong with it.
base::Result<std::string> refused(World& world, const spec::Service& service, const Mistake& mistake) {
  const std::string asked = service.name + ", asked for " + mistake.what;
  TRY(const auto response, world.http(port_of(service), mistake.request, timeout));
  const auto wrong = [&](const std::string& why) { return base::fail(base::ErrorCode::invalid, asked + ", " + why); };
  if (response.status != mistake.status) {
    return wrong("answers " + std::to_string(response.status) + ", not " + std::to_string(mistake.status));
  }
  const std::string type(response.headers.get("Content-Type"));
  if (type != media_type) return wrong("answers with " + (type.empty() ? "no type of content" : type));
  TRY(const auto body, body_of(response, asked));
  for (const char* key : {"type", "title", "detail"}) {
    if (text_of(body, key).empty()) return wrong(std::string("answers without ") + key);
  }
  if (body.value("status", 0) != response.status) return wrong("has another status in its body");
  if (response.status == 405 && !response.headers.has("Allow")) return wrong("does not say what is allowed");
  return text_of(body, "type");
}

std::vector<Mistake> mistakes(World& world, const spec::Service& service) {
  std::vector<Mistake> list;
  list.push_back({"an unknown path", 404, get("/" + mark(world))});
  auto wrong_method = get("/health/live");
  wrong_method.method = "PUT";
  list.push_back({"PUT of its health", 405, wrong_method});
  if (service.gateway) {
    list.push_back({"a path with dot segments", 400, get("/api/v1/../" + mark(world))});
  }
  for (const char* path : {users_path, orders_path}) {
    const auto* const behind = routed(world.cluster(), path);
    if (behind != &service && !service.gateway) continue;
    auto broken = post(service.gateway ? path : std::string(path).substr(4), {});
    broken.body = "{\"broken\": ";
    list.push_back({"a body that is no JSON", 400, broken});
  }
  return list;
}

// Both paths to one user; what was seen, as a sentence.
base::Result<std::string> two_paths(World& world) {
  const std::string alias = "/api/users";
  TRY(const auto user, sign_up(world));
  TRY(const auto first, world.http(edge_port(world.cluster()), get(std::string(users_path) + "/" + user), timeout));
  TRY(const auto second, world.http(edge_port(world.cluster()), get(alias + "/" + user), timeout));
  if (first.status != 200 || second.status != 200 || first.body != second.body) {
    return base::fail(base::ErrorCode::invalid,
                      "user " + user + " is not the same by both paths: " + std::to_string(first.status) + " by " +
                          users_path + ", " + std::to_string(second.status) + " by " + alias);
  }
  return "User " + user + " is the same by " + users_path + " and " + alias + ".";
}

// The older version of orders says that it will go, the newer does not.
base::Result<std::string> two_versions(World& world) {
  const std::string path = "/" + mark(world);
  TRY(const auto older, world.http(edge_port(world.cluster()), get(orders_path + path), timeout));
  TRY(const auto newer, world.http(edge_port(world.cluster()), get(newer_orders_path + path), timeout));
  const auto wrong = [](const std::string& what) { return base::fail(base::ErrorCode::invalid, what); };
  if (older.status != 404 || newer.status != 404) {
    return wrong("an order that is not there got " + std::to_string(older.status) + " by " + orders_path + " and " +
                 std::to_string(newer.status) + " by " + newer_orders_path);
  }
  const std::string since(older.headers.get("Deprecation"));
  if (!since.starts_with('@')) return wrong(std::string(orders_path) + " answers without Deprecation");
  if (!older.headers.has("Sunset")) return wrong(std::string(orders_path) + " answers without Sunset");
  if (newer.headers.has("Deprecation")) return wrong(std::string(newer_orders_path) + " answers with Deprecation");
  return " " + std::string(orders_path) + " says Deprecation: " + since +
         " and Sunset: " + std::string(older.headers.get("Sunset")) + ", " + newer_orders_path + " does not.";
}

}  // namespace

base::Result<Finding> look(World& world) {
  if (const auto why = why_no_orders(world.cluster())) return absent(*why);
  TRY(std::string text, two_paths(world));
  std::map<int, std::pair<std::string, std::string>> types;  // status to type, and who gave it first
  std::vector<std::string> names;
  std::size_t sent = 0;
  for (const auto* service : rest_services(world.cluster())) {
    for (const auto& mistake : mistakes(world, *service)) {
      TRY(const auto type, refused(world, *service, mistake));
      const auto [known, is_new] = types.try_emplace(mistake.status, type, service->name);
      if (!is_new && known->second.first != type) {
        return failed(service->name + " calls " + mistake.what + " " + type + ", " + known->second.second +
                      " calls it " + known->second.first);
      }
      ++sent;
    }
    names.push_back(service->name);
  }
  text += " " + std::to_string(sent) + " bad requests to " + in_words(names) +
          " got problem+json, of the same type for " + "the same status (404: " + types[404].first + ").";
  if (routed(world.cluster(), newer_orders_path) == nullptr) {
    return passed(text + " Not there yet: a second live version, so no Deprecation and no Sunset.");
  }
  TRY(const auto versions, two_versions(world));
  return passed(text + versions);
}

}  // namespace verify::api
