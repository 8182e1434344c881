#include "cli/affected/compiled.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "cli/program/program.hpp"
#include "cli/watch/inputs.hpp"

namespace affected {
namespace {

namespace fs = std::filesystem;

using Files = std::set<std::string>;

// Where the build leaves the service's program; empty when its command names none of the workspace.
fs::path program_of(const spec::Cluster& cluster, const spec::Service& service) {
  static constexpr std::string_view bin = "${dir:bin}/";
  static constexpr std::string_view root = "${dir:root}/";
  const std::string& word = service.command.front();
  if (word.starts_with(bin)) return cluster.bin / word.substr(bin.size());
  if (word.starts_with(root)) return cluster.root / word.substr(root.size());
  return word.find('/') == std::string::npos ? fs::path() : (service.folder / word).lexically_normal();
}

std::optional<fs::path> build_folder_of(const fs::path& program) {
  std::error_code failed;
  for (fs::path at = program.parent_path(); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "build.ninja", failed)) return at;
  }
  return std::nullopt;
}

// One build folder: what each object was compiled from.
class Ninja {
 public:
  static base::Result<Ninja> open(const fs::path& folder) {
    Ninja ninja(folder);
    TRY(const auto answer, program::ask({"ninja", "-C", folder.string(), "-t", "deps"}));
    std::istringstream lines(answer.out);
    std::string object;
    for (std::string line; std::getline(lines, line);) {
      // `OBJECT: #deps 12, deps mtime 34 (VALID)`, then a name a line behind four blanks
      if (line.starts_with("    ")) {
        ninja.read_[object].insert(ninja.absolute(line.substr(4)));
      } else if (const auto colon = line.find(": #deps "); colon != std::string::npos) {
        object = line.substr(0, colon);
      }
    }
    return ninja;
  }

  // Everything that went into the program.
  base::Result<Files> files_of(const fs::path& program) const {
    const std::string target = program.lexically_relative(folder_).string();
    TRY(const auto answer, program::ask({"ninja", "-C", folder_.string(), "-t", "inputs", target}));
    if (answer.exit_code != 0) return base::fail(base::ErrorCode::not_found, "ninja knows no " + target);
    Files files;
    std::istringstream lines(answer.out);
    for (std::string line; std::getline(lines, line);) {
      files.insert(absolute(line));
      const auto found = read_.find(line);
      if (found != read_.end()) files.insert(found->second.begin(), found->second.end());
    }
    return files;
  }

 private:
  explicit Ninja(fs::path folder) : folder_(std::move(folder)) {}
  std::string absolute(const std::string& name) const { return (folder_ / name).lexically_normal().string(); }

  fs::path folder_;
  std::map<std::string, Files> read_;
};

// Links of the build lead into the workspace: a file counts by where it really is.
std::string real_path(const std::string& file) {
  std::error_code failed;
  const auto real = fs::canonical(file, failed);
  return failed ? file : real.string();
}

bool is_below(const std::string& file, const fs::path& folder) { return file.starts_with(folder.string() + "/"); }

}  // namespace

base::Result<std::vector<Compiled>> compare_inputs(const spec::Cluster& cluster,
                                                   const std::vector<std::string>& services) {
  std::map<std::string, Ninja> folders;
  std::map<std::string, std::string> real;  // paths are asked for many times
  std::vector<Compiled> all;
  for (const auto& inputs : watch::inputs_of(cluster, services)) {
    Compiled& one = all.emplace_back();
    one.service = inputs.service;
    const fs::path program = program_of(cluster, cluster.services.at(inputs.service));
    const auto folder = program.empty() ? std::nullopt : build_folder_of(program);
    if (!folder) {
      one.skipped = "its program is in no build folder of ninja";
      continue;
    }
    if (!folders.contains(folder->string())) {
      TRY(auto ninja, Ninja::open(*folder));
      folders.emplace(folder->string(), std::move(ninja));
    }
    std::error_code failed;
    if (!fs::exists(program, failed)) {
      one.skipped = "nothing of it was built yet";
      continue;
    }
    const auto files = folders.at(folder->string()).files_of(program);
    if (!files) {
      one.skipped = files.error().message;
      continue;
    }
    Files seen;
    for (const auto& file : files.value()) {
      auto found = real.find(file);
      if (found == real.end()) found = real.emplace(file, real_path(file)).first;
      const std::string& path = found->second;
      if (!is_below(path, cluster.root) || is_below(path, *folder) || !seen.insert(path).second) continue;
      if (!inputs.matches(path)) one.missing.push_back(fs::path(path).lexically_relative(cluster.root).string());
    }
    one.files = seen.size();
    std::sort(one.missing.begin(), one.missing.end());
  }
  return all;
}

}  // namespace affected
