#include "cli/contract/version.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "base/clock.hpp"
#include "cli/contract/ledger.hpp"
#include "cli/program/program.hpp"

namespace contract {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

base::Result<std::string> git(const std::filesystem::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"git", "-C", folder.string()});
  TRY(const auto ran, program::ask(words));
  if (ran.exit_code == 0) return first_line(ran.out);
  return base::fail(base::ErrorCode::not_found,
                    "which version this is cannot be told from git (" + first_line(ran.err) + "): give --version");
}

}  // namespace

base::Result<WorkTree> work_tree(const std::filesystem::path& folder) {
  WorkTree tree;
  TRY(tree.version, git(folder, {"describe", "--tags", "--always", "--abbrev=12"}));
  // As `describe --dirty` says it, but that what is noted of this version does not make another one of it.
  TRY(const auto changed, git(folder, {"status", "--porcelain", "--untracked-files=no", "--", ":/",
                                       ":(exclude)" + std::string(ledger_path)}));
  if (!changed.empty()) tree.version += "-dirty";
  if (changed.empty()) {
    TRY(const auto seconds, git(folder, {"show", "--no-patch", "--format=%ct", "HEAD"}));
    tree.at = base::to_rfc3339(base::Wall(std::chrono::seconds(std::strtoll(seconds.c_str(), nullptr, 10))));
  }
  if (const auto branch = git(folder, {"symbolic-ref", "--short", "-q", "HEAD"})) tree.branch = branch.value();
  return tree;
}

base::Result<void> check_version(const std::string& version) {
  const bool good = !version.empty() && version.size() <= 200 &&
                    std::all_of(version.begin(), version.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (good) return base::success();
  return base::fail(base::ErrorCode::invalid,
                    "--version: expected 1 to 200 visible characters without a space, got \"" + version + "\"");
}

}  // namespace contract
