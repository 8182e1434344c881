#include "cli/scaffold/template.hpp"

#include <algorithm>

#include "cli/scaffold/engine.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;

constexpr std::string_view rendered_ending = ".mustache";

bool is_true(const base::Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  return !value.empty() && value != "";
}

bool is_wanted(const Template& made, const std::string& path, const base::Json& data) {
  return std::all_of(made.rules.begin(), made.rules.end(), [&](const FileRule& rule) {
    if (rule.when.empty() || !glob_matches(rule.path, path)) return true;
    const bool negated = rule.when.front() == '!';
    return is_true(data.at(rule.when.substr(negated ? 1 : 0))) != negated;
  });
}

base::Result<void> check_target(const Template& made, const std::string& path, const base::Json& data) {
  TRY(files::check_path(path));
  bool allowed = !path.starts_with(".git/") && path != ".git" && !path.starts_with(".msctl");
  if (made.kind == Kind::service) {
    allowed = path.starts_with("services/" + data.at("stem").get<std::string>() + "/") ||
              path == "docs/services/" + data.at("name").get<std::string>() + ".md";
  }
  if (allowed && !path.ends_with(".msctl-answers.json")) return base::success();
  return base::fail(ErrorCode::invalid, "the template " + made.name + " wants to write " + path +
                                            ", which is not a place for a " +
                                            (made.kind == Kind::service ? "service's" : "workspace's") + " template");
}

// What one file sees: `data`, and once for each item of a list where a rule says so.
std::vector<base::Json> views(const Template& made, const std::string& path, const base::Json& data) {
  for (const auto& rule : made.rules) {
    if (rule.each.empty() || !glob_matches(rule.path, path)) continue;
    std::vector<base::Json> each;
    for (const auto& item : data.at(rule.each)) {
      each.push_back(data);
      if (item.is_object()) each.back().update(item);
      if (!item.is_object()) each.back()["item"] = item;
    }
    return each;
  }
  return {data};
}

base::Result<void> render_one(const Template& made, const std::string& path, const files::File& file,
                              const base::Json& data, files::Tree& into) {
  const std::string shown = "files/" + path;
  TRY(std::string target, render(shown, path, data));
  files::File out = file;
  if (is_rendered(path)) {
    target.resize(target.size() - rendered_ending.size());
    TRY(out.content, render(shown, file.content, data));
  }
  TRY(check_target(made, target, data));
  if (into.emplace(target, std::move(out)).second) return base::success();
  return base::fail(ErrorCode::invalid, "the template " + made.name + " makes " + target + " twice");
}

bool matches_from(std::string_view glob, std::string_view path) {
  while (!glob.empty()) {
    if (glob.starts_with("**")) {
      const std::string_view rest = glob.substr(glob.starts_with("**/") ? 3 : 2);
      for (std::size_t i = 0; i <= path.size(); ++i) {
        const bool at_name = i == 0 || path[i - 1] == '/';
        if ((at_name || rest.empty()) && matches_from(rest, path.substr(i))) return true;
      }
      return false;
    }
    if (glob.front() == '*') {
      const std::size_t limit = std::min(path.find('/'), path.size());
      for (std::size_t i = 0; i <= limit; ++i) {
        if (matches_from(glob.substr(1), path.substr(i))) return true;
      }
      return false;
    }
    if (path.empty() || (glob.front() != path.front() && (glob.front() != '?' || path.front() == '/'))) return false;
    glob.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

bool is_rendered(const std::string& path) {
  return path.size() > rendered_ending.size() && path.ends_with(rendered_ending);
}

bool glob_matches(std::string_view glob, std::string_view path) { return matches_from(glob, path); }

base::Result<files::Tree> render_files(const Template& made, const base::Json& data) {
  files::Tree tree;
  for (const auto& [path, file] : made.files) {
    if (!is_wanted(made, path, data)) continue;
    for (const auto& view : views(made, path, data)) {
      TRY(render_one(made, path, file, view, tree));
    }
  }
  return tree;
}

base::Result<std::vector<std::string>> render_next(const Template& made, const base::Json& data) {
  std::vector<std::string> lines;
  for (const auto& line : made.next) {
    TRY(auto text, render("template.yaml: next", line, data));
    if (!text.empty()) lines.push_back(std::move(text));
  }
  return lines;
}

}  // namespace scaffold
