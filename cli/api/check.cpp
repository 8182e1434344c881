#include "cli/api/check.hpp"

#include <algorithm>
#include <fstream>

#include "cli/affected/history.hpp"
#include "cli/api/compare.hpp"
#include "cli/api/descriptors.hpp"
#include "cli/api/preferences.hpp"
#include "cli/api/rules.hpp"
#include "cli/files/temporary_folder.hpp"
#include "supervisor/spec/yaml.hpp"

namespace api {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;
using Texts = std::map<std::string, std::string>;

constexpr auto as_it_was = "as it was at --base, ";

// One service to compare; of one that is gone only what it was.
struct Subject {
  std::string name;
  std::string folder;  // relative to the root
  const spec::Service* service = nullptr;
  std::string folder_before = {};  // where it was
};

// The files that matter, as they were, by path from the root.
base::Result<Texts> base_files(const affected::Difference& difference, const fs::path& root) {
  return affected::files_below(difference, root, [](const std::string& path) {
    const auto name = fs::path(path).filename().string();
    return path.ends_with(".proto") || name == openapi_file || name == "service.yaml";
  });
}

void write_protos(const Texts& files, const fs::path& folder) {
  for (const auto& [path, text] : files) {
    if (!path.ends_with(".proto")) continue;
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << text;
  }
}

std::vector<std::string> protos_below(const Texts& files, const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& [path, text] : files) {
    if (path.starts_with(folder + "/proto/") && path.ends_with(".proto")) found.push_back(path);
  }
  return found;
}

// The folders of services that are no longer there, by the names of the services. One that a profile leaves out is
// still there.
std::map<std::string, std::string> folders_gone(const spec::Cluster& cluster, const Texts& before) {
  std::map<std::string, std::string> gone;
  for (const auto& [path, text] : before) {
    std::error_code failed;
    if (fs::path(path).filename() != "service.yaml" || fs::exists(cluster.root / path, failed)) continue;
    const auto document = spec::parse_yaml(text, path);
    const Json name =
        document && document.value().value.is_object() ? document.value().value.value("name", Json()) : Json();
    if (name.is_string()) gone[name.get<std::string>()] = fs::path(path).parent_path().string();
  }
  return gone;
}

std::vector<Subject> subjects_of(const spec::Cluster& cluster, const Texts& before,
                                 const std::vector<std::string>& services) {
  std::vector<Subject> subjects;
  std::set<std::string> folders;
  const auto moved_from = folders_gone(cluster, before);
  for (const auto& [name, service] : cluster.services) {
    // A service without a folder of its own has no interface of its own.
    if (service.home == cluster.root) continue;
    const auto folder = service.home.lexically_relative(cluster.root).string();
    folders.insert(folder);
    if (!services.empty() && std::find(services.begin(), services.end(), name) == services.end()) continue;
    const auto was = moved_from.find(name);
    const bool moved = !before.contains(folder + "/service.yaml") && was != moved_from.end();
    subjects.push_back({name, folder, &service, moved ? was->second : folder});
    if (moved) folders.insert(was->second);
  }
  if (!services.empty()) return subjects;
  for (const auto& [name, folder] : moved_from) {
    if (!folders.contains(folder) && !protos_below(before, folder).empty())
      subjects.push_back({name, folder, nullptr, folder});
  }
  return subjects;
}

base::Result<Json> parse_document(const std::string& text, const std::string& file, const std::string& when = {}) {
  auto json = base::parse_json(text);
  if (!json) return base::fail(ErrorCode::malformed, when + file + ": " + json.error().message);
  return json;
}

base::Result<Json> document_now(const spec::Cluster& cluster, const std::string& file) {
  std::error_code failed;
  if (!fs::exists(cluster.root / file, failed)) return Json();
  std::ifstream in(cluster.root / file, std::ios::binary);
  return parse_document({std::istreambuf_iterator<char>(in), {}}, file);
}

// The findings that count, with what they break.
void keep(std::vector<Finding> found, const Preferences& preferences, const spec::Cluster& cluster, Checked& into) {
  for (auto& finding : found) {
    if (is_ignored(preferences.ignore, finding.file, finding.subject)) continue;
    const auto only = preferences.ignore_only.find(finding.rule);
    if (only != preferences.ignore_only.end() && is_ignored(only->second, finding.file, finding.subject)) continue;
    finding.service = into.service;
    finding.breaks = consumers_of(cluster, into.service);
    into.findings.push_back(std::move(finding));
  }
}

base::Result<Checked> check_one(const spec::Cluster& cluster, const Subject& subject, const Texts& before,
                                const Interface& was, const Interface& is) {
  Checked checked;
  checked.service = subject.name;
  Preferences preferences;
  if (subject.service != nullptr) {
    TRY(preferences, read_preferences(cluster, *subject.service));
  }
  TRY(const auto rules, choose(preferences.use.empty() ? default_rules() : preferences.use, preferences.except));
  for (const auto& [rule, names] : preferences.ignore_only) {
    TRY(choose({rule}, {}));
  }
  std::set<std::string> files;
  for (const auto* interface : {&was, &is}) {
    for (const auto& [path, file] : interface->files) files.insert(path);
  }
  auto found = compare(was, is, rules);
  const auto openapi = subject.folder + "/" + openapi_file;
  if (const auto old = before.find(subject.folder_before + "/" + openapi_file); old != before.end()) {
    files.insert(openapi);
    TRY(const auto was_document, parse_document(old->second, old->first, as_it_was));
    TRY(const auto document, document_now(cluster, openapi));
    auto rest = compare_rest(was_document, document, openapi, rules);
    found.insert(found.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  }
  checked.files.assign(files.begin(), files.end());
  keep(std::move(found), preferences, cluster, checked);
  return checked;
}

}  // namespace

std::vector<std::string> proto_files(const fs::path& root, const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder / "proto", failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".proto") files.push_back(at->path().lexically_relative(root).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> consumers_of(const spec::Cluster& cluster, const std::string& provider) {
  std::vector<std::string> consumers;
  for (const auto& [name, service] : cluster.services) {
    const auto& calls = service.calls;
    if (std::any_of(calls.begin(), calls.end(),
                    [&provider](const spec::Call& call) { return call.service == provider; })) {
      consumers.push_back(name);
    }
  }
  const auto found = cluster.services.find(provider);
  if (found != cluster.services.end() && !found->second.routes.empty()) consumers.emplace_back("public routes");
  return consumers;
}

base::Result<Outcome> check(const spec::Cluster& cluster, const std::string& rev,
                            const std::vector<std::string>& services) {
  TRY(const auto difference, affected::difference(cluster.root, rev, ""));
  TRY(const auto before, base_files(difference, cluster.root));
  TRY(const auto copy, files::TemporaryFolder::make("api"));
  write_protos(before, copy.path());
  const auto subjects = subjects_of(cluster, before, services);
  std::vector<Query> queries;
  for (const auto& subject : subjects) {
    queries.push_back(
        {copy.path(), subject.folder_before + "/proto", protos_below(before, subject.folder_before), as_it_was});
    queries.push_back(
        {cluster.root, subject.folder + "/proto",
         subject.service == nullptr ? std::vector<std::string>() : proto_files(cluster.root, subject.service->home)});
  }
  TRY(const auto interfaces, read_interfaces(queries));
  Outcome outcome;
  outcome.base = difference.from;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    TRY(auto checked, check_one(cluster, subjects[i], before, interfaces[2 * i], interfaces[2 * i + 1]));
    if (!checked.files.empty()) outcome.services.push_back(std::move(checked));
  }
  return outcome;
}

}  // namespace api
