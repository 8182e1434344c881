#include "cli/session/port_holder.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace cli {
namespace {

constexpr std::size_t shown_command = 200;

std::string process_file(int pid, const char* name) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string variable(const std::string& environment, const std::string& name) {
  const std::string wanted = '\0' + name + "=";
  const std::string all = '\0' + environment;
  const auto found = all.find(wanted);
  if (found == std::string::npos) return {};
  const auto begin = found + wanted.size();
  return all.substr(begin, all.find('\0', begin) - begin);
}

}  // namespace

std::optional<PortHolder> port_holder(int pid, const std::filesystem::path& state) {
  PortHolder holder;
  holder.pid = pid;
  holder.command = process_file(pid, "cmdline");
  while (!holder.command.empty() && holder.command.back() == '\0') holder.command.pop_back();
  if (pid <= 0 || holder.command.empty()) return std::nullopt;
  std::replace(holder.command.begin(), holder.command.end(), '\0', ' ');
  if (holder.command.size() > shown_command) holder.command = holder.command.substr(0, shown_command) + "…";
  const std::string environment = process_file(pid, "environ");
  holder.service = variable(environment, "MSCTL_SERVICE");
  const std::string theirs = variable(environment, "MSCTL_STATE");
  if (theirs != state.string()) holder.cluster = theirs.substr(0, theirs.rfind("/.msctl"));
  if (theirs.empty()) holder.service.clear();
  return holder;
}

}  // namespace cli
