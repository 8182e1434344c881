#include "supervisor/posix/process_tree.hpp"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <csignal>
#include <memory>
#include <sstream>

#include "supervisor/posix/file.hpp"

namespace posix {
namespace {

std::string proc_path(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

template <class Visit>
void each_number_in(const std::string& folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    pid_t number = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
    if (end.ec == std::errc() && end.ptr == name.data() + name.size()) visit(number);
  }
}

}  // namespace

std::optional<ProcessStat> read_stat(pid_t pid) {
  const std::string text = read_small_file(proc_path(pid, "stat"));
  // The second field is the program's name in parentheses and may hold anything, also ')'.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  ProcessStat stat;
  if (!(fields >> stat.state >> stat.parent >> stat.group >> stat.session)) return std::nullopt;
  std::string skipped;
  for (int field = 7; field < 22; ++field) fields >> skipped;
  if (!(fields >> stat.id.start_time)) return std::nullopt;
  stat.id.pid = pid;
  return stat;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  each_number_in(proc_path(pid, "task"), [&](pid_t thread) {
    std::istringstream list(read_small_file(proc_path(pid, "task/") + std::to_string(thread) + "/children"));
    for (pid_t child = 0; list >> child;) children.push_back(child);
  });
  return children;
}

std::vector<ProcessStat> descendants_of(pid_t pid) {
  std::vector<ProcessStat> found;
  std::vector<pid_t> open{pid};
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    for (const pid_t child : children_of(parent)) {
      const auto stat = read_stat(child);
      if (!stat || stat->parent != parent) continue;
      found.push_back(*stat);
      open.push_back(child);
    }
  }
  return found;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  each_number_in("/proc", [&](pid_t pid) { found.push_back(pid); });
  return found;
}

std::string environment_value(pid_t pid, const std::string& name) {
  const std::string text = read_small_file(proc_path(pid, "environ"));
  const std::string prefix = name + "=";
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\0', start), text.size());
    if (text.compare(start, prefix.size(), prefix) == 0) {
      return text.substr(start + prefix.size(), end - start - prefix.size());
    }
    start = end + 1;
  }
  return {};
}

std::string command_line(pid_t pid) {
  std::string text = read_small_file(proc_path(pid, "cmdline"));
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) c = ' ';
  }
  constexpr std::size_t longest = 120;
  if (text.size() > longest) {
    text.resize(longest - 3);
    text.append("...");
  }
  return text;
}

bool send_signal(const ports::ProcessId& id, int signal) {
  const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, id.pid, 0)));
  if (!handle) return false;
  const auto now = read_stat(id.pid);
  if (!now || now->id != id) return false;
  return ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
}

std::string boot_id() {
  std::string text = read_small_file("/proc/sys/kernel/random/boot_id");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace posix
