#include "cli/schema/events.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>

#include "base/schema_name.hpp"
#include "cli/schema/knowledge.hpp"
#include "cli/schema/shape.hpp"
#include "cli/schema/sound.hpp"
#include "supervisor/spec/suggest.hpp"

namespace schema {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

constexpr std::size_t max_schema_bytes = 1 << 20;
constexpr std::array modes =
    std::to_array<std::pair<Mode, std::string_view>>({{Mode::none, "NONE"},
                                                      {Mode::backward, "BACKWARD"},
                                                      {Mode::backward_transitive, "BACKWARD_TRANSITIVE"},
                                                      {Mode::forward, "FORWARD"},
                                                      {Mode::forward_transitive, "FORWARD_TRANSITIVE"},
                                                      {Mode::full, "FULL"},
                                                      {Mode::full_transitive, "FULL_TRANSITIVE"}});

base::Result<Policy> policy_of(const std::string& name) {
  if (name == "strict") return Policy::strict;
  if (name == "extensible") return Policy::extensible;
  if (name == "lenient") return Policy::lenient;
  return base::fail(ErrorCode::invalid,
                    "compatibility.yaml: events.policy: expected strict, extensible or lenient, not \"" + name + "\"");
}

base::Result<Json> read_schema(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) return base::fail(ErrorCode::malformed, "is no file that can be read");
  if (fs::file_size(path, failed) > max_schema_bytes) return base::fail(ErrorCode::too_large, "is larger than 1 MiB");
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return base::fail(ErrorCode::permission, "cannot be read");
  TRY(auto json, base::parse_json(text));
  if (!json.is_object()) return base::fail(ErrorCode::malformed, "is no JSON Schema: expected an object");
  TRY(check_sound(json));
  return json;
}

class Collector {
 public:
  explicit Collector(const spec::Cluster& cluster) : cluster_(cluster) {}

  base::Result<void> service(const spec::Service& service) {
    if (service.home != cluster_.root) {
      TRY(files(service));
    }
    for (const auto& type : service.publishes) {
      if (!events_.contains(type) && !unread_.contains(type)) {
        fault(
            service.name, type, "EVENT_HAS_SCHEMA", "",
            "the event has no schema; write " +
                (service.home / events_folder / (type + ".v1.schema.json")).lexically_relative(cluster_.root).string());
      }
    }
    return base::success();
  }

  // After all services: what this one knows of others' events.
  void consumer(const spec::Service& service) {
    for (const auto& known : known_by(cluster_, service)) {
      const auto event = events_.find(known.name.type);
      if (event == events_.end()) continue;  // published elsewhere
      auto& versions = event->second.knows[service.name];
      if (std::find(versions.begin(), versions.end(), known.name.number) == versions.end())
        versions.push_back(known.name.number);
      compare_copy(service, event->second, known);
    }
  }

  Catalogue take() {
    Catalogue catalogue;
    for (auto& [type, event] : events_) {
      std::sort(event.versions.begin(), event.versions.end(),
                [](const Version& a, const Version& b) { return a.number < b.number; });
      event.consumers = consumers_of(cluster_, type);
      catalogue.events.push_back(std::move(event));
    }
    catalogue.faults = std::move(faults_);
    return catalogue;
  }

 private:
  void fault(const std::string& service, const std::string& event, const std::string& rule, const std::string& file,
             std::string message) {
    faults_.push_back({service, event, rule, file, std::move(message), consumers_of(cluster_, event)});
  }

  // A copy that says something else than what is published would refuse what is good.
  void compare_copy(const spec::Service& service, const Event& event, const Known& known) {
    const auto original = std::find_if(event.versions.begin(), event.versions.end(),
                                       [&](const Version& one) { return one.number == known.name.number; });
    if (known.file.empty() || original == event.versions.end() ||
        known.file == (cluster_.root / original->file).lexically_normal())
      return;
    const auto shown = known.file.lexically_relative(cluster_.root).string();
    const auto copy = read_schema(known.file);
    std::string wrong;
    if (!copy) {
      wrong = copy.error().message;
    } else if (without_annotations(copy.value()) != without_annotations(original->schema)) {
      wrong = "it is no copy of " + original->file + " any more; take it anew";
    }
    if (!wrong.empty())
      faults_.push_back({service.name, event.type, "COPY_DIFFERS", shown, std::move(wrong), {service.name}});
  }

  base::Result<void> files(const spec::Service& service) {
    std::vector<fs::path> found;
    std::error_code failed;
    for (fs::directory_iterator at(service.home / events_folder, failed), end; !failed && at != end;
         at.increment(failed)) {
      if (at->path().extension() == ".json") found.push_back(at->path());
    }
    std::sort(found.begin(), found.end());
    TRY(const auto preferences, api::read_preferences(cluster_, service));
    for (const auto& path : found) {
      TRY(file(service, path, preferences));
    }
    return base::success();
  }

  base::Result<void> file(const spec::Service& service, const fs::path& path, const api::Preferences& preferences) {
    const auto shown = path.lexically_relative(cluster_.root).string();
    const auto name = parse_name(path.filename().string());
    if (!name) {
      fault(service.name, "", "SCHEMA_VALID", shown,
            "the file's name is not TYPE.vN.schema.json, as in order.placed.v1.schema.json");
      return base::success();
    }
    if (std::find(service.publishes.begin(), service.publishes.end(), name->type) == service.publishes.end()) {
      fault(service.name, name->type, "SCHEMA_HAS_EVENT", shown,
            service.name + " does not publish this event; see `publishes` in its service.yaml");
    }
    auto schema = read_schema(path);
    if (schema && compiles_events(service)) {
      if (const auto starts = check_for_chassis(schema.value()); !starts) schema = starts.error();
    }
    if (!schema) {
      fault(service.name, name->type, "SCHEMA_VALID", shown, schema.error().message);
      unread_.insert(name->type);
      return base::success();
    }
    const auto urn = base::schema_name(name->type, name->number);
    if (schema.value().value("$id", Json()) != Json(urn)) {
      fault(service.name, name->type, "SCHEMA_VALID", shown, "its $id is not " + urn);
    }
    auto& event = events_[name->type];
    event.type = name->type;
    event.service = service.name;
    TRY(choose(preferences, event));
    event.versions.push_back({name->number, shown, std::move(schema).value()});
    return base::success();
  }

  static base::Result<void> choose(const api::Preferences& preferences, Event& event) {
    TRY(event.mode, mode_for(preferences, event.type));
    if (const auto found = preferences.events.find("policy"); found != preferences.events.end()) {
      TRY(event.policy, policy_of(found->second));
    }
    return base::success();
  }

  const spec::Cluster& cluster_;
  std::map<std::string, Event> events_;
  std::set<std::string> unread_;  // events with a file that is no good
  std::vector<Fault> faults_;
};

}  // namespace

std::string_view name_of(Mode mode) {
  return std::find_if(modes.begin(), modes.end(), [mode](const auto& each) { return each.first == mode; })->second;
}

base::Result<Mode> mode_of(const std::string& name) {
  const auto found =
      std::find_if(modes.begin(), modes.end(), [&name](const auto& each) { return each.second == name; });
  if (found != modes.end()) return found->first;
  std::vector<std::string> known;
  for (const auto& each : modes) known.emplace_back(each.second);
  const auto near = spec::nearest(name, known);
  return base::fail(ErrorCode::invalid,
                    "compatibility.yaml: events: there is no mode \"" + name + "\"; " +
                        (near.empty() ? "modes are NONE, BACKWARD, FORWARD and FULL, and those with _TRANSITIVE"
                                      : "did you mean " + near + "?"));
}

base::Result<Mode> mode_for(const api::Preferences& preferences, const std::string& type) {
  Mode mode = Mode::full_transitive;
  for (const auto& key : {std::string("default"), type}) {
    const auto found = preferences.events.find(key);
    if (found == preferences.events.end()) continue;
    TRY(mode, mode_of(found->second));
  }
  return mode;
}

std::vector<std::string> consumers_of(const spec::Cluster& cluster, const std::string& type) {
  std::vector<std::string> consumers;
  for (const auto& [name, service] : cluster.services) {
    if (std::find(service.consumes.begin(), service.consumes.end(), type) != service.consumes.end())
      consumers.push_back(name);
  }
  return consumers;
}

std::optional<FileName> parse_name(const std::string& name) {
  constexpr std::string_view end = ".schema.json";
  if (!name.ends_with(end)) return std::nullopt;
  const auto stem = name.substr(0, name.size() - end.size());
  const auto mark = stem.rfind(".v");
  if (mark == std::string::npos || mark == 0) return std::nullopt;
  const auto digits = stem.substr(mark + 2);
  FileName parsed{stem.substr(0, mark), 0};
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.number);
  const bool whole =
      error == std::errc() && stop == digits.data() + digits.size() && digits.size() < 10 && digits[0] > '0';
  if (!whole) return std::nullopt;
  return parsed;
}

base::Result<Catalogue> read_catalogue(const spec::Cluster& cluster) {
  Collector collector(cluster);
  for (const auto& [name, service] : cluster.services) {
    TRY(collector.service(service));
  }
  for (const auto& [name, service] : cluster.services) collector.consumer(service);
  return collector.take();
}

}  // namespace schema
