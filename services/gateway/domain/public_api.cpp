#include "services/gateway/domain/public_api.hpp"

#include <set>

namespace gateway_service::domain {
namespace {

using base::Json;

constexpr int max_depth = 64;

const Json& member(const Json& json, const char* key) {
  static const Json none;
  return json.is_object() && json.contains(key) ? json.at(key) : none;
}

class Merger {
 public:
  explicit Merger(const std::string& name) : name_(name) {}

  void add_components(const std::string& service, const Json& document) {
    for (const auto& [kind, parts] : member(document, "components").items()) {
      if (!parts.is_object()) continue;
      for (const auto& [name, part] : parts.items()) {
        Json& known = components_[kind][name];
        const bool taken = !known.is_null() && known != part;
        if (taken) renamed_["#/components/" + kind + "/" + name] = "#/components/" + kind + "/" + service + "." + name;
        (taken ? components_[kind][service + "." + name] : known) = part;
      }
    }
    if (renamed_.empty()) return;
    for (auto& [kind, parts] : components_.items()) {
      for (auto& [name, part] : parts.items()) {
        if (name.starts_with(service + ".")) rename(part, 0);
      }
    }
  }

  void add_paths(const Route& route, const Json& document) {
    for (const auto& [path, item] : member(document, "paths").items()) {
      const bool below = path == route.to || path.starts_with(route.to == "/" ? route.to : route.to + "/");
      const std::string rest = below ? path.substr(route.to == "/" ? 0 : route.to.size()) : "";
      const std::string here = route.prefix + rest;
      if (!below || paths_.contains(here) || !item.is_object()) continue;
      Json copy = item;
      rename(copy, 0);
      for (auto& [method, operation] : copy.items()) {
        if (!operation.is_object() || !operation.contains("operationId") || !operation["operationId"].is_string())
          continue;
        operation["operationId"] = unique(route.service, operation["operationId"].get<std::string>());
        operation["tags"] = Json::array({route.service});
      }
      paths_[here] = std::move(copy);
    }
  }

  // Of the service whose document comes next.
  void forget_names() { renamed_.clear(); }

  Json take(const std::set<std::string>& services, const std::set<std::string>& undescribed) {
    Json tags = Json::array();
    for (const auto& service : services) tags.push_back({{"name", service}});
    Json document = {{"openapi", "3.1.0"},
                     {"info", {{"title", name_}, {"version", "v1"}}},
                     {"servers", Json::array({{{"url", "/"}}})},
                     {"security", Json::array()},
                     {"tags", tags},
                     {"paths", paths_},
                     {"components", components_}};
    if (!undescribed.empty()) document["x-undescribed"] = undescribed;
    return document;
  }

 private:
  // References to parts that have another name here.
  void rename(Json& json, int depth) {
    if (depth > max_depth) return;
    if (json.is_array()) {
      for (auto& each : json) rename(each, depth + 1);
    }
    if (!json.is_object()) return;
    for (auto& [key, value] : json.items()) {
      if (key == "$ref" && value.is_string()) {
        if (const auto found = renamed_.find(value.get<std::string>()); found != renamed_.end()) value = found->second;
      } else {
        rename(value, depth + 1);
      }
    }
  }

  std::string unique(const std::string& service, const std::string& id) {
    std::string name = id;
    if (!ids_.insert(name).second) {
      name = service + "." + id;
      for (int n = 2; !ids_.insert(name).second; ++n) name = service + "." + id + "." + std::to_string(n);
    }
    return name;
  }

  std::string name_;
  std::map<std::string, std::string> renamed_;
  std::set<std::string> ids_;
  Json paths_ = Json::object();
  Json components_ = Json::object();
};

}  // namespace

Json public_api(const std::string& name, const std::vector<Route>& routes,
                const std::map<std::string, Json>& documents) {
  Merger merger(name);
  std::set<std::string> services;
  std::set<std::string> undescribed;
  std::vector<std::string> order;
  for (const auto& route : routes) {
    if (!services.insert(route.service).second) continue;
    order.push_back(route.service);
  }
  for (const auto& service : order) {
    const auto found = documents.find(service);
    if (found == documents.end() || !found->second.is_object()) {
      undescribed.insert(service);
      continue;
    }
    merger.forget_names();
    merger.add_components(service, found->second);
    for (const auto& route : routes) {
      if (route.service == service) merger.add_paths(route, found->second);
    }
  }
  return merger.take(services, undescribed);
}

}  // namespace gateway_service::domain
