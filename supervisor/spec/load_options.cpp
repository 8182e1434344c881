#include "supervisor/spec/load_options.hpp"

#include <algorithm>

namespace spec {
namespace {

using base::Json;

Json texts(const std::vector<std::filesystem::path>& paths) {
  Json list = Json::array();
  for (const auto& path : paths) list.push_back(path.string());
  return list;
}

base::Result<std::vector<std::string>> list_of(const Json& json, const char* key) {
  std::vector<std::string> list;
  const auto found = json.find(key);
  if (found == json.end()) return list;
  const auto mistake =
      base::fail(base::ErrorCode::malformed, std::string("launch.") + key + " must be a list of texts");
  if (!found->is_array()) return mistake;
  for (const auto& one : *found) {
    if (!one.is_string()) return mistake;
    list.push_back(one.get<std::string>());
  }
  return list;
}

}  // namespace

Json to_json(const LoadOptions& options) {
  return {{"files", texts(options.files)}, {"profiles", options.profiles}, {"env_files", texts(options.env_files)},
          {"sanitize", options.sanitize},  {"mocks", options.mocks},       {"only_end", options.only_end},
          {"project", options.project}};
}

base::Result<LoadOptions> load_options(const Json& json) {
  if (!json.is_object()) return base::fail(base::ErrorCode::malformed, "launch must be an object");
  LoadOptions options;
  TRY(const auto files, list_of(json, "files"));
  TRY(options.profiles, list_of(json, "profiles"));
  TRY(options.mocks, list_of(json, "mocks"));
  TRY(const auto env_files, list_of(json, "env_files"));
  options.files.assign(files.begin(), files.end());
  options.env_files.assign(env_files.begin(), env_files.end());
  const auto sanitize = json.find("sanitize");
  if (sanitize != json.end() && sanitize->is_object()) {
    for (const auto& [name, kind] : sanitize->items()) {
      if (kind.is_string()) options.sanitize[name] = kind.get<std::string>();
    }
  }
  options.only_end = json.value("only_end", base::Json(false)) == true;
  const auto project = json.find("project");
  if (project != json.end() && project->is_string()) options.project = project->get<std::string>();
  if (options.files.empty()) return base::fail(base::ErrorCode::malformed, "launch.files must not be empty");
  return options;
}

base::Result<std::filesystem::path> state_folder(const std::filesystem::path& root, const std::string& project) {
  if (project.empty()) return root / ".msctl";
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool is_label = project.size() <= 63 && std::all_of(project.begin(), project.end(), is_plain) &&
                        project.front() != '-' && project.back() != '-';
  if (!is_label) {
    return base::fail(base::ErrorCode::invalid,
                      "--project: expected a name of a-z, 0-9 and - (a DNS label of at most 63)");
  }
  return root / ".msctl" / "projects" / project;
}

}  // namespace spec
