#include "cli/watch/inputs.hpp"

#include <algorithm>
#include <array>

namespace watch {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 9> never_folders{".git",  ".msctl",       "build",       ".cache", ".hg",
                                                        ".idea", "node_modules", "__pycache__", ".svn"};
constexpr std::array<std::string_view, 16> written_endings{
    ".o",  ".a",      ".so",     ".d",          ".pyc",    ".log",     ".pid",   ".sock",
    ".db", ".db-wal", ".db-shm", ".db-journal", ".sqlite", ".sqlite3", ".class", ".gcda"};

bool has_wildcard(std::string_view part) { return part.find_first_of("*?[") != std::string_view::npos; }

// The part of `path` below `folder`, empty for the folder itself; nothing when it is not there.
bool below(std::string_view path, std::string_view folder, std::string_view& rest) {
  if (!path.starts_with(folder)) return false;
  rest = path.substr(folder.size());
  if (rest.empty() || folder == "/") return true;
  if (rest.front() != '/') return false;
  rest.remove_prefix(1);
  return true;
}

bool in_never_folder(std::string_view rest) {
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (std::find(never_folders.begin(), never_folders.end(), part) != never_folders.end()) return true;
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return false;
}

// One name against `[…]` at the front of `glob`, which is cut off; `!` or `^` first negates.
bool class_matches(std::string_view& glob, char c) {
  const auto end = glob.find(']', 2);
  if (end == std::string_view::npos) {
    glob.remove_prefix(1);
    return c == '[';
  }
  std::string_view set = glob.substr(1, end - 1);
  glob.remove_prefix(end + 1);
  const bool negated = set.front() == '!' || set.front() == '^';
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= c && c <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == c;
    }
  }
  return found != negated;
}

bool name_matches(std::string_view glob, std::string_view name) {
  // Only the last star can need another try (as in every linear matcher of wildcards).
  std::string_view star_glob;
  std::string_view star_name;
  bool starred = false;
  while (!name.empty() || !glob.empty()) {
    if (!glob.empty() && glob.front() == '*') {
      glob.remove_prefix(1);
      star_glob = glob;
      star_name = name;
      starred = true;
      continue;
    }
    if (!glob.empty() && !name.empty()) {
      std::string_view next = glob;
      bool same = glob.front() == '?' || glob.front() == name.front();
      if (glob.front() == '[') {
        same = class_matches(next, name.front());
      } else {
        next.remove_prefix(1);
      }
      if (same) {
        glob = next;
        name.remove_prefix(1);
        continue;
      }
    }
    if (!starred || star_name.empty()) return false;
    star_name.remove_prefix(1);
    name = star_name;
    glob = star_glob;
  }
  return true;
}

// The first name of a path, which is cut off.
std::string_view take_name(std::string_view& path) {
  const auto slash = path.find('/');
  const auto name = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return name;
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view path) {
  // As for one name: only the last `**` can need another try.
  std::string_view deep_glob;
  std::string_view deep_path;
  bool deep = false;
  while (!glob.empty() || !path.empty()) {
    std::string_view next_glob = glob;
    const auto part = take_name(next_glob);
    if (part == "**") {
      if (next_glob.empty()) return true;
      glob = deep_glob = next_glob;
      deep_path = path;
      deep = true;
      continue;
    }
    std::string_view next_path = path;
    const auto name = take_name(next_path);
    if (!glob.empty() && !path.empty() && name_matches(part, name)) {
      glob = next_glob;
      path = next_path;
      continue;
    }
    if (!deep || deep_path.empty()) return false;
    take_name(deep_path);
    path = deep_path;
    glob = deep_glob;
  }
  return true;
}

Pattern::Pattern(const fs::path& root, const std::string& glob, bool defaults) : defaults_(defaults) {
  fs::path base = root;
  fs::path rest;
  for (const auto& part : fs::path(glob)) {
    if (rest.empty() && !has_wildcard(part.string())) {
      base /= part;
    } else {
      rest /= part;
    }
  }
  base_ = base.lexically_normal().string();
  while (base_.size() > 1 && base_.back() == '/') base_.pop_back();
  rest_ = rest.string();
}

bool Pattern::matches(const std::string& file) const {
  std::string_view rest;
  if (!below(file, base_, rest)) return false;
  const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
  if (is_editor_file(name) || in_never_folder(rest)) return false;
  if (defaults_) {
    const auto written = [&](std::string_view ending) { return name.ends_with(ending); };
    if (std::any_of(written_endings.begin(), written_endings.end(), written)) return false;
  }
  return rest_.empty() || glob_matches(rest_, rest);
}

bool Pattern::may_match_below(const std::string& folder) const {
  std::string_view rest;
  if (below(base_, folder, rest)) return true;
  if (!below(folder, base_, rest) || in_never_folder(rest)) return false;
  if (rest_.empty() || rest_.find("**") != std::string::npos) return true;
  return std::count(rest.begin(), rest.end(), '/') + 1 <= std::count(rest_.begin(), rest_.end(), '/');
}

bool Inputs::matches(const std::string& file) const {
  return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& one) { return one.matches(file); });
}

std::vector<Inputs> inputs_of(const spec::Cluster& cluster, const std::vector<std::string>& services) {
  std::vector<Inputs> all;
  for (const auto& [name, service] : cluster.services) {
    const bool wanted = services.empty() || std::find(services.begin(), services.end(), name) != services.end();
    if (!wanted || !service.build) continue;
    Inputs inputs{name, {}};
    for (const auto& glob : service.build->inputs) inputs.patterns.emplace_back(cluster.root, glob, false);
    if (inputs.patterns.empty()) inputs.patterns.emplace_back(service.folder, "", true);
    all.push_back(std::move(inputs));
  }
  return all;
}

bool is_editor_file(std::string_view name) {
  if (name.empty() || name.front() == '#' || name.starts_with(".#") || name.starts_with(".goutputstream-")) return true;
  if (name == "4913") return true;  // vim tries with it whether it may write in the folder
  for (const std::string_view ending :
       {"~", ".swp", ".swo", ".swx", ".tmp", ".kate-swp", "___jb_tmp___", "___jb_old___"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace watch
