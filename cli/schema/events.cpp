#include "cli/schema/events.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "cli/api/preferences.hpp"
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
  if (fs::file_size(path, failed) > max_schema_bytes) return base::fail(ErrorCode::too_large, "is larger than 1 MiB");
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return base::fail(ErrorCode::permission, "cannot be read");
  TRY(auto json, base::parse_json(text));
  if (!json.is_object()) return base::fail(ErrorCode::malformed, "is no JSON Schema: expected an object");
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
      if (!events_.contains(type)) {
        fault(
            service.name, type, "EVENT_HAS_SCHEMA", "",
            "the event has no schema; write " +
                (service.home / events_folder / (type + ".v1.schema.json")).lexically_relative(cluster_.root).string());
      }
    }
    return base::success();
  }

  Catalogue take() {
    Catalogue catalogue;
    for (auto& [type, event] : events_) {
      std::sort(event.versions.begin(), event.versions.end(),
                [](const Version& a, const Version& b) { return a.number < b.number; });
      for (const auto& [name, service] : cluster_.services) {
        if (std::find(service.consumes.begin(), service.consumes.end(), type) != service.consumes.end())
          event.consumers.push_back(name);
      }
      catalogue.events.push_back(std::move(event));
    }
    catalogue.faults = std::move(faults_);
    return catalogue;
  }

 private:
  void fault(const std::string& service, const std::string& event, const std::string& rule, const std::string& file,
             std::string message) {
    faults_.push_back({service, event, rule, file, std::move(message)});
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
    if (!schema) {
      fault(service.name, name->type, "SCHEMA_VALID", shown, schema.error().message);
      return base::success();
    }
    const auto urn = urn_of(name->type, name->number);
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
    for (const auto& key : {std::string("default"), event.type}) {
      const auto found = preferences.events.find(key);
      if (found == preferences.events.end()) continue;
      TRY(event.mode, mode_of(found->second));
    }
    if (const auto found = preferences.events.find("policy"); found != preferences.events.end()) {
      TRY(event.policy, policy_of(found->second));
    }
    return base::success();
  }

  const spec::Cluster& cluster_;
  std::map<std::string, Event> events_;
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
      error == std::errc() && stop == digits.data() + digits.size() && parsed.number > 0 && digits[0] != '0';
  if (!whole) return std::nullopt;
  return parsed;
}

std::string urn_of(const std::string& type, int number) {
  return "urn:msctl:event:" + type + ":" + std::to_string(number);
}

base::Result<Catalogue> read_catalogue(const spec::Cluster& cluster) {
  Collector collector(cluster);
  for (const auto& [name, service] : cluster.services) {
    TRY(collector.service(service));
  }
  return collector.take();
}

}  // namespace schema
