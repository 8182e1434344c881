#include "cli/session/report_file.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cli {
namespace {

std::string cannot_write(const std::string& path) {
  return "cannot write " + path + "; name a file in a folder that is there";
}

// As far as it can be told without touching the file.
bool can_be_written(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return false;
  const auto folder = std::filesystem::path(path).parent_path();
  const bool is_there = std::filesystem::exists(path, ignored);
  const std::string changed = is_there ? path : folder.empty() ? "." : folder.string();
  return ::access(changed.c_str(), W_OK) == 0;
}

}  // namespace

base::Result<void> check_report(const std::string& path) {
  if (path.empty() || can_be_written(path)) return base::success();
  return base::fail(base::ErrorCode::invalid, cannot_write(path));
}

base::Result<void> write_report(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return base::success();
  return base::fail(base::ErrorCode::internal, cannot_write(path));
}

}  // namespace cli
