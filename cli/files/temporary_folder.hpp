#pragma once
// A folder of our own in the machine's folder for temporary files, removed with all that is in it when the object goes.

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace files {

class TemporaryFolder {
 public:
  // `purpose` is part of its name: msctl-PURPOSE-XXXXXX. Errors: internal, when it cannot be made.
  static base::Result<TemporaryFolder> make(const std::string& purpose);

  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();

  // Without symbolic links.
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace files
