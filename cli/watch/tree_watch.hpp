#pragma once
// Follows changes in trees of folders through inotify, also in folders that are made, moved or removed meanwhile. One
// thread.

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/result.hpp"

namespace watch {

class TreeWatch {
 public:
  // Whether to look into a folder.
  using Wants = std::function<bool(const std::string& folder)>;

  struct Changes {
    std::set<std::string> files;    // written, made, moved or removed; may still be as they were
    std::set<std::string> folders;  // gone or new: anything below them may have changed
    bool lost = false;              // the kernel dropped some: anything may have changed
  };

  explicit TreeWatch(Wants wants);
  ~TreeWatch();
  TreeWatch(const TreeWatch&) = delete;

  // Watches `top` and the wanted folders below it. What does not exist is left out.
  // Errors: unavailable, when the machine's limit of watches is reached, with the remedy.
  base::Result<void> add(const std::string& top);
  // What happened since the last call; does not wait. Errors as for add().
  base::Result<Changes> read();
  // Readable when something happened.
  int descriptor() const { return inotify_; }
  std::size_t folders() const { return paths_.size(); }

 private:
  base::Result<void> watch_one(const std::string& folder);
  void forget(const std::string& folder);
  base::Result<void> take(const void* event, Changes& changes);

  Wants wants_;
  int inotify_;
  std::map<int, std::string> paths_;
  std::map<std::string, int> watches_;
};

}  // namespace watch
