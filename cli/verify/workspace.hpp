#pragma once
// Copies of the workspace in the check's own folder, to break or render things in without touching the user's files,
// and msctl itself run on them.

#include "cli/verify/world.hpp"

namespace verify {

struct Copy {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;  // that make the cluster: copies of those that lie in the workspace
};

// What describes the cluster: msctl.yaml and the like, service.yaml files below its folder, its own forms, the schemas
// of events and what is said of their compatibility. Errors: internal.
base::Result<Copy> copy_description(World& world, const std::filesystem::path& to);

// Whether a path of the workspace, as msctl run on the copy gives it, is a file of the copy and so may be broken.
bool is_of(const Copy& copy, const std::filesystem::path& path);

// Every file below the workspace's folder that git tracks or would add, as a repository with one commit. Errors:
// unsupported with the reason why there can be none (no git, no repository, too many files), internal.
base::Result<Copy> copy_repository(World& world, const std::filesystem::path& to);

// Writes environments/msctl-verify.yaml into the copy, with which every target can be rendered: made-up
// digests, nothing that is ever built or deployed.
base::Result<void> write_environment(World& world, const Copy& copy);
inline constexpr const char* environment_name = "msctl-verify";

// `msctl WORDS… -f FILE… [--profile …]` in the copy's folder.
base::Result<program::Output> run_msctl(World& world, const std::vector<std::string>& words, const Copy& copy);

// The documents of a YAML file, each as JSON. Errors: malformed, not_found.
base::Result<std::vector<base::Json>> read_documents(const std::filesystem::path& path);
base::Result<base::Json> read_document(const std::filesystem::path& path);  // of one; not_found when it has none

}  // namespace verify
