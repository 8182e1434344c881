#pragma once
// A folder for one test, gone with the object. Test support of spec.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace spec {

class TempTree {
 public:
  TempTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "msctl-spec-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) root_ = std::filesystem::canonical(pattern);
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = root_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace spec
