#include "cli/session/core_dump.hpp"

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cli/session/log_sources.hpp"
#include "cli/session/spawn.hpp"

namespace cli {
namespace {

namespace fs = std::filesystem;

// core(5): %p and the like stand for what we cannot know of a process that has ended. A pid may follow the name.
std::string as_glob(const std::string& name) {
  std::string glob;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 1 < name.size() && name[i + 1] != '%') {
      glob += '*';
      ++i;
      continue;
    }
    if (name[i] == '%') ++i;
    if (i == name.size()) break;
    if (std::string_view("*?[\\").find(name[i]) != std::string_view::npos) glob += '\\';
    glob += name[i];
  }
  return glob;
}

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// The program of a service as gdb can open it; empty when that is not clear.
std::string program_of(const spec::Cluster& cluster, const spec::Service& service) {
  if (service.command.empty()) return {};
  const auto resolved = spec::resolve(cluster, service.name, service.command.front());
  if (!resolved) return {};
  if (resolved.value().find('/') != std::string::npos) return (service.folder / resolved.value()).string();
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  for (std::size_t begin = 0; begin < folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string file = folders.substr(begin, end - begin) + "/" + resolved.value();
    if (::access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::optional<fs::path> find_core(const std::string& pattern, const fs::path& folder, std::int64_t since_us) {
  if (pattern.empty() || pattern.front() == '|') return std::nullopt;
  const fs::path where = folder / pattern;
  if (where.parent_path().string().find('%') != std::string::npos) return std::nullopt;
  const std::string glob = as_glob(where.filename().string());
  std::optional<fs::path> newest;
  std::int64_t newest_us = since_us - 1'000'000;  // file systems keep coarser times
  std::error_code error;
  for (fs::directory_iterator entry(where.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (::fnmatch(glob.c_str(), name.c_str(), 0) != 0 && ::fnmatch((glob + ".*").c_str(), name.c_str(), 0) != 0)
      continue;
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) continue;
    const std::int64_t changed_us = info.st_mtim.tv_sec * 1'000'000LL + info.st_mtim.tv_nsec / 1000;
    if (changed_us < newest_us) continue;
    newest = entry->path();
    newest_us = changed_us;
  }
  return newest;
}

std::optional<CrashReport> backtrace_from_core(const Place& place, const std::string& instance, std::int64_t since_us) {
  const auto cluster = place.load();
  if (!cluster) return std::nullopt;
  const auto service = cluster.value().services.find(service_of(instance));
  if (service == cluster.value().services.end()) return std::nullopt;
  const auto core = find_core(first_line("/proc/sys/kernel/core_pattern"), service->second.folder, since_us);
  const std::string program = program_of(cluster.value(), service->second);
  if (!core || program.empty()) return std::nullopt;
  const fs::path output = place.state / ("backtrace-" + std::to_string(::getpid()) + ".txt");
  const Cancel never;
  const auto status =
      run_program({"timeout", "-k", "1", "10", "gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
                   "set auto-load off", "-ex", "set width 0", "-ex", "bt 30", program, core->string()},
                  place.root, output, never);
  std::vector<std::string> lines;
  std::ifstream in(output);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::error_code ignored;
  fs::remove(output, ignored);
  return status ? gdb_report(lines) : std::nullopt;
}

}  // namespace cli
