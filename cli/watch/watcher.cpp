#include "cli/watch/watcher.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

namespace watch {
namespace fs = std::filesystem;
namespace {

using std::chrono::milliseconds;

constexpr int builds_to_be_sure = 4;

enum class Woke : unsigned char { timeout, changes, stop };

// `wait` below 0: for ever.
Woke wait_for(int changes, int stop, milliseconds wait) {
  std::array<pollfd, 2> ready{pollfd{changes, POLLIN, 0}, pollfd{stop, POLLIN, 0}};
  while (::poll(ready.data(), ready.size(), static_cast<int>(wait.count())) < 0) {
  }
  if (ready[1].revents != 0) return Woke::stop;
  return ready[0].revents != 0 ? Woke::changes : Woke::timeout;
}

}  // namespace

Watcher::Watcher(std::vector<Inputs> inputs, const Timing& timing)
    : inputs_(std::move(inputs)), timing_(timing), tree_([this](const std::string& folder) {
        return std::any_of(inputs_.begin(), inputs_.end(), [&](const Inputs& one) {
          return std::any_of(one.patterns.begin(), one.patterns.end(),
                             [&](const Pattern& pattern) { return pattern.may_match_below(folder); });
        });
      }) {}

base::Result<std::unique_ptr<Watcher>> Watcher::open(const spec::Cluster& cluster,
                                                     const std::vector<std::string>& services, const Timing& timing) {
  std::unique_ptr<Watcher> made(new Watcher(inputs_of(cluster, services), timing));
  TRY(made->start(cluster.root.lexically_normal().string()));
  return made;
}

base::Result<void> Watcher::start(const std::string& root) {
  // Watching begins above each pattern's base, so that the base may be made or removed later.
  for (const auto& inputs : inputs_) {
    for (const auto& pattern : inputs.patterns) {
      const bool inside = pattern.base() == root || pattern.base().starts_with(root + "/");
      tops_.insert(inside ? root : fs::path(pattern.base()).parent_path().string());
    }
  }
  std::set<std::string> files;
  for (const auto& top : tops_) {
    TRY(tree_.add(top));
    scan(top, files);
  }
  for (const auto& file : files) prints_.update(file);
  return base::success();
}

std::vector<std::string> Watcher::services() const {
  std::vector<std::string> names;
  for (const auto& one : inputs_) names.push_back(one.service);
  return names;
}

bool Watcher::matches_any(const std::string& file) const {
  return std::any_of(inputs_.begin(), inputs_.end(), [&](const Inputs& one) { return one.matches(file); });
}

void Watcher::scan(const std::string& folder, std::set<std::string>& files) const {
  const auto wanted = [&](const Inputs& one) {
    return std::any_of(one.patterns.begin(), one.patterns.end(),
                       [&](const Pattern& pattern) { return pattern.may_match_below(folder); });
  };
  if (std::none_of(inputs_.begin(), inputs_.end(), wanted)) return;
  std::error_code gone;
  for (fs::directory_iterator one(folder, gone), end; !gone && one != end; one.increment(gone)) {
    std::error_code unreadable;
    const std::string path = one->path().string();
    if (one->is_directory(unreadable) && !one->is_symlink(unreadable)) {
      scan(path, files);
    } else if (matches_any(path)) {
      files.insert(path);
    }
  }
}

base::Result<bool> Watcher::gather(Pending& pending, bool perhaps_ours) {
  TRY(const TreeWatch::Changes changes, tree_.read());
  std::set<std::string> files;
  for (const auto& file : changes.files) {
    if (matches_any(file)) files.insert(file);
  }
  for (const auto& folder : changes.folders) {
    for (auto& file : prints_.below(folder)) files.insert(std::move(file));
    scan(folder, files);
  }
  if (changes.lost) {
    for (auto& file : prints_.all()) files.insert(std::move(file));
    for (const auto& top : tops_) {
      TRY(tree_.add(top));
      scan(top, files);
    }
  }
  for (const auto& file : files) {
    const auto [known, fresh] = pending.try_emplace(file, perhaps_ours);
    if (!fresh) known->second = known->second && perhaps_ours;
  }
  return !files.empty();
}

base::Result<bool> Watcher::settle(Pending& pending, int stop) {
  const auto deadline = Clock::now() + timing_.longest;
  auto calm_at = Clock::now() + timing_.quiet;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(std::min(calm_at, deadline) - Clock::now());
    if (left.count() <= 0) return true;
    const Woke woke = wait_for(tree_.descriptor(), stop, left);
    if (woke == Woke::stop) return false;
    if (woke == Woke::timeout) continue;
    TRY(const bool matters, gather(pending, Clock::now() < ours_until_));
    if (matters) calm_at = Clock::now() + timing_.quiet;
  }
}

base::Result<std::vector<std::string>> Watcher::wait_changed(int stop) {
  Pending pending;
  ours_until_ = Clock::now() + timing_.aftermath;
  TRY(gather(pending, true));
  for (;;) {
    if (!pending.empty()) {
      TRY(const bool calm, settle(pending, stop));
      if (!calm) return std::vector<std::string>{};
      auto names = evaluate(pending);
      pending.clear();
      if (!names.empty()) return names;
    }
    if (wait_for(tree_.descriptor(), stop, milliseconds(-1)) == Woke::stop) return std::vector<std::string>{};
    TRY(gather(pending, Clock::now() < ours_until_));
  }
}

std::vector<std::string> Watcher::evaluate(const Pending& pending) {
  Pending changed;
  for (const auto& [file, perhaps_ours] : pending) {
    if (prints_.update(file)) changed.emplace(file, perhaps_ours);
  }
  std::vector<std::string> names;
  if (changed.empty()) return names;
  for (const auto& inputs : inputs_) {
    if (concerns(inputs, changed)) names.push_back(inputs.service);
  }
  built_.clear();
  built_.insert(names.begin(), names.end());
  return names;
}

bool Watcher::concerns(const Inputs& inputs, const Pending& changed) {
  auto& streaks = streaks_[inputs.service];
  bool genuine = false;
  std::set<std::string> own;
  for (const auto& [file, perhaps_ours] : changed) {
    if (!inputs.matches(file)) continue;
    own.insert(file);
    if (!perhaps_ours) {
      streaks.erase(file);
    } else if (++streaks[file] > builds_to_be_sure) {
      continue;
    }
    if (!genuine) cause_ = file;
    genuine = true;
  }
  if (built_.contains(inputs.service)) {
    std::erase_if(streaks, [&](const auto& one) { return !own.contains(one.first); });
  }
  return genuine;
}

}  // namespace watch
