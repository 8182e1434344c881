#include "cli/render/ledger.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/sha256.hpp"

namespace render {
namespace {

namespace fs = std::filesystem;
using base::Json;

std::optional<std::string> content_of(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_regular_file(fs::symlink_status(path, failed))) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

base::Error unreadable(const fs::path& file) {
  return base::fail(
      base::ErrorCode::malformed,
      file.string() + " is not what `msctl deploy` wrote; restore it, or remove it and render with --force");
}

}  // namespace

base::Result<Ledger> read_ledger(const fs::path& out) {
  Ledger ledger;
  const auto text = content_of(out / ledger_name);
  if (!text) return ledger;
  const auto json = base::parse_json(*text);
  if (!json || !json.value().is_object() || !json.value().contains("files") || !json.value()["files"].is_object()) {
    return unreadable(out / ledger_name);
  }
  for (const auto& [path, entry] : json.value()["files"].items()) {
    Entry read;
    for (auto [key, into] : {std::pair{"target", &read.target}, std::pair{"environment", &read.environment},
                             std::pair{"sha256", &read.sha256}}) {
      if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string()) return unreadable(out / ledger_name);
      *into = entry[key].get<std::string>();
    }
    if (!files::check_path(path)) return unreadable(out / ledger_name);
    ledger[path] = std::move(read);
  }
  return ledger;
}

std::string ledger_text(const Ledger& ledger) {
  Json files = Json::object();
  for (const auto& [path, entry] : ledger) {
    files[path] = {{"target", entry.target}, {"environment", entry.environment}, {"sha256", entry.sha256}};
  }
  return base::dump_json_pretty({{"version", 1}, {"files", files}}) + "\n";
}

base::Result<Plan> make_plan(const fs::path& out, const Rendered& rendered, const std::vector<Target>& targets,
                             const std::string& environment, bool whole) {
  TRY(auto ledger, read_ledger(out));
  const auto is_chosen = [&](const Entry& entry) {
    return entry.environment == environment && std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
             return target.name == entry.target;
           });
  };
  Plan plan;
  for (auto entry = ledger.begin(); entry != ledger.end();) {
    const bool gone = whole && is_chosen(entry->second) && !rendered.tree.contains(entry->first);
    if (!gone) {
      ++entry;
      continue;
    }
    if (const auto content = content_of(out / entry->first)) {
      plan.remove.push_back(entry->first);
      plan.before[entry->first] = {*content, false};
      if (base::sha256(*content) != entry->second.sha256) plan.edited.push_back(entry->first);
    }
    entry = ledger.erase(entry);
  }
  for (const auto& [path, file] : rendered.tree) {
    const auto content = content_of(out / path);
    const auto known = ledger.find(path);
    const bool ours = known != ledger.end() && content && base::sha256(*content) == known->second.sha256;
    if (content && *content != file.content) plan.before[path] = {*content, false};
    if (content && !ours && *content != file.content) plan.edited.push_back(path);
    ledger[path] = {rendered.target_of.at(path), environment, base::sha256(file.content)};
  }
  std::sort(plan.edited.begin(), plan.edited.end());
  TRY(plan.steps, files::compare(out, rendered.tree, plan.remove));
  plan.tree = rendered.tree;
  plan.tree[ledger_name] = {ledger_text(ledger), false};
  const auto was = content_of(out / ledger_name);
  plan.changes = !was || *was != plan.tree[ledger_name].content ||
                 std::any_of(plan.steps.begin(), plan.steps.end(),
                             [](const auto& step) { return step.change != files::Change::identical; });
  return plan;
}

}  // namespace render
