#include "cli/render/service_model.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "cli/render/kubernetes_names.hpp"
#include "supervisor/spec/secrets.hpp"

namespace render {
namespace {

using base::Json;

// From the balancer's point of view an instance is gone a moment after it was told to stop; requests still come then.
constexpr long long pre_stop_s = 5;
constexpr long long kill_margin_s = 5;

constexpr int first_free_port = 1024;  // what lies below is for processes with more rights

constexpr const char* config_variable = "MSCTL_CONFIG";
constexpr const char* password_variable = "PGPASSWORD";  // libpq's

// Kubernetes replaces $(NAME) in variables and commands, and takes $$ for $.
std::string doubled(const std::string& text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

Json doubled(const Json& words) {
  if (words.is_null()) return words;
  Json out = Json::array();
  for (const auto& word : words) out.push_back(doubled(word.get<std::string>()));
  return out;
}

class Maker {
 public:
  Maker(const Around& around, const spec::Service& service, Remarks& remarks)
      : around_(around),
        service_(service),
        inside_(around.inside.services.at(service.name)),
        settings_(around.environment.settings(service.name)),
        remarks_(remarks) {}

  Json make() {
    Json model{{"name", service_.name}, {"version", service_.version}, {"kind", kind()}};
    model["stateful"] = is_stateful();
    model["job"] = is_job();
    model["labels"] = settings_["labels"];
    model["annotations"] = settings_["annotations"];
    model["user"] = settings_["user"];
    add_program(model);
    add_ports(model);
    add_probes(model);
    add_env(model);
    add_resources(model);
    add_config(model);
    add_times(model);
    add_neighbours(model);
    add_events(model);
    add_workloads(model);
    add_job(model);
    return model;
  }

 private:
  std::string kind() const {
    if (service_.source == spec::Source::external) return "external";
    return service_.source == spec::Source::image || !service_.build ? "image" : "build";
  }
  bool is_here() const { return service_.source != spec::Source::external; }
  // It ends, and is not started again for that: others wait until it has.
  bool is_job() const {
    const auto awaits_it = [&](const spec::Dependency& dependency) {
      return dependency.service == service_.name && dependency.condition == spec::Condition::completed;
    };
    return service_.restart.policy == spec::RestartPolicy::no ||
           std::any_of(around_.cluster.services.begin(), around_.cluster.services.end(), [&](const auto& one) {
             return std::any_of(one.second.depends_on.begin(), one.second.depends_on.end(), awaits_it);
           });
  }
  bool is_stateful() const { return uses_data_folder() || service_.database == "sqlite"; }
  bool uses_data_folder() const {
    const auto names_it = [](const std::string& text) { return text.find("${dir:data}") != std::string::npos; };
    return std::any_of(service_.command.begin(), service_.command.end(), names_it) ||
           std::any_of(service_.env.begin(), service_.env.end(), [&](const auto& one) { return names_it(one.second); });
  }

  void mistake(const std::string& what) { remarks_.mistakes.push_back(service_.name + ": " + what); }
  std::string settings_key() const { return around_.environment.file + ": services." + service_.name; }

  void add_program(Json& model) {
    model["image"] = nullptr;
    model["command"] = nullptr;
    model["args"] = nullptr;
    model["build"] = nullptr;
    if (!is_here()) return;
    add_image(model);
    std::vector<std::string> words = service_.command;
    if (settings_.contains("command")) {
      model["command"] = settings_["command"];
    } else if (service_.source == spec::Source::image) {
      if (!words.empty()) model["args"] = words_in_image(around_, service_, words, "command", remarks_);
    } else if (model["kind"] == "build") {
      model["build"] = build_model(around_, service_);
      words.erase(words.begin());
      const Json arguments = words_in_image(around_, service_, words, "command", remarks_);
      if (!arguments.empty()) model["args"] = arguments;
    } else {
      model["command"] = words_in_image(around_, service_, words, "command", remarks_);
    }
    check_loopback(model);
    model["command_doubled"] = doubled(model["command"]);
    model["args_doubled"] = doubled(model["args"]);
  }

  void add_image(Json& model) {
    const Json& prefix = around_.environment.get("image_prefix");
    const Json& tag = around_.environment.get("tag");
    if (settings_.contains("image")) {
      model["image"] = settings_["image"];
    } else if (service_.source == spec::Source::image) {
      model["image"] = service_.image;
    } else if (model["kind"] != "build") {
      mistake("it is a program that is not built here, so an image must be named: " + settings_key() + ".image");
    } else if (prefix.is_null() || tag.is_null()) {
      mistake("its image has no name; set `image_prefix` and `tag` in " + around_.environment.file +
              ", or give --image-prefix and --tag");
    } else {
      model["image"] = prefix.get<std::string>() + "/" + service_.name + ":" + tag.get<std::string>();
    }
  }

  // What only listens on loopback is reached by nobody else in a container.
  void check_loopback(const Json& model) {
    const bool is_called = std::any_of(around_.edges.begin(), around_.edges.end(),
                                       [&](const Edge& edge) { return edge.to == service_.name; });
    for (const char* key : {"command", "args"}) {
      if (!is_called || model[key].is_null()) continue;
      for (const auto& word : model[key]) {
        if (word.get<std::string>().find("127.0.0.1") == std::string::npos) continue;
        mistake("its command listens on 127.0.0.1, where other containers do not reach it; give it another one: " +
                settings_key() + ".command");
        return;
      }
    }
  }

  void add_ports(Json& model) {
    model["speaks_http"] = inside_.ports.contains("http");
    model["speaks_rpc"] = inside_.ports.contains("grpc");
    model["ports"] = Json::array();
    for (const auto& [name, number] : inside_.ports) {
      if (number < first_free_port && is_here()) {
        remarks_.notes.push_back(service_.name + ": its port " + std::to_string(number) +
                                 " is below 1024, which user " + settings_["user"].dump() + " may not bind everywhere");
      }
      const std::string protocol = name.starts_with("http") ? "http" : name.starts_with("grpc") ? "grpc" : "tcp";
      model["ports"].push_back({{"name", port_name(name)}, {"number", number}, {"protocol", protocol}});
    }
  }

  void add_probes(Json& model) {
    const auto asked = [&](const char* name, const std::optional<spec::Probe>& probe) {
      return probe ? probe_model(around_, service_, name, *probe, remarks_) : Json();
    };
    const Json boot = asked("boot", service_.boot);
    const Json ready = asked("ready", service_.ready);
    const Json live = asked("live", service_.live);
    model["probes"] = {{"startup", boot.is_null() ? (ready.is_null() ? live : ready) : boot},
                       {"readiness", ready},
                       {"liveness", live}};
    if (is_here() && live.is_null() && !is_job()) {
      remarks_.notes.push_back(service_.name + ": it has no live probe, so nobody restarts it when it hangs");
    }
    model["health_command"] = nullptr;
    if (settings_.contains("health_command")) {
      model["health_command"] = settings_["health_command"];
    } else if (!ready.is_null() && ready["kind"] == "exec") {
      model["health_command"] = ready["command"];
    } else if (!ready.is_null() && ready["kind"] == "http" && !model["build"].is_null()) {
      model["health_command"] = {model["build"]["path"], "--check", ready["path"]};
    }
  }

  // A port of another service in a text is a connection, which only declared ones are let through.
  void check_declared(const std::string& where, const std::string& text) {
    static constexpr std::string_view mark = "${port:";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const auto begin = at + mark.size();
      const auto dot = text.find_first_of(".}", begin);
      if (dot == std::string::npos || text[dot] != '.') continue;
      const std::string other = text.substr(begin, dot - begin);
      const auto names_it = [&](const spec::Dependency& dependency) { return dependency.service == other; };
      const auto leads_there = [&](const Edge& edge) { return edge.from == service_.name && edge.to == other; };
      const bool declared = other == service_.name ||
                            std::any_of(service_.depends_on.begin(), service_.depends_on.end(), names_it) ||
                            std::any_of(around_.edges.begin(), around_.edges.end(), leads_there);
      if (declared) continue;
      remarks_.notes.push_back(service_.name + ": " + where + " names a port of " + other + ", but no NetworkPolicy " +
                               "lets it through; declare it under calls or depends_on");
    }
  }

  void add_env(Json& model) {
    Json env = Json::object();
    if (kind() == "build" && (service_.env.contains(config_variable) || settings_["env"].contains(config_variable))) {
      mistake("env." + std::string(config_variable) + " names the file that msctl renders; leave it out");
    }
    for (const auto& word : service_.command) check_declared("its command", word);
    for (const auto& [name, text] : service_.env) {
      check_declared("env." + name, text);
      if (settings_["env"].contains(name) || settings_["secrets"].contains(name)) continue;
      if (spec::names_a_secret(name)) {
        mistake("env." + name + " is a secret by its name and would stand in the rendered files; name a Secret: " +
                settings_key() + ".secrets." + name);
        continue;
      }
      auto value = container_text(around_.inside, service_.name, text, settings_["env"]);
      if (value) {
        env[name] = value.value();
      } else {
        mistake("env." + name + ": " + value.error().message + ": " + settings_key() + ".env." + name);
      }
    }
    for (const auto& [name, value] : settings_["env"].items()) env[name] = value;
    model["env"] = Json::array();
    for (const auto& [name, value] : env.items()) {
      model["env"].push_back({{"name", name}, {"value", value}, {"doubled", doubled(value.get<std::string>())}});
    }
    if (service_.database == "postgres" && is_here() && !settings_["secrets"].contains(password_variable)) {
      mistake("its database wants a password; name the Secret that has it: " + settings_key() + ".secrets." +
              password_variable + ": {secret: NAME, key: KEY}");
    }
    model["secrets"] = Json::array();
    for (const auto& [name, from] : settings_["secrets"].items()) {
      model["secrets"].push_back({{"name", name}, {"secret", from["secret"]}, {"key", from["key"]}});
    }
  }

  void add_resources(Json& model) const {
    model.update(resources_model(around_, service_, settings_));
    model["storage"] = {{"size", settings_["storage"]["size"]},
                        {"class", settings_["storage"].contains("class") ? settings_["storage"]["class"] : Json()},
                        {"path", "/data/" + service_.name}};
  }

  const Json& own_settings() const {
    static const Json nothing;
    const Json& services = around_.environment.get("services");
    return services.is_object() && services.contains(service_.name) ? services[service_.name] : nothing;
  }

  void add_config(Json& model) const {
    model["config"] = nullptr;
    model["config_text"] = nullptr;
    model["config_hash"] = nullptr;
    if (model["kind"] != "build") return;
    model["config"] = container_config(around_.inside, inside_, around_.environment);
    const std::string text = base::dump_json_pretty(model["config"]) + "\n";
    model["config_text"] = text;
    model["config_hash"] = base::sha256(text).substr(0, 16);
  }

  void add_times(Json& model) const {
    const long long drain = seconds(service_.stop_grace);
    model["drain_s"] = drain;
    model["pre_stop_s"] = pre_stop_s;
    model["grace_s"] = pre_stop_s + drain + kill_margin_s;
  }

  void add_neighbours(Json& model) const {
    model["callers"] = Json::array();
    model["callees"] = Json::array();
    const auto number = [&](const Edge& edge) { return around_.inside.services.at(edge.to).ports.at(edge.port); };
    const auto add = [&](Json& list, const std::string& other, const Edge& edge) {
      auto found = std::find_if(list.begin(), list.end(), [&](const Json& one) { return one["service"] == other; });
      if (found == list.end()) found = list.insert(list.end(), Json{{"service", other}, {"ports", Json::array()}});
      (*found)["ports"].push_back({{"name", edge.port}, {"number", number(edge)}});
    };
    for (const auto& edge : around_.edges) {
      if (edge.to == service_.name) add(model["callers"], edge.from, edge);
      if (edge.from == service_.name) add(model["callees"], edge.to, edge);
    }
    model["outside_ports"] = outside_ports(around_.cluster, service_, around_.environment);
    model["depends_on"] = Json::array();
    static constexpr const char* conditions[]{"started", "ready", "completed"};
    for (const auto& dependency : service_.depends_on) {
      const auto found = around_.cluster.services.find(dependency.service);
      if (found == around_.cluster.services.end() || found->second.source == spec::Source::external) continue;
      if (is_replaced(around_.cluster, dependency.service, around_.environment)) continue;
      model["depends_on"].push_back({{"service", dependency.service},
                                     {"condition", conditions[static_cast<std::size_t>(dependency.condition)]},
                                     {"required", dependency.required}});
    }
  }

  void add_events(Json& model) {
    model["gateway"] = service_.gateway;
    model["publishes"] = service_.publishes;
    model["consumes"] = service_.consumes;
    model["database"] = service_.database.empty() ? Json() : Json(service_.database);
    add_external(model);
    model["metrics"] = nullptr;
    if (settings_.contains("metrics")) {
      model["metrics"] = {{"port", settings_["metrics"]["port"]},
                          {"path", settings_["metrics"].value("path", "/metrics")}};
      if (!inside_.ports.contains(settings_["metrics"]["port"].get<std::string>())) {
        mistake("there is no port " + settings_["metrics"]["port"].dump() + " for metrics: " + settings_key() +
                ".metrics");
        model["metrics"] = nullptr;
      }
    } else if (model["kind"] == "build" && inside_.ports.contains("http")) {
      model["metrics"] = {{"port", "http"}, {"path", "/metrics"}};
    }
    if (model["metrics"].is_null()) return;
    const auto port = model["metrics"]["port"].get<std::string>();
    model["metrics"]["number"] = inside_.ports.at(port);
    model["metrics"]["port"] = port_name(port);
  }

  // http://HOST:PORT, the host in [] when it is an IPv6 address.
  void add_external(Json& model) {
    model["external_host"] = nullptr;
    model["external_port"] = nullptr;
    model["external_is_ip"] = false;
    if (!service_.external) return;
    std::string where = service_.external->url.substr(service_.external->url.find("//") + 2);
    const auto colon = where.rfind(':');
    model["external_port"] = std::stoi(where.substr(colon + 1));
    std::string host = where.substr(0, colon);
    const bool bracketed = host.starts_with('[');
    if (bracketed) host = host.substr(1, host.size() - 2);
    model["external_host"] = host;
    if (host == "localhost" || host == "::1" || host.starts_with("127.")) {
      mistake(
          "its url names this machine, which is another one for each container; lay a cluster file with its address "
          "over msctl.yaml: -f msctl.yaml -f FILE");
    }
    model["external_is_ip"] = bracketed || host.find_first_not_of("0123456789.") == std::string::npos;
  }

  void add_workloads(Json& model) {
    Json replicas = settings_["replicas"];
    if (is_stateful() && is_here()) replicas = one_replica();
    if (is_job()) replicas = {{"min", 1}, {"max", 1}};
    model["replicas"] = replicas;
    model["scales"] = replicas["min"] != replicas["max"];
    model["cpu_target"] = settings_["cpu_target"];
    model["workloads"] = Json::array();
    if (!is_here()) return;
    Json stable{{"name", service_.name},
                {"subset", "stable"},
                {"weight", 100},
                {"image", model["image"]},
                {"version", version(around_.environment.get("tag"))}};
    if (settings_.contains("canary")) add_canary(model, stable);
    model["workloads"].insert(model["workloads"].begin(), stable);
  }

  // Its name in Kubernetes changes with whatever it is run from.
  void add_job(Json& model) const {
    if (!is_job()) return;
    const bool retried = service_.restart.policy != spec::RestartPolicy::no;
    model["job_restart"] = retried ? "OnFailure" : "Never";
    model["job_retries"] = retried ? service_.restart.limit : 0;
    Json from = Json::array();
    for (const char* key : {"image", "command", "args", "env", "secrets", "config_hash"}) from.push_back(model[key]);
    model["job_digest"] = base::sha256(from.dump()).substr(0, 8);
  }

  Json version(const Json& tag) const {
    const bool is_tagged = kind() == "build" && !settings_.contains("image") && !tag.is_null();
    return label_of(is_tagged ? tag.get<std::string>() : service_.version);
  }

  static std::string label_of(const std::string& version) {
    const std::string label = label_value(version);
    return label.empty() ? "unversioned" : label;
  }

  void add_canary(Json& model, Json& stable) {
    const Json& canary = settings_["canary"];
    if (is_stateful() || model["kind"] != "build" || settings_.contains("image")) {
      mistake("only a service that is built here and keeps no data of its own can have a canary: " + settings_key() +
              ".canary");
      return;
    }
    stable["weight"] = 100 - canary["weight"].get<int>();
    model["workloads"].push_back({{"name", service_.name + "-canary"},
                                  {"subset", "canary"},
                                  {"weight", canary["weight"]},
                                  {"image", around_.environment.value.value("image_prefix", std::string()) + "/" +
                                                service_.name + ":" + canary["tag"].get<std::string>()},
                                  {"version", label_of(canary["tag"].get<std::string>())}});
  }

  // Two processes of different machines cannot share one file.
  Json one_replica() {
    const Json& own = own_settings();
    const std::string why = service_.database == "sqlite" ? "its SQLite file" : "its data folder";
    if (own.is_object() && own.contains("replicas") && own["replicas"].value("max", 1) > 1) {
      mistake(why + " is for one process; set min and max to 1, or give it a database that can be shared: " +
              settings_key() + ".replicas");
    }
    remarks_.notes.push_back(service_.name + ": " + why +
                             " is for one process: it runs once, and is away for a moment while it is replaced");
    return {{"min", 1}, {"max", 1}};
  }

  const Around& around_;
  const spec::Service& service_;
  const spec::Service& inside_;
  const Json settings_;
  Remarks& remarks_;
};

}  // namespace

Json words_in_image(const Around& around, const spec::Service& service, const std::vector<std::string>& command,
                    const std::string& key, Remarks& remarks) {
  const Json settings = around.environment.settings(service.name);
  Json words = Json::array();
  for (const auto& word : command) {
    auto text = container_text(around.inside, service.name, word, settings["env"]);
    if (text) {
      words.push_back(text.value());
    } else {
      remarks.mistakes.push_back(service.name + ": " + key + ": " + text.error().message + ": " +
                                 around.environment.file + ": services." + service.name);
    }
  }
  return words;
}

Json service_model(const Around& around, const spec::Service& service, Remarks& remarks) {
  return Maker(around, service, remarks).make();
}

}  // namespace render
