#include "supervisor/registry/reads.hpp"

#include <algorithm>
#include <array>

#include "supervisor/registry/bodies.hpp"
#include "supervisor/registry/views.hpp"

namespace registry {
namespace {

using base::Json;
using base::http::Response;

bool has_tags(const Instance& instance, const std::vector<std::string>& wanted) {
  const auto& tags = instance.definition.tags;
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) {
    return tag.empty() || std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

// Of one read: the request by value, since it may wait.
class Reader {
 public:
  Reader(const Catalog& catalog, const ApiRequest& request, std::uint16_t port)
      : catalog_(catalog), request_(request), port_(port) {}

  Response agent_services() const {
    Json all = Json::object();
    for (const auto* each : catalog_.instances()) all[each->definition.id] = views::service(catalog_, *each);
    return json_answer(all);
  }

  Response agent_service() const {
    const std::string id = request_.rest(2);
    const auto* found = catalog_.find(id);
    if (found == nullptr) return text_answer(404, "unknown service ID: " + id);
    Json body = views::service(catalog_, *found);
    const auto hash = std::to_string(std::hash<std::string>()(base::dump_json(body)));
    body["ContentHash"] = hash;
    auto response = json_answer(body);
    response.headers.set("X-Consul-ContentHash", hash);
    return response;
  }

  Response agent_checks() const {
    Json all = Json::object();
    for (const auto* each : catalog_.checks()) all[each->definition.id] = views::check(catalog_, *each);
    return json_answer(all);
  }

  // The status is in the HTTP status as well, for balancers that look at nothing else.
  Response agent_health(bool by_id) const {
    const std::string wanted = request_.rest(4);
    std::vector<const Instance*> found;
    if (!by_id) found = catalog_.instances_of(wanted);
    if (const auto* one = by_id ? catalog_.find(wanted) : nullptr) found.push_back(one);
    if (found.empty())
      return text_answer(404, by_id ? "ServiceId " + wanted + " not found" : "ServiceName " + wanted + " Not Found");
    Json list = Json::array();
    Status worst = Status::passing;
    for (const auto* each : found) {
      const Status status = catalog_.status_of(*each);
      worst = std::max(worst, status);
      Json checks = Json::array();
      for (const auto* check : catalog_.checks_of(*each)) checks.push_back(views::check(catalog_, *check));
      list.push_back({{"AggregatedStatus", name(status)},
                      {"Service", views::service(catalog_, *each)},
                      {"Checks", std::move(checks)}});
    }
    const int code = worst == Status::passing ? 200 : worst == Status::warning ? 429 : 503;
    if (request_.get("format") == "text") return text_answer(code, name(worst));
    return json_answer(by_id ? list[0] : list, code);
  }

  Response catalog_services() const {
    std::map<std::string, std::set<std::string>> tags;
    if (!request_.has("node-meta")) {
      for (const auto* each : catalog_.instances()) {
        auto& of_service = tags[each->definition.name];
        of_service.insert(each->definition.tags.begin(), each->definition.tags.end());
      }
    }
    Json all = Json::object();
    for (const auto& [service, list] : tags) all[service] = list;
    return json_answer(all);
  }

  Response catalog_service() const {
    Json list = Json::array();
    for (const auto* each : wanted_instances(request_.rest(2))) list.push_back(views::catalog_entry(catalog_, *each));
    return json_answer(list);
  }

  Response catalog_node() const {
    if (request_.rest(2) != catalog_.node().name) return json_answer(nullptr);
    Json services = Json::object();
    for (const auto* each : catalog_.instances()) services[each->definition.id] = views::service(catalog_, *each);
    return json_answer({{"Node", views::node(catalog_)}, {"Services", std::move(services)}});
  }

  Response catalog_nodes() const {
    Json list = Json::array();
    if (!request_.has("node-meta")) list.push_back(views::node(catalog_));
    return json_answer(list);
  }

  Response health_service() const {
    const auto passing = request_.has("passing") ? request_.flag("passing", true) : false;
    if (!passing) return text_answer(400, "Invalid value for ?passing");
    Json list = Json::array();
    for (const auto* each : wanted_instances(request_.rest(2))) {
      if (*passing && catalog_.status_of(*each) != Status::passing) continue;
      list.push_back(views::health_entry(catalog_, *each));
    }
    return json_answer(list);
  }

  Response health_checks() const {
    Json list = Json::array();
    for (const auto* each : catalog_.instances_of(request_.rest(2))) {
      for (const auto* check : catalog_.checks_of(*each)) list.push_back(views::check(catalog_, *check));
    }
    return json_answer(list);
  }

  Response health_node() const {
    Json list = Json::array();
    if (request_.rest(2) != catalog_.node().name) return json_answer(list);
    list.push_back(views::serf_health(catalog_));
    for (const auto* each : catalog_.checks()) list.push_back(views::check(catalog_, *each));
    return json_answer(list);
  }

  Response health_state() const {
    const std::string state = request_.rest(2);
    const auto status = status_from(state);
    const bool any = state == "any";
    Json list = Json::array();
    if (any || status == Status::passing) list.push_back(views::serf_health(catalog_));
    for (const auto* each : catalog_.checks()) {
      if (any || status == each->status) list.push_back(views::check(catalog_, *each));
    }
    return json_answer(list);
  }

  Response self() const { return json_answer(views::self(catalog_, port_)); }
  Response members() const { return json_answer(Json::array({views::member(catalog_, port_)})); }
  Response datacenters() const { return json_answer(Json::array({catalog_.node().datacenter})); }
  Response leader() const { return json_answer(catalog_.node().address + ":" + std::to_string(port_)); }
  Response peers() const { return json_answer(Json::array({catalog_.node().address + ":" + std::to_string(port_)})); }

 private:
  std::vector<const Instance*> wanted_instances(const std::string& service) const {
    std::vector<const Instance*> list;
    if (request_.has("node-meta")) return list;  // the node has none
    for (const auto* each : catalog_.instances_of(service)) {
      if (has_tags(*each, request_.all("tag"))) list.push_back(each);
    }
    return list;
  }

  const Catalog& catalog_;
  ApiRequest request_;
  std::uint16_t port_;
};

using Look = Response (Reader::*)() const;

// An endpoint whose path ends with a name, and what to say when the name is missing.
struct Named {
  std::string_view group;
  std::string_view kind;
  Look look;
  enum Index : std::uint8_t { own, all } index;
  std::string_view missing;
};

}  // namespace

Response json_answer(const Json& body, int status) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = base::dump_json(body);
  return response;
}

Response text_answer(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = text;
  return response;
}

std::optional<Read> find_read(const Catalog& catalog, const ApiRequest& request, std::uint16_t port) {
  const auto reader = std::make_shared<const Reader>(catalog, request, port);
  const auto all = [&catalog] { return catalog.index(); };
  const auto registered = [&catalog] { return catalog.services_index(); };
  const auto read = [&](Look look, std::function<std::uint64_t()> index, bool blocks) {
    return Read{std::move(index), [reader, look] { return ((*reader).*look)(); }, blocks};
  };
  if (request.is({"agent", "self"})) return read(&Reader::self, all, false);
  if (request.is({"agent", "members"})) return read(&Reader::members, all, false);
  if (request.is({"agent", "services"})) return read(&Reader::agent_services, all, false);
  if (request.is({"agent", "checks"})) return read(&Reader::agent_checks, all, false);
  if (request.is({"catalog", "services"})) return read(&Reader::catalog_services, registered, true);
  if (request.is({"catalog", "nodes"}))
    return read(
        &Reader::catalog_nodes, [] { return 1; }, true);
  if (request.is({"catalog", "datacenters"})) return read(&Reader::datacenters, all, false);
  if (request.is({"status", "leader"})) return read(&Reader::leader, all, false);
  if (request.is({"status", "peers"})) return read(&Reader::peers, all, false);
  for (const bool by_id : {true, false}) {
    if (!request.starts_with({"agent", "health", "service", by_id ? "id" : "name"})) continue;
    return Read{all, [reader, by_id] { return reader->agent_health(by_id); }, false};
  }
  static const std::array<Named, 6> named{
      {{"catalog", "service", &Reader::catalog_service, Named::own, "Missing service name"},
       {"catalog", "node", &Reader::catalog_node, Named::all, "Missing node name"},
       {"health", "service", &Reader::health_service, Named::own, "Missing service name"},
       {"health", "checks", &Reader::health_checks, Named::own, "Missing service name"},
       {"health", "node", &Reader::health_node, Named::all, "Missing node name"},
       {"health", "state", &Reader::health_state, Named::all, "Missing check state"}}};
  const std::string name = request.rest(2);
  for (const auto& each : named) {
    if (!request.starts_with({each.group, each.kind})) continue;
    if (name.empty()) return Read{all, [&each] { return text_answer(400, each.missing); }, false};
    if (each.index == Named::all) return read(each.look, all, true);
    return read(
        each.look, [&catalog, name] { return catalog.index_of(name); }, true);
  }
  if (request.starts_with({"agent", "service"})) return read(&Reader::agent_service, all, false);
  return std::nullopt;
}

}  // namespace registry
