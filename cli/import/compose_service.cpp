#include "cli/import/compose_service.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <set>

#include "cli/import/compose_texts.hpp"
#include "cli/import/words.hpp"

namespace cli {
namespace {

using base::Json;

class Service {
 public:
  Service(std::string name, const Json& from, const ComposeNames& names, std::vector<std::string>& notes)
      : name_(std::move(name)), from_(from), names_(names), notes_(notes) {}

  Json run() {
    read_source();
    read_environment();
    read_ports();
    read_dependencies();
    read_health();
    read_restart();
    read_deploy();
    read_rest();
    for (const auto& [key, value] : from_.items()) {
      if (!done_.contains(key) && !key.starts_with("x-")) note(key + " has no equivalent and is left out");
    }
    return std::move(to_);
  }

 private:
  void note(const std::string& what) { notes_.push_back(name_ + ": " + what); }

  const Json* take(const std::string& key) {
    done_.insert(key);
    const auto it = from_.find(key);
    return it == from_.end() || it->is_null() ? nullptr : &*it;
  }

  std::string text(const std::string& key, const Json& value, bool replace) {
    std::string problem;
    std::string out = interpolated(plain_text(value), replace, problem);
    if (!problem.empty()) note(key + ": " + problem);
    return out;
  }

  // A list of words, or a line of them.
  std::vector<std::string> words(const std::string& key, const Json& value) {
    std::vector<std::string> list;
    if (value.is_array()) {
      for (const Json& one : value) list.push_back(text(key, one, true));
      return list;
    }
    auto split = split_words(plain_text(value));
    if (!split) {
      note(key + ": a quote is not closed; the line is left out");
      return list;
    }
    for (const std::string& one : *split) list.push_back(text(key, one, true));
    return list;
  }

  void read_source() {
    if (const Json* image = take("image")) to_["image"] = text("image", *image, false);
    if (const Json* build = take("build")) read_build(*build);
    std::vector<std::string> argv;
    const Json* entrypoint = take("entrypoint");
    if (entrypoint != nullptr && to_.contains("image")) {
      note("entrypoint of an image has no equivalent; the image's own is run");
    } else if (entrypoint != nullptr) {
      argv = words("entrypoint", *entrypoint);
    }
    if (const Json* command = take("command")) {
      for (std::string& word : words("command", *command)) argv.push_back(std::move(word));
    }
    if (!argv.empty()) to_["command"] = argv;
    if (const Json* folder = take("working_dir")) {
      if (to_.contains("image")) {
        note("working_dir of an image has no equivalent; the image's own counts");
      } else {
        to_["folder"] = text("working_dir", *folder, false);
      }
    }
  }

  void read_build(const Json& build) {
    if (!to_.contains("image")) to_["image"] = names_.project + "-" + name_;
    std::vector<std::string> argv{"docker", "build", "-t", to_["image"].get<std::string>()};
    std::string context = ".";
    if (!build.is_object()) context = text("build", build, false);
    const Json keys = build.is_object() ? build : Json::object();
    for (const auto& [key, value] : keys.items()) {
      if (key == "context") {
        context = text("build.context", value, false);
      } else if (key == "dockerfile") {
        argv.insert(argv.end(), {"-f", text("build.dockerfile", value, false)});
      } else if (key == "target") {
        argv.insert(argv.end(), {"--target", text("build.target", value, false)});
      } else if (key == "args") {
        for (const auto& [name, one] : name_values(value)) {
          argv.insert(argv.end(), {"--build-arg", name + (one.is_null() ? "" : "=" + text("build.args", one, false))});
        }
      } else {
        note("build." + key + " has no equivalent and is left out");
      }
    }
    // docker takes the Dockerfile relative to where it runs, compose relative to the context.
    if (const auto file = std::find(argv.begin(), argv.end(), "-f"); file != argv.end() && context != ".") {
      *(file + 1) = context + "/" + *(file + 1);
    }
    argv.push_back(context);
    to_["build"]["command"] = argv;
  }

  void read_environment() {
    if (const Json* files = take("env_file")) {
      for (const Json& one : files->is_array() ? *files : Json::array({*files})) {
        if (one.is_object() && one.value("required", Json(true)) == false)
          note("env_file: msctl needs the file to be there");
        to_["env_files"].push_back(text("env_file", one.is_object() ? one.value("path", Json("")) : one, false));
      }
    }
    const Json* environment = take("environment");
    if (environment == nullptr) return;
    for (const auto& [key, value] : name_values(*environment)) {
      const bool is_name = !key.empty() &&
                           key.find_first_not_of(
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789_") == std::string::npos &&
                           (key.front() < '0' || key.front() > '9');
      if (!is_name) {
        note("environment: " + key + " is no name of a variable here and is left out");
      } else {
        to_["env"][key] = value.is_null() ? "${env:" + key + ":-}" : text("environment." + key, value, true);
      }
    }
  }

  void read_ports() {
    const Json* ports = take("ports");
    if (ports == nullptr) return;
    for (const Json& one : ports->is_array() ? *ports : Json::array({*ports})) {
      std::string published;
      std::string target;
      std::string protocol = "tcp";
      if (one.is_object()) {
        published = plain_text(one.value("published", Json()));
        target = plain_text(one.value("target", Json()));
        protocol = plain_text(one.value("protocol", Json("tcp")));
      } else {
        std::string whole = text("ports", one, false);
        if (const auto slash = whole.find('/'); slash != std::string::npos) {
          protocol = whole.substr(slash + 1);
          whole.resize(slash);
        }
        const auto colon = whole.rfind(':');
        target = colon == std::string::npos ? whole : whole.substr(colon + 1);
        published = colon == std::string::npos ? "" : whole.substr(0, colon);
        if (const auto address = published.rfind(':'); address != std::string::npos) published.erase(0, address + 1);
      }
      add_port(published, target, protocol);
    }
  }

  void add_port(const std::string& published, const std::string& target, const std::string& protocol) {
    unsigned number = 0;
    const auto end = std::from_chars(target.data(), target.data() + target.size(), number);
    const bool is_port =
        end.ec == std::errc() && end.ptr == target.data() + target.size() && number > 0 && number < 65536;
    const std::string shown = published.empty() ? target : published + ":" + target;
    if (!is_port || protocol != "tcp") {
      return note("ports: " + shown + " (" + protocol + ") has no equivalent and is left out");
    }
    static const std::set<unsigned> web{80, 3000, 5000, 8000, 8080, 8888};
    Json& ports = to_["ports"];
    const bool is_http = web.contains(number) && !ports.contains("http");
    ports[is_http ? "http" : "port-" + target] = number;
    if (!published.empty() && published != target) {
      note("ports: " + shown + " would be another port outside than inside; it is " + target + " here");
    }
  }

  void read_dependencies() {
    const Json* depends_on = take("depends_on");
    if (depends_on == nullptr) return;
    Json entries = Json::object();
    if (depends_on->is_array()) {
      for (const Json& one : *depends_on) entries[plain_text(one)] = Json::object();
    } else if (depends_on->is_object()) {
      entries = *depends_on;
    }
    for (const auto& [there, entry] : entries.items()) {
      const auto known = names_.ours.find(there);
      if (known == names_.ours.end()) {
        note("depends_on: there is no service " + there);
        continue;
      }
      const std::string condition = entry.is_object() ? plain_text(entry.value("condition", Json())) : "";
      Json edge = {{"condition", condition == "service_healthy"                  ? "ready"
                                 : condition == "service_completed_successfully" ? "completed"
                                                                                 : "started"}};
      if (entry.is_object() && entry.value("required", Json(true)) == false) edge["required"] = false;
      if (entry.is_object() && entry.value("restart", Json(false)) == true) edge["on_crash"] = "restart";
      to_["depends_on"][known->second] = edge.size() == 1 ? edge["condition"] : edge;
    }
  }

  std::int64_t duration(const Json& map, const char* key, std::int64_t otherwise) {
    if (!map.contains(key)) return otherwise;
    const auto ms = duration_ms(plain_text(map[key]));
    if (!ms) note(std::string(key) + ": " + plain_text(map[key]) + " is no duration up to a day");
    return ms ? std::max<std::int64_t>(*ms, 1) : otherwise;
  }

  void read_health() {
    const Json* health = take("healthcheck");
    if (health == nullptr || !health->is_object() || health->value("disable", Json(false)) == true) return;
    const Json test = health->value("test", Json());
    const std::string first = test.is_array() && !test.empty() ? plain_text(test[0]) : "";
    if (test.is_null()) return note("healthcheck without a test has no equivalent and is left out");
    if (first == "NONE") return;
    std::vector<std::string> argv;
    if (test.is_string()) argv = {"sh", "-c", text("healthcheck", test, true)};
    if (first == "CMD-SHELL" && test.size() > 1) argv = {"sh", "-c", text("healthcheck", test[1], true)};
    if (first == "CMD") {
      argv = words("healthcheck", test);
      argv.erase(argv.begin());
    }
    if (argv.empty()) return note("healthcheck: expected CMD or CMD-SHELL; it is left out");
    const std::int64_t interval = duration(*health, "interval", 30'000);
    const std::int64_t retries =
        std::clamp<std::int64_t>(health->contains("retries") && (*health)["retries"].is_number_integer()
                                     ? (*health)["retries"].get<std::int64_t>()
                                     : 3,
                                 1, 1000);
    const std::int64_t start = duration(*health, "start_period", 0) + interval * retries;
    to_["probes"]["ready"] = {{"exec", argv},
                              {"interval_ms", interval},
                              {"timeout_ms", duration(*health, "timeout", 30'000)},
                              {"failures", retries},
                              {"start_period_ms", std::min<std::int64_t>(start, 86'400'000)}};
    if (to_.contains("image")) note("healthcheck runs on this machine here, not inside of the container");
    if (health->contains("start_interval"))
      note("healthcheck.start_interval has no equivalent; a start is probed often");
  }

  void read_restart() {
    const Json* restart = take("restart");
    const std::string policy = restart == nullptr ? "no" : text("restart", *restart, false);
    Json& to = to_["restart"];
    if (policy == "always" || policy == "unless-stopped") {
      to["policy"] = "always";
    } else if (policy.starts_with("on-failure")) {
      to["policy"] = "on-failure";
      const std::string limit = policy.size() > 11 ? policy.substr(11) : "";
      if (!limit.empty() && limit.size() < 7 && limit.find_first_not_of("0123456789") == std::string::npos) {
        to["limit"] = std::stoi(limit);
      }
    } else {
      to["policy"] = "no";
      if (policy != "no" && policy != "false") note("restart: " + policy + " is not known; it is no");
    }
  }

  void read_deploy() {
    read_scale(take("scale"));
    if (const Json* memory = take("mem_limit")) read_memory(*memory);
    if (const Json* cpus = take("cpus")) read_cpus(*cpus);
    const Json* deploy = take("deploy");
    if (deploy == nullptr || !deploy->is_object()) return;
    for (const auto& [key, value] : deploy->items()) {
      if (key == "replicas") {
        read_scale(&value);
      } else if (key == "resources" && value.is_object()) {
        for (const auto& [kind, limits] : value.items()) {
          if (kind != "limits" || !limits.is_object()) {
            note("deploy.resources." + kind + " has no equivalent and is left out");
            continue;
          }
          for (const auto& [what, limit] : limits.items()) {
            if (what == "memory") {
              read_memory(limit);
            } else if (what == "cpus") {
              read_cpus(limit);
            } else {
              note("deploy.resources.limits." + what + " has no equivalent and is left out");
            }
          }
        }
      } else {
        note("deploy." + key + " has no equivalent and is left out");
      }
    }
  }

  void read_scale(const Json* value) {
    if (value == nullptr) return;
    if (value->is_number_integer() && *value >= 1 && *value <= 100) {
      to_["replicas"] = *value;
    } else {
      note("replicas: " + plain_text(*value) + " is not from 1 to 100");
    }
  }

  void read_memory(const Json& value) {
    const auto size = memory_size(value);
    if (size) to_["resources"]["memory"] = *size;
    if (!size) note("memory: " + plain_text(value) + " is no size");
  }

  void read_cpus(const Json& value) {
    const std::string number = plain_text(value);
    double cpus = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), cpus);
    const bool is_good = end.ec == std::errc() && cpus >= 0.01 && cpus <= 1024;
    if (is_good) to_["resources"]["cpus"] = cpus;
    if (!is_good) note("cpus: " + number + " is not from 0.01 to 1024");
  }

  void read_rest() {
    if (const Json* profiles = take("profiles"); profiles != nullptr && profiles->is_array()) {
      for (const Json& one : *profiles) to_["profiles"].push_back(label(plain_text(one)));
    }
    if (from_.contains("stop_grace_period")) to_["stop_grace_ms"] = duration(from_, "stop_grace_period", 10'000);
    done_.insert("stop_grace_period");
    const Json* limits = take("ulimits");
    if (limits == nullptr || !limits->is_object()) return;
    for (const auto& [what, limit] : limits->items()) {
      const Json number = limit.is_object() ? limit.value("soft", Json()) : limit;
      if (what == "nofile" && number.is_number_integer() && number >= 16 && number <= 1'048'576) {
        to_["resources"]["open_files"] = number;
      } else {
        note("ulimits." + what + " has no equivalent and is left out");
      }
    }
  }

  std::string name_;
  const Json& from_;
  const ComposeNames& names_;
  std::vector<std::string>& notes_;
  std::set<std::string> done_;
  Json to_ = Json::object();
};

}  // namespace

Json compose_service(const std::string& name, const Json& from, const ComposeNames& names,
                     std::vector<std::string>& notes) {
  return Service(name, from, names, notes).run();
}

}  // namespace cli
