#include "supervisor/spec/config_view.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "supervisor/spec/encode.hpp"
#include "supervisor/spec/load.hpp"
#include "supervisor/spec/mask.hpp"
#include "supervisor/spec/resolve.hpp"
#include "supervisor/spec/secrets.hpp"
#include "supervisor/spec/suggest.hpp"

namespace spec {
namespace {

using base::ErrorCode;
using base::Json;

class Viewer {
 public:
  // `by_option`: --profile has chosen the profiles.
  Viewer(Loaded& loaded, bool by_option) : loaded_(loaded), cluster_(loaded.cluster), by_option_(by_option) {
    const Outside real = real_outside(cluster_);
    outside_ = real;
    outside_.for_file = true;
    outside_.variable = [this, real](const std::string& name) {
      auto value = real.variable(name);
      if (value) from_.insert(std::getenv(name.c_str()) != nullptr ? "env " + name : loaded_.env_origins[name]);
      const bool is_ours = std::getenv(name.c_str()) == nullptr;
      const bool is_secret = names_a_secret(name) || (is_ours && loaded_.secret_env.contains(name));
      if (value && !value->empty() && is_secret) value = masked;
      if (!value) unset_.insert(name);
      return value;
    };
    outside_.fallback = [](const std::string& name, const std::string& fallback) {
      return names_a_secret(name) && !fallback.empty() ? std::string(masked) : fallback;
    };
    outside_.content = [this, real](const std::filesystem::path& file) -> base::Result<std::string> {
      const std::string shown = shown_path(file, cluster_.root);
      from_.insert("file " + shown);
      auto content = real.content(file);
      if (content && is_secret_file(file, cluster_.root)) return std::string(masked);
      return content;
    };
  }

  ConfigView run(const std::vector<std::string>& services) {
    Json& value = view_.value;
    value["version"] = 1;
    value["name"] = cluster_.name;
    if (!cluster_.broker.empty()) {
      value["broker"] = cluster_.broker;
      value["broker_kind"] = cluster_.broker_kind;
    }
    if (!cluster_.postgres.empty()) value["postgres"] = cluster_.postgres;
    put_profiles(value, services);
    value["registry"] = {{"enabled", cluster_.registry.enabled}};
    if (cluster_.registry.port_given) value["registry"]["port"] = cluster_.registry.port;
    value["services"] = Json::object();
    for (const auto& [name, service] : cluster_.services) {
      if (is_shown(name, services)) put_service(service);
    }
    if (services.empty()) put_workspace(value);
    walk(value, "");
    return std::move(view_);
  }

 private:
  static bool is_shown(const std::string& name, const std::vector<std::string>& services) {
    return services.empty() || std::find(services.begin(), services.end(), name) != services.end();
  }

  // The chosen ones that a service shown is part of, so that the view stands alone.
  void put_profiles(Json& value, const std::vector<std::string>& services) {
    std::set<std::string> used;
    for (const auto& [name, service] : cluster_.services) {
      if (is_shown(name, services)) used.insert(service.profiles.begin(), service.profiles.end());
    }
    std::vector<std::string> chosen = loaded_.profiles;
    std::erase_if(chosen, [&](const std::string& profile) { return !used.contains(profile); });
    if (chosen.empty()) return;
    value["profiles"] = chosen;
    if (by_option_) special_["/profiles"] = "--profile";
  }

  void put_workspace(Json& value) {
    for (const auto& [name, command] : cluster_.commands) {
      Json& one = value["commands"][name];
      one["command"] = texts("", command.command, child_pointer("/commands", name) + "/command");
      if (!command.help.empty()) one["help"] = command.help;
    }
    if (!cluster_.try_this.empty()) value["try_this"] = texts("", cluster_.try_this, "/try_this");
  }

  void put_service(const Service& service) {
    Json value = encode_service(cluster_, service);
    const std::string at = child_pointer("/services", service.name);
    if (value.contains("command")) value["command"] = texts(service.name, service.command, at + "/command");
    if (value.contains("env")) {
      for (auto& [key, text] : value["env"].items()) text = env_text(service, key, at);
    }
    if (value.contains("probes")) {
      for (auto& [kind, probe] : value["probes"].items()) {
        if (!probe.contains("exec")) continue;
        probe["exec"] = texts(service.name, probe["exec"], at + "/probes/" + kind + "/exec");
      }
    }
    if (value.contains("build")) value["build"]["command"] = mask_arguments(service.build->command);
    for (const auto& [name, door] :
         {std::pair{"states", &service.contracts.states}, std::pair{"messages", &service.contracts.messages}}) {
      if (!door->command.empty()) value["contracts"][name]["command"] = mask_arguments(door->command);
    }
    if (value.contains("register") && value["register"].contains("meta")) {
      for (auto& [key, text] : value["register"]["meta"].items()) {
        if (names_a_secret(key)) text = masked;
      }
    }
    view_.value["services"][service.name] = std::move(value);
  }

  // Replaced as far as it can be; what a file would take for a replacement is escaped again.
  std::string text(const std::string& service, const std::string& raw) {
    auto resolved = resolve_with(cluster_, service, raw, outside_);
    if (!resolved) {
      for (const std::string& name : unset_) from_.insert(name + " is not set");
      return raw;
    }
    return resolved.value();
  }

  std::string env_text(const Service& service, const std::string& key, const std::string& at) {
    from_.clear();
    unset_.clear();
    const std::string shown = text(service.name, service.env.at(key));
    const auto given = loaded_.given.find(service.name);
    if (given != loaded_.given.end() && given->second.contains(key)) {
      special_[child_pointer(at + "/env", key)] = given->second.at(key);
    }
    add_sources(child_pointer(at + "/env", key));
    const auto secrets = loaded_.secret_given.find(service.name);
    const bool is_given_secret = secrets != loaded_.secret_given.end() && secrets->second.contains(key);
    return is_given_secret || names_a_secret(key) ? masked : mask_urls(shown);
  }

  std::vector<std::string> texts(const std::string& service, const std::vector<std::string>& raw,
                                 const std::string& at) {
    from_.clear();
    unset_.clear();
    std::vector<std::string> shown;
    for (const std::string& one : raw) shown.push_back(text(service, one));
    add_sources(at);
    return mask_arguments(std::move(shown));
  }

  void add_sources(const std::string& at) {
    if (from_.empty()) return;
    std::string list;
    for (const std::string& one : from_) list += (list.empty() ? " (" : ", ") + one;
    behind_[at] = list + ")";
  }

  void walk(const Json& value, const std::string& at) {
    if (value.is_object() && !value.empty()) {
      for (const auto& [key, child] : value.items()) walk(child, child_pointer(at, key));
      return;
    }
    view_.origins[at] = origin(at) + (behind_.contains(at) ? behind_.at(at) : "");
  }

  std::string origin(const std::string& at) const {
    if (const auto it = special_.find(at); it != special_.end()) return it->second;
    const std::string prefix = "/services/";
    if (!at.starts_with(prefix)) {
      return loaded_.layers->value().contains(Json::json_pointer(at)) ? line(loaded_.layers->owner(at), at) : "default";
    }
    const std::size_t slash = at.find('/', prefix.size());
    const ServiceSource& source = loaded_.sources.at(at.substr(prefix.size(), slash - prefix.size()));
    const std::string within = slash == std::string::npos ? "" : at.substr(slash);
    return of_service(source, within);
  }

  std::string of_service(const ServiceSource& source, const std::string& within) const {
    const bool is_generated = !loaded_.layers->has(child_pointer("/services", source.name));
    if (is_generated) return source.merged.contains(Json::json_pointer(within)) ? "follows from database" : "default";
    if (!cluster_.project.empty() && within.starts_with("/ports/")) {
      if (cluster_.services.at(source.name).source != Source::external) return "a free one for this project";
    }
    const std::string depends_on = "/depends_on/";
    std::string at = within;
    if (within.starts_with(depends_on)) {
      const std::string edge = within.substr(0, within.find('/', depends_on.size()));
      if (!source.merged.contains(Json::json_pointer(edge)))
        return follows_from(source, edge.substr(depends_on.size()));
      if (within.ends_with("/condition") && source.merged.at(Json::json_pointer(edge)).is_string()) at = edge;
    }
    if (!source.merged.contains(Json::json_pointer(at))) return "default";
    const auto [file, pointer] = source.origin(at);
    return line(*file, pointer);
  }

  std::string follows_from(const ServiceSource& source, const std::string& dependency) const {
    const auto calls = source.merged.find("calls");
    if (calls != source.merged.end() && calls->contains(dependency)) return "follows from calls";
    if (dependency == databases_job(cluster_)) return "follows from database";
    if (dependency == cluster_.broker && source.merged.contains("publishes")) return "follows from publishes";
    return dependency == cluster_.broker ? "follows from consumes" : "follows from routes";
  }

  static std::string line(const SourceFile& file, const std::string& pointer) {
    return file.name + ":" + std::to_string(line_of(file.document, pointer));
  }

  Loaded& loaded_;
  Cluster& cluster_;
  const bool by_option_;
  Outside outside_;
  ConfigView view_;
  std::set<std::string> from_;   // what replaced something in the text at hand
  std::set<std::string> unset_;  // variables that the text at hand has no value for
  std::map<std::string, std::string> special_;
  std::map<std::string, std::string> behind_;
};

base::Result<void> check_asked(const Cluster& cluster, const std::vector<std::string>& services) {
  std::vector<std::string> known;
  for (const auto& [name, service] : cluster.services) known.push_back(name);
  for (const std::string& name : services) {
    if (cluster.services.contains(name)) continue;
    const auto left_out = cluster.left_out.find(name);
    if (left_out != cluster.left_out.end()) {
      return base::fail(ErrorCode::not_found,
                        "service " + name + " is only there with --profile " + left_out->second.front());
    }
    const std::string near = nearest(name, known);
    return base::fail(ErrorCode::not_found, "no service is named " + shown(Json(name)) +
                                                (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
  return base::success();
}

}  // namespace

base::Result<ConfigView> view_config(const LoadOptions& options, const std::vector<std::string>& services,
                                     const RememberedPorts& ports) {
  TRY(Loaded loaded, load_with(options, program_folder()));
  TRY(check_asked(loaded.cluster, services));
  TRY(check_secret_files(loaded.cluster, services));
  for (auto& [name, service] : loaded.cluster.services) {
    for (auto& [port_name, number] : service.ports) {
      const auto known = ports.find(name + "." + port_name);
      if (number == 0 && known != ports.end()) number = known->second;
    }
  }
  return Viewer(loaded, !options.profiles.empty()).run(services);
}

}  // namespace spec
