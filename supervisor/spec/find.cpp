#include <system_error>

#include "supervisor/spec/cluster.hpp"

namespace spec {

namespace fs = std::filesystem;

base::Result<fs::path> find_cluster_file(const fs::path& start) {
  std::error_code error;
  const fs::path begin = fs::absolute(start, error).lexically_normal();
  for (fs::path folder = begin;; folder = folder.parent_path()) {
    if (fs::path file = folder / "msctl.yaml"; fs::is_regular_file(file, error)) return file;
    if (folder == folder.parent_path()) break;
  }
  return base::fail(base::ErrorCode::not_found,
                    "no msctl.yaml in " + begin.string() +
                        " or in a folder above it; change into a folder that has one, or write one"
                        " (docs/cluster-file.md begins with the smallest)");
}

}  // namespace spec
