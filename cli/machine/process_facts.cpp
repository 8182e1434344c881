#include "cli/machine/process_facts.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"
#include "supervisor/posix/program.hpp"

extern char** environ;

namespace machine {
namespace fs = std::filesystem;
namespace {

std::string path_below(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

}  // namespace

Environment own_environment() {
  Environment entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

base::Result<Environment> environment_of(pid_t pid) {
  const std::string file = path_below(pid, "environ");
  if (::access(file.c_str(), R_OK) != 0) {
    const auto code = errno == ENOENT ? base::ErrorCode::not_found : base::ErrorCode::permission;
    return base::fail(code,
                      "cannot read the environment of process " + std::to_string(pid) + ": " + std::strerror(errno));
  }
  const std::string text = posix::read_small_file(file);
  Environment entries;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\0', start), text.size());
    if (text.find('=', start) < end) entries.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return entries;
}

fs::path working_folder_of(pid_t pid) {
  std::error_code gone;
  return fs::read_symlink(path_below(pid, "cwd"), gone);
}

pid_t tracer_of(pid_t pid) {
  const std::string text = posix::read_small_file(path_below(pid, "status"));
  const auto at = text.find("\nTracerPid:");
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + std::strlen("\nTracerPid:"));
}

base::Result<std::string> find_program(const std::string& name, const Environment& environment,
                                       const fs::path& folder) {
  if (name.find('/') == std::string::npos) return posix::find_program(name, environment);
  const fs::path file = folder / name;
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0) return file.string();
  const bool there = fs::exists(file, ignored);
  return base::fail(base::ErrorCode::not_found,
                    there ? file.string() + " is not executable" : "there is no " + file.string());
}

std::vector<Leftover> processes_of_cluster(const fs::path& state) {
  std::vector<Leftover> found;
  for (const pid_t pid : posix::all_processes()) {
    if (posix::environment_value(pid, "MSCTL_STATE") != state.string()) continue;
    const std::string service = posix::environment_value(pid, "MSCTL_SERVICE");
    if (!service.empty()) found.push_back({pid, service});
  }
  return found;
}

}  // namespace machine
