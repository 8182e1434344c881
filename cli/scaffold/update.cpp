#include "cli/scaffold/update.hpp"

#include <algorithm>
#include <set>

namespace scaffold {
namespace {

bool same(const files::File& one, const files::File& other) {
  return one.content == other.content && one.executable == other.executable;
}

const files::File* find(const files::Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  return found == tree.end() ? nullptr : &found->second;
}

bool has_windows_ends(const std::string& text) {
  std::size_t ends = 0;
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return false;
    ++ends;
  }
  return ends > 0 && text.find('\0') == std::string::npos;
}

std::string with_unix_ends(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  }
  return out;
}

std::string with_windows_ends(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

class Planner {
 public:
  explicit Planner(const MergeThree& merge) : merge_(merge) {}

  base::Result<void> add(const std::string& path, const files::File* base, const files::File* mine,
                         const files::File* theirs) {
    // A checkout may have given every line another end; that is no change of the user's.
    const auto is_unix = [](const files::File* file) {
      return file == nullptr || file->content.find('\r') == std::string::npos;
    };
    if (mine != nullptr && has_windows_ends(mine->content) && is_unix(base) && is_unix(theirs)) {
      const files::File unix_mine{with_unix_ends(mine->content), mine->executable};
      TRY(const Fate fate, decide(path, base, &unix_mine, theirs));
      if (const auto out = plan.write.find(path); out != plan.write.end()) {
        out->second.content = with_windows_ends(out->second.content);
      }
      plan.fates.push_back({fate, path});
      return base::success();
    }
    TRY(const Fate fate, decide(path, base, mine, theirs));
    plan.fates.push_back({fate, path});
    return base::success();
  }

  UpdatePlan plan;

 private:
  base::Result<Fate> decide(const std::string& path, const files::File* base, const files::File* mine,
                            const files::File* theirs) {
    if (theirs == nullptr) {
      if (mine == nullptr) return Fate::unchanged;
      if (!same(*mine, *base)) return Fate::kept_changed;
      plan.remove.push_back(path);
      return Fate::removed;
    }
    if (mine == nullptr) {
      if (base != nullptr) return same(*base, *theirs) ? Fate::unchanged : Fate::kept_deleted;
      plan.write[path] = *theirs;
      return Fate::created;
    }
    if (same(*mine, *theirs)) return Fate::unchanged;
    if (base == nullptr) return Fate::in_the_way;
    if (same(*base, *theirs)) return Fate::unchanged;
    if (same(*mine, *base)) {
      plan.write[path] = *theirs;
      return Fate::updated;
    }
    return merge(path, *base, *mine, *theirs);
  }

  base::Result<Fate> merge(const std::string& path, const files::File& base, const files::File& mine,
                           const files::File& theirs) {
    const bool executable = mine.executable == base.executable ? theirs.executable : mine.executable;
    const auto merged = merge_(mine.content, base.content, theirs.content);
    if (!merged && merged.error().code == base::ErrorCode::invalid) return Fate::conflict;
    if (!merged) return merged.error();
    const files::File result{merged.value().text, executable};
    if (same(result, mine)) return Fate::unchanged;
    plan.write[path] = result;
    return merged.value().conflicts > 0 ? Fate::conflict : Fate::merged;
  }

  const MergeThree& merge_;
};

}  // namespace

std::string_view word(Fate fate) {
  switch (fate) {
    case Fate::created:
      return "CREATE";
    case Fate::updated:
      return "UPDATE";
    case Fate::merged:
      return "MERGE";
    case Fate::conflict:
      return "CONFLICT";
    case Fate::in_the_way:
      return "IN THE WAY";
    case Fate::removed:
      return "REMOVE";
    case Fate::kept_changed:
      return "KEEP";
    case Fate::kept_deleted:
      return "STAYS DELETED";
    case Fate::unchanged:
      return "IDENTICAL";
  }
  return "";
}

bool writes(Fate fate) {
  return fate == Fate::created || fate == Fate::updated || fate == Fate::merged || fate == Fate::conflict ||
         fate == Fate::removed;
}

bool is_open(Fate fate) {
  return fate == Fate::conflict || fate == Fate::in_the_way || fate == Fate::kept_changed || fate == Fate::kept_deleted;
}

bool UpdatePlan::changes() const {
  return std::any_of(fates.begin(), fates.end(), [](const FileFate& one) { return writes(one.fate); });
}

bool UpdatePlan::has_conflicts() const {
  return std::any_of(fates.begin(), fates.end(), [](const FileFate& one) { return one.fate == Fate::conflict; });
}

base::Result<UpdatePlan> plan_update(const files::Tree& base, const files::Tree& mine, const files::Tree& theirs,
                                     const MergeThree& merge) {
  std::set<std::string> paths;
  for (const auto* tree : {&base, &theirs}) {
    for (const auto& [path, file] : *tree) paths.insert(path);
  }
  Planner planner(merge);
  for (const auto& path : paths) {
    TRY(planner.add(path, find(base, path), find(mine, path), find(theirs, path)));
  }
  return std::move(planner.plan);
}

}  // namespace scaffold
