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
  ServiceName name;
  name.name = data.at("name");
  if (made.kind == Kind::service) name.stem = data.at("stem");
  if (may_make(made.kind, name, path)) return base::success();
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

// Each pair of places is tried once, so that a glob of many stars takes no longer than their product.
class Glob {
 public:
  Glob(std::string_view glob, std::string_view path)
      : glob_(glob), path_(path), failed_((glob.size() + 1) * (path.size() + 1), false) {}

  bool matches(std::size_t g, std::size_t p) {
    const std::size_t place = g * (path_.size() + 1) + p;
    if (failed_[place]) return false;
    const bool found = try_from(g, p);
    failed_[place] = !found;
    return found;
  }

 private:
  bool try_from(std::size_t g, std::size_t p) {
    const auto rest = glob_.substr(g);
    if (rest.empty()) return p == path_.size();
    if (rest.starts_with("**")) {
      const bool whole_names = rest.starts_with("**/");
      const std::size_t after = g + (whole_names ? 3 : 2);
      for (std::size_t i = p; i <= path_.size(); ++i) {
        const bool at_name = i == p || path_[i - 1] == '/';
        if ((at_name || after == glob_.size()) && matches(after, i)) return true;
      }
      return false;
    }
    if (rest.front() == '*') {
      const std::size_t limit = std::min(path_.find('/', p), path_.size());
      for (std::size_t i = p; i <= limit; ++i) {
        if (matches(g + 1, i)) return true;
      }
      return false;
    }
    if (p == path_.size()) return false;
    const bool same = rest.front() == path_[p] || (rest.front() == '?' && path_[p] != '/');
    return same && matches(g + 1, p + 1);
  }

  std::string_view glob_;
  std::string_view path_;
  std::vector<bool> failed_;
};

}  // namespace

bool may_make(Kind kind, const ServiceName& name, const std::string& path) {
  if (path.ends_with(".msctl-answers.json")) return false;
  if (kind == Kind::workspace) return !path.starts_with(".git/") && path != ".git" && !path.starts_with(".msctl");
  return path.starts_with("services/" + name.stem + "/") || path == "docs/services/" + name.name + ".md";
}

bool is_rendered(const std::string& path) {
  return path.size() > rendered_ending.size() && path.ends_with(rendered_ending);
}

bool glob_matches(std::string_view glob, std::string_view path) { return Glob(glob, path).matches(0, 0); }

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
