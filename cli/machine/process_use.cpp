#include "cli/machine/process_use.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "supervisor/posix/file.hpp"
#include "supervisor/posix/process_tree.hpp"

namespace machine {
namespace {

std::string file_of(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

int count_entries(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
  int count = 0;
  while (open && ::readdir(open.get()) != nullptr) ++count;
  return std::max(0, count - 2);  // . and ..
}

// "Pss:                1234 kB"
std::uint64_t kilobytes_after(const std::string& text, const std::string& key) {
  const auto at = text.find("\n" + key);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 1 + key.size(), nullptr, 10) * 1024;
}

// Fields as proc(5) numbers them, from 3, which follows the name in parentheses.
std::optional<ProcessUse> read_use(pid_t pid, bool with_pss) {
  const std::string text = posix::read_small_file(file_of(pid, "stat"));
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::array<std::uint64_t, 25> field{};
  const char* at = text.c_str() + name_end + 2;
  const char state = *at++;
  if (state == 'Z' || state == 'X') return std::nullopt;
  for (std::size_t number = 4; number < field.size(); ++number) {
    char* end = nullptr;
    field.at(number) = std::strtoull(at, &end, 10);
    at = end;
  }
  ProcessUse use;
  use.id = {pid, field[22]};
  use.cpu_ticks = field[14] + field[15];
  use.threads = static_cast<int>(field[20]);
  use.rss_bytes = field[24] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  use.fds = count_entries(file_of(pid, "fd"));
  if (with_pss) use.pss_bytes = kilobytes_after(posix::read_small_file(file_of(pid, "smaps_rollup")), "Pss:");
  return use;
}

}  // namespace

TreeUse sample_tree(pid_t pid, bool without_root, bool with_pss) {
  TreeUse tree;
  tree.at = std::chrono::steady_clock::now();
  std::vector<pid_t> pids;
  if (!without_root) pids.push_back(pid);
  for (const auto& below : posix::descendants_of(pid)) pids.push_back(below.id.pid);
  for (const pid_t one : pids) {
    if (const auto use = read_use(one, with_pss)) tree.processes.push_back(*use);
  }
  return tree;
}

bool has_pss(const TreeUse& tree) {
  return std::all_of(tree.processes.begin(), tree.processes.end(),
                     [](const ProcessUse& one) { return one.pss_bytes > 0 || one.rss_bytes == 0; });
}

Use use_between(const TreeUse& before, const TreeUse& after, bool pss) {
  static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Use use;
  std::uint64_t ticks = 0;
  for (const auto& now : after.processes) {
    const auto then = std::find_if(before.processes.begin(), before.processes.end(),
                                   [&](const ProcessUse& one) { return one.id == now.id; });
    const std::uint64_t earlier = then == before.processes.end() ? 0 : then->cpu_ticks;
    ticks += now.cpu_ticks - std::min(earlier, now.cpu_ticks);
    use.memory_bytes += pss ? now.pss_bytes : now.rss_bytes;
    use.threads += now.threads;
    use.fds += now.fds;
    ++use.processes;
  }
  const double seconds = std::chrono::duration<double>(after.at - before.at).count();
  if (seconds > 0) use.cpu_percent = 100 * static_cast<double>(ticks) / ticks_per_second / seconds;
  return use;
}

}  // namespace machine
