#include "cli/api/preferences.hpp"

#include <fstream>

#include "supervisor/spec/suggest.hpp"
#include "supervisor/spec/yaml.hpp"

namespace api {
namespace {

namespace fs = std::filesystem;
using base::Json;

class PreferencesReader {
 public:
  PreferencesReader(const spec::YamlDocument& document, std::string file, Preferences& into)
      : document_(document), file_(std::move(file)), into_(into) {}

  base::Result<void> read() {
    const Json& root = document_.value;
    if (root.is_null()) return base::success();
    TRY(check_keys(root, "", {"api", "events"}));
    if (root.contains("api")) {
      TRY(read_api(root["api"]));
    }
    if (root.contains("events")) {
      TRY(check_map(root["events"], "/events"));
      for (const auto& [type, mode] : root["events"].items()) {
        if (!mode.is_string())
          return wrong(spec::child_pointer("/events", type), "expected a mode such as FULL_TRANSITIVE");
        into_.events[type] = mode.get<std::string>();
      }
    }
    return base::success();
  }

 private:
  base::Error wrong(const std::string& pointer, const std::string& what) const {
    std::string key = pointer.empty() ? "" : pointer.substr(1);
    std::replace(key.begin(), key.end(), '/', '.');
    return base::fail(base::ErrorCode::malformed, file_ + ":" + std::to_string(spec::line_of(document_, pointer)) +
                                                      ": " + (key.empty() ? "" : key + ": ") + what);
  }

  base::Result<void> check_map(const Json& json, const std::string& pointer) const {
    if (!json.is_object()) return wrong(pointer, "expected a map");
    return base::success();
  }

  base::Result<void> check_keys(const Json& json, const std::string& pointer,
                                const std::vector<std::string>& known) const {
    TRY(check_map(json, pointer));
    for (const auto& [key, value] : json.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto near = spec::nearest(key, known);
      return wrong(spec::child_pointer(pointer, key),
                   "unknown key" + (near.empty() ? "" : "; did you mean " + near + "?"));
    }
    return base::success();
  }

  base::Result<std::vector<std::string>> list(const Json& json, const std::string& pointer) const {
    std::vector<std::string> texts;
    if (!json.is_array()) return wrong(pointer, "expected a list of texts");
    for (const auto& each : json) {
      if (!each.is_string()) return wrong(pointer, "expected a list of texts");
      texts.push_back(each.get<std::string>());
    }
    return texts;
  }

  base::Result<void> read_api(const Json& json) {
    TRY(check_keys(json, "/api", {"use", "except", "ignore", "ignore_only"}));
    for (const auto& [key, into] :
         {std::pair{"use", &into_.use}, {"except", &into_.except}, {"ignore", &into_.ignore}}) {
      if (!json.contains(key)) continue;
      TRY(*into, list(json[key], spec::child_pointer("/api", key)));
    }
    if (!json.contains("ignore_only")) return base::success();
    TRY(check_map(json["ignore_only"], "/api/ignore_only"));
    for (const auto& [rule, names] : json["ignore_only"].items()) {
      TRY(into_.ignore_only[rule], list(names, spec::child_pointer("/api/ignore_only", rule)));
    }
    return base::success();
  }

  const spec::YamlDocument& document_;
  std::string file_;
  Preferences& into_;
};

base::Result<void> read_file(const fs::path& path, const fs::path& root, Preferences& into) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return base::success();
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto name = path.lexically_relative(root).string();
  if (!in) return base::fail(base::ErrorCode::permission, name + ": cannot be read");
  TRY(const auto document, spec::parse_yaml(text, name));
  return PreferencesReader(document, name, into).read();
}

}  // namespace

base::Result<Preferences> read_preferences(const spec::Cluster& cluster, const spec::Service& service) {
  Preferences preferences;
  TRY(read_file(cluster.root / preferences_file, cluster.root, preferences));
  if (service.home != cluster.root) {
    TRY(read_file(service.home / preferences_file, cluster.root, preferences));
  }
  return preferences;
}

bool is_ignored(const std::vector<std::string>& ignored, const std::string& file, const std::string& subject) {
  for (auto name : ignored) {
    while (name.ends_with('/')) name.pop_back();
    if (file == name || file.starts_with(name + "/")) return true;
    if (subject == name || subject.starts_with(name + ".") || subject.starts_with(name + "/") ||
        subject.starts_with(name + " ")) {
      return true;
    }
  }
  return false;
}

}  // namespace api
