#include "cli/affected/history.hpp"

#include <algorithm>
#include <set>

#include "cli/program/program.hpp"

namespace affected {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

base::Result<program::Output> git(const fs::path& folder, std::vector<std::string> words,
                                  const std::string& input = {}) {
  words.insert(words.begin(), {"git", "-c", "core.quotePath=false"});
  return program::ask(words, {folder, input, {{"LC_ALL", "C"}, {"GIT_OPTIONAL_LOCKS", "0"}}});
}

std::vector<std::string> split_nul(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\0', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

base::Result<bool> is_shallow(const fs::path& folder) {
  TRY(const auto answer, git(folder, {"rev-parse", "--is-shallow-repository"}));
  return without_newline(answer.out) == "true";
}

base::Result<std::string> commit_of(const fs::path& folder, const std::string& revision, const char* option) {
  if (revision.starts_with('-')) {
    return base::fail(ErrorCode::invalid, std::string(option) + ": \"" + revision + "\" is no revision");
  }
  TRY(const auto answer, git(folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"}));
  if (answer.exit_code == 0) return without_newline(answer.out);
  TRY(const bool shallow, is_shallow(folder));
  return base::fail(ErrorCode::not_found,
                    std::string(option) + ": git knows no revision \"" + revision + "\"" +
                        (shallow ? "; this clone is shallow, fetch the history first: git fetch --unshallow"
                                 : "; fetch it, or name another branch, tag or commit"));
}

base::Result<std::vector<std::string>> listed(const fs::path& top, std::vector<std::string> words) {
  TRY(const auto answer, git(top, std::move(words)));
  if (answer.exit_code != 0) return base::fail(ErrorCode::internal, "git: " + without_newline(answer.err));
  std::vector<std::string> files;
  for (const auto& name : split_nul(answer.out)) files.push_back((top / name).lexically_normal().string());
  return files;
}

}  // namespace

base::Result<Difference> difference(const fs::path& folder, const std::string& base, const std::string& head) {
  TRY(const auto top, git(folder, {"rev-parse", "--show-toplevel"}));
  if (top.exit_code != 0) {
    return base::fail(ErrorCode::invalid,
                      folder.string() + " is in no git work tree, so there is no change to look at");
  }
  Difference found;
  found.top = without_newline(top.out);
  TRY(const auto from, commit_of(found.top, base, "--base"));
  TRY(const auto until, commit_of(found.top, head.empty() ? "HEAD" : head, "--head"));
  TRY(const auto common, git(found.top, {"merge-base", from, until}));
  if (common.exit_code != 0) {
    TRY(const bool shallow, is_shallow(found.top));
    return base::fail(ErrorCode::invalid,
                      base + " and " + (head.empty() ? "HEAD" : head) + " have no commit in common" +
                          (shallow ? "; this clone is shallow, fetch the history first: git fetch --unshallow" : ""));
  }
  found.from = without_newline(common.out);
  std::vector<std::string> words{"diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", found.from};
  if (!head.empty()) words.push_back(found.until = until);
  TRY(found.files, listed(found.top, std::move(words)));
  if (head.empty()) {
    TRY(const auto fresh, listed(found.top, {"ls-files", "--others", "--exclude-standard", "-z"}));
    found.files.insert(found.files.end(), fresh.begin(), fresh.end());
  }
  std::sort(found.files.begin(), found.files.end());
  found.files.erase(std::unique(found.files.begin(), found.files.end()), found.files.end());
  return found;
}

namespace {

// Those files of the commit whose path from the top is `wanted`.
base::Result<std::map<std::string, std::string>> read_files(const fs::path& top, const std::string& commit,
                                                            const std::function<bool(const std::string&)>& wanted) {
  TRY(const auto tree, git(top, {"ls-tree", "-r", "-z", commit}));
  std::vector<std::string> paths;
  std::string objects;
  for (const auto& line : split_nul(tree.out)) {  // `100644 blob HASH\tPATH`
    const auto tab = line.find('\t');
    const auto space = line.find(' ');
    if (tab == std::string::npos || !line.substr(space).starts_with(" blob ")) continue;
    const std::string path = line.substr(tab + 1);
    if (!wanted(path)) continue;
    paths.push_back(path);
    objects += line.substr(space + 6, tab - space - 6) + "\n";
  }
  std::map<std::string, std::string> found;
  if (paths.empty()) return found;
  TRY(const auto answer, git(top, {"cat-file", "--batch"}, objects));
  std::size_t at = 0;
  for (const auto& path : paths) {  // `HASH blob SIZE\n…\n`
    const auto end = answer.out.find('\n', at);
    const auto space = end == std::string::npos ? end : answer.out.rfind(' ', end);
    if (space == std::string::npos || space < at) return base::fail(ErrorCode::internal, "git cat-file ended early");
    const auto size = std::strtoull(answer.out.c_str() + space + 1, nullptr, 10);
    found[path] = answer.out.substr(end + 1, size);
    at = end + 1 + size + 1;
  }
  return found;
}

}  // namespace

base::Result<std::map<std::string, std::string>> files_at(const fs::path& top, const std::string& commit,
                                                          const std::vector<std::string>& names) {
  const std::set<std::string> wanted(names.begin(), names.end());
  return read_files(top, commit,
                    [&wanted](const std::string& path) { return wanted.contains(fs::path(path).filename().string()); });
}

base::Result<std::map<std::string, std::string>> files_below(const Difference& difference, const fs::path& root,
                                                             const std::function<bool(const std::string&)>& wanted) {
  const auto below = root.lexically_relative(difference.top).string();
  const std::string prefix = below == "." ? "" : below + "/";
  TRY(const auto files, read_files(difference.top, difference.from, [&](const std::string& path) {
        return path.starts_with(prefix) && wanted(path.substr(prefix.size()));
      }));
  std::map<std::string, std::string> found;
  for (const auto& [path, text] : files) found[path.substr(prefix.size())] = text;
  return found;
}

}  // namespace affected
