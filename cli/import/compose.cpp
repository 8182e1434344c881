#include "cli/import/compose_service.hpp"
#include "cli/import/compose_texts.hpp"
#include "cli/import/imported.hpp"
#include "cli/import/words.hpp"
#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/source.hpp"
#include "supervisor/spec/yaml.hpp"

namespace cli {
namespace {

using base::ErrorCode;
using base::Json;

base::Error mistake_at(const spec::YamlDocument& document, const std::string& file, const std::string& pointer,
                       const std::string& what) {
  return base::fail(ErrorCode::malformed, file + ":" + std::to_string(spec::line_of(document, pointer)) + ": " + what);
}

// What came out must load, whatever went in.
base::Result<void> check_result(const Json& cluster, const std::string& file) {
  const auto found = spec::violations(spec::cluster_schema(), cluster, 1);
  if (found.empty()) return base::success();
  return base::fail(ErrorCode::malformed,
                    file + " cannot be imported: " + spec::show_pointer(found[0].subject) + ": " + found[0].message);
}

}  // namespace

base::Result<Imported> import_compose(std::string_view text, const std::string& file, bool has_env) {
  TRY(const spec::YamlDocument document, spec::parse_yaml(text, file));
  const Json whole = with_merge_keys(document.value);
  const auto services = whole.find("services");
  if (!whole.is_object() || services == whole.end() || !services->is_object() || services->empty()) {
    return mistake_at(document, file, "/services", "expected the key \"services\" (a map), as a compose file has");
  }
  Imported imported;
  imported.cluster = Json::object();
  ComposeNames names;
  names.project = whole.contains("name") ? label(plain_text(whole["name"])) : "compose";
  if (whole.contains("name")) imported.cluster["name"] = names.project;
  if (has_env) imported.cluster["env_files"] = {".env"};
  std::map<std::string, std::string> taken;
  for (const auto& [name, entry] : services->items()) {
    const auto [first, is_new] = taken.emplace(label(name), name);
    if (!is_new) {
      return mistake_at(document, file, spec::child_pointer("/services", name),
                        "services " + first->second + " and " + name + " would both be " + first->first);
    }
    if (!entry.is_object()) {
      return mistake_at(document, file, spec::child_pointer("/services", name), "expected a map");
    }
    names.ours[name] = label(name);
    if (label(name) != name) imported.notes.push_back(label(name) + ": was " + name + "; names are of a-z, 0-9 and -");
  }
  imported.cluster["services"] = Json::object();
  for (const auto& [name, entry] : services->items()) {
    imported.cluster["services"][label(name)] = compose_service(label(name), entry, names, imported.notes);
  }
  for (const auto& [key, value] : whole.items()) {
    if (key == "services" || key == "name" || key == "version" || key.starts_with("x-")) continue;
    imported.notes.push_back(key + " has no equivalent and is left out");
  }
  if (services->size() > 1) {
    imported.notes.push_back(
        "services reach each other on 127.0.0.1 here, not by name: write ${port:SERVICE.PORT} where a number is "
        "needed");
  }
  TRY(check_result(imported.cluster, file));
  return imported;
}

}  // namespace cli
