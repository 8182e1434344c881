#include "supervisor/keeper/cage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "supervisor/posix/file.hpp"

namespace keeper {
namespace {

constexpr std::int64_t period_us = 100'000;

bool write_file(const std::string& path, const std::string& text) {
  const posix::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// The folder of the group this process is in, in the hierarchy of a v1 controller, or of v2 for an empty name.
std::string own_group(const std::string& controller) {
  const std::string text = posix::read_small_file("/proc/self/cgroup");
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if ("," + line.substr(first + 1, second - first - 1) + "," != "," + controller + ",") continue;
    const std::string mount = "/sys/fs/cgroup" + (controller.empty() ? "" : "/" + controller);
    const std::string group = line.substr(second + 1);
    return mount + (group == "/" ? "" : group);
  }
  return {};
}

std::string v2_root() {
  const std::string controllers = posix::read_small_file("/sys/fs/cgroup/cgroup.controllers");
  return controllers.empty() ? std::string() : own_group("");
}

}  // namespace

bool Cage::enter(const std::string& folder, const std::vector<std::pair<std::string, std::string>>& settings) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return false;
  for (const auto& [file, value] : settings) {
    if (write_file(folder + "/" + file, value)) continue;
    ::rmdir(folder.c_str());
    return false;
  }
  folders_.push_back(folder);
  entrances_.push_back(folder + "/cgroup.procs");
  return true;
}

Cage Cage::make(const std::string& path, std::int64_t memory_bytes, std::int64_t millicpus) {
  Cage cage;
  if (memory_bytes <= 0 && millicpus <= 0) return cage;
  const std::string name = "msctl-" + std::to_string(std::hash<std::string>{}(path)) + "-" + std::to_string(::getpid());
  const std::string memory = std::to_string(memory_bytes);
  const std::string quota = std::to_string(millicpus * period_us / 1000);
  if (const std::string root = v2_root(); !root.empty()) {
    std::vector<std::pair<std::string, std::string>> settings;
    if (memory_bytes > 0) settings.insert(settings.end(), {{"memory.max", memory}, {"memory.swap.max", "0"}});
    if (millicpus > 0) settings.emplace_back("cpu.max", quota + " " + std::to_string(period_us));
    cage.holds_memory_ = cage.enter(root + "/" + name, settings) && memory_bytes > 0;
    if (!cage.folders_.empty()) return cage;
  }
  if (const std::string root = own_group("memory"); memory_bytes > 0 && !root.empty()) {
    cage.holds_memory_ = cage.enter(root + "/" + name, {{"memory.limit_in_bytes", memory}});
  }
  if (const std::string root = own_group("cpu"); millicpus > 0 && !root.empty()) {
    cage.enter(root + "/" + name, {{"cpu.cfs_period_us", std::to_string(period_us)}, {"cpu.cfs_quota_us", quota}});
  }
  return cage;
}

void Cage::remove() {
  for (const auto& folder : folders_) ::rmdir(folder.c_str());
  folders_.clear();
  entrances_.clear();
}

}  // namespace keeper
