#include <unistd.h>

#include <cstdlib>

#include "cli/program/program.hpp"

namespace program {

base::Result<std::filesystem::path> helper(const std::string& name) {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("MSCTL_LIBEXEC"); given != nullptr && *given != '\0') folders.emplace_back(given);
  std::error_code failed;
  const fs::path own = fs::read_symlink("/proc/self/exe", failed).parent_path();
  if (!failed) {
    folders.push_back(own);
    folders.push_back(own.parent_path() / "libexec" / "msctl");
  }
  for (const auto& folder : folders) {
    if (::access((folder / name).c_str(), X_OK) == 0 && fs::is_regular_file(folder / name, failed)) {
      return folder / name;
    }
  }
  return base::fail(base::ErrorCode::not_found, "msctl's own program " + name +
                                                    " is not there; install msctl again (or run `make build`), or set "
                                                    "MSCTL_LIBEXEC to the folder that has it");
}

}  // namespace program
