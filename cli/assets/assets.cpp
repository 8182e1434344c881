#include "cli/assets/assets.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace assets {
namespace {

namespace fs = std::filesystem;

// Of the running program: PREFIX/bin/msctl has PREFIX/share/msctl, PROJECT/build/release/bin/msctl has PROJECT.
std::vector<fs::path> own_folders() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (failed) return {};
  std::vector<fs::path> folders{program.parent_path().parent_path() / "share" / "msctl"};
  fs::path above = program.parent_path();
  for (int level = 0; level < 3; ++level) {
    above = above.parent_path();
    if (fs::is_regular_file(above / "CMakeLists.txt", failed)) folders.push_back(above);
  }
  return folders;
}

}  // namespace

base::Result<Shelf> shelf(const std::string& kind, const fs::path& workspace) {
  std::vector<fs::path> places;
  if (!workspace.empty()) places.push_back(workspace);
  if (const char* given = std::getenv("MSCTL_DATA"); given != nullptr && *given != '\0') places.emplace_back(given);
  for (const auto& own : own_folders()) places.push_back(own);

  Shelf found{kind, {}};
  std::error_code failed;
  for (const auto& place : places) {
    const fs::path folder = fs::weakly_canonical(place / kind, failed);
    const bool known = std::find(found.folders.begin(), found.folders.end(), folder) != found.folders.end();
    if (!failed && !known && fs::is_directory(folder, failed)) found.folders.push_back(folder);
  }
  if (!found.folders.empty()) return found;
  return base::fail(base::ErrorCode::not_found,
                    "msctl's own folder of " + kind +
                        " is not there; install msctl again, or set MSCTL_DATA to the folder that has it");
}

base::Result<fs::path> find(const Shelf& shelf, const std::string& name) {
  std::error_code failed;
  for (const auto& folder : shelf.folders) {
    if (fs::exists(folder / name, failed)) return folder / name;
  }
  std::string where;
  for (const auto& folder : shelf.folders) where += (where.empty() ? "" : ", ") + folder.string();
  return base::fail(base::ErrorCode::not_found, "there is no " + name + " in " + where);
}

std::vector<std::string> list(const Shelf& shelf, const std::string& folder) {
  std::set<std::string> names;
  std::error_code failed;
  for (const auto& place : shelf.folders) {
    for (fs::directory_iterator at(place / folder, failed), end; !failed && at != end; at.increment(failed)) {
      names.insert(at->path().filename().string());
    }
    failed.clear();
  }
  return {names.begin(), names.end()};
}

}  // namespace assets
