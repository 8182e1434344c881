#pragma once
// A Unix socket's path that fits into sun_path whatever the folder's length, through a descriptor of the folder.
// Internal to base/http. Valid while this lives.

#include <string>
#include <utility>

#include "base/result.hpp"

namespace base::http {

class UnixPath {
 public:
  static Result<UnixPath> make(const std::string& path);
  UnixPath(UnixPath&& other) noexcept : folder_(std::exchange(other.folder_, -1)), text_(std::move(other.text_)) {}
  UnixPath& operator=(UnixPath&&) = delete;
  ~UnixPath();
  const std::string& text() const { return text_; }

 private:
  UnixPath() = default;
  int folder_ = -1;
  std::string text_;
};

}  // namespace base::http
