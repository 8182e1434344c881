#include "cli/files/temporary_folder.hpp"

#include <stdlib.h>

#include <cerrno>

namespace files {

namespace fs = std::filesystem;

base::Result<TemporaryFolder> TemporaryFolder::make(const std::string& purpose) {
  std::error_code failed;
  const fs::path above = fs::canonical(fs::temp_directory_path(failed), failed);
  std::string name = (above / ("msctl-" + purpose + "-XXXXXX")).string();
  if (!failed && ::mkdtemp(name.data()) == nullptr) failed.assign(errno, std::generic_category());
  if (!failed) return TemporaryFolder(fs::path(name));
  return base::fail(base::ErrorCode::internal, "cannot make a temporary folder: " + failed.message() +
                                                   "; set TMPDIR to a folder that can be written");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace files
