#include "cli/watch/tree_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace watch {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t what = IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

std::string joined(const std::string& folder, const char* name) {
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

}  // namespace

TreeWatch::TreeWatch(Wants wants) : wants_(std::move(wants)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {}

TreeWatch::~TreeWatch() {
  if (inotify_ >= 0) ::close(inotify_);
}

base::Result<void> TreeWatch::watch_one(const std::string& folder) {
  const int id = ::inotify_add_watch(inotify_, folder.c_str(), what);
  if (id >= 0) {
    paths_[id] = folder;
    watches_[folder] = id;
    return base::success();
  }
  if (errno == ENOSPC) {
    return base::fail(base::ErrorCode::unavailable,
                      "no more folders can be watched (" + std::to_string(paths_.size()) +
                          " are); raise the limit with: sysctl -w fs.inotify.max_user_watches=524288");
  }
  if (inotify_ < 0) {
    return base::fail(base::ErrorCode::unavailable,
                      "cannot watch files; raise the limit with: sysctl -w fs.inotify.max_user_instances=1024");
  }
  return base::success();  // gone meanwhile, or closed to us
}

base::Result<void> TreeWatch::add(const std::string& top) {
  if (!wants_(top)) return base::success();
  TRY(watch_one(top));  // first, so that what is made while the folder is listed is told by an event
  std::error_code gone;
  for (fs::directory_iterator one(top, gone), end; !gone && one != end; one.increment(gone)) {
    std::error_code unreadable;
    if (!one->is_directory(unreadable) || one->is_symlink(unreadable)) continue;
    TRY(add(one->path().string()));
  }
  return base::success();
}

void TreeWatch::forget(const std::string& folder) {
  for (auto one = watches_.lower_bound(folder); one != watches_.end() && one->first.starts_with(folder);) {
    const bool inside = one->first.size() == folder.size() || one->first[folder.size()] == '/';
    if (!inside) {
      ++one;
      continue;
    }
    ::inotify_rm_watch(inotify_, one->second);  // fails for one that the kernel has dropped already
    paths_.erase(one->second);
    one = watches_.erase(one);
  }
}

base::Result<void> TreeWatch::take(const void* raw, Changes& changes) {
  const auto& event = *static_cast<const inotify_event*>(raw);
  if ((event.mask & IN_Q_OVERFLOW) != 0) changes.lost = true;
  const auto found = paths_.find(event.wd);
  if (found == paths_.end()) return base::success();
  const std::string folder = found->second;
  if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0) {
    forget(folder);
    changes.folders.insert(folder);
    return base::success();
  }
  if (event.len == 0) return base::success();
  const std::string path = joined(folder, event.name);
  if ((event.mask & IN_ISDIR) == 0) {
    changes.files.insert(path);
  } else if ((event.mask & (IN_MOVED_FROM | IN_DELETE)) != 0) {
    forget(path);
    changes.folders.insert(path);
  } else if ((event.mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    changes.folders.insert(path);
    TRY(add(path));
  }
  return base::success();
}

base::Result<TreeWatch::Changes> TreeWatch::read() {
  Changes changes;
  alignas(inotify_event) std::array<char, 64 * 1024> block{};
  for (;;) {
    const ssize_t got = ::read(inotify_, block.data(), block.size());
    if (got <= 0) return changes;
    for (ssize_t at = 0; at < got;) {
      const char* const event = block.data() + at;
      TRY(take(event, changes));
      inotify_event head{};
      std::memcpy(&head, event, sizeof(head));
      at += static_cast<ssize_t>(sizeof(inotify_event) + head.len);
    }
  }
}

}  // namespace watch
