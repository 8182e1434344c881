#include "supervisor/posix/program.hpp"

#include <unistd.h>

namespace posix {
namespace {

constexpr const char* sbin_folders = ":/usr/local/sbin:/usr/sbin:/sbin";

}  // namespace

base::Result<std::string> find_program(const std::string& name, const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) return name;
  std::string path = "/usr/local/bin:/usr/bin:/bin";
  for (const auto& entry : env) {
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  }
  path += sbin_folders;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const std::string candidate = path.substr(start, end - start) + "/" + name;
    if (end > start && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    start = end + 1;
  }
  return base::fail(base::ErrorCode::not_found, "no program `" + name + "` in PATH and sbin (" + path + ")");
}

}  // namespace posix
