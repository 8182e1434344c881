#include "cli/files/files.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

namespace files {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

constexpr std::size_t longest_path = 240;
constexpr std::size_t most_files = 4'096;
constexpr std::uintmax_t most_bytes = 4 << 20;

base::Error conflict(const fs::path& path, const std::string& what) {
  return base::fail(ErrorCode::conflict, path.string() + " " + what + "; move it away, then try again");
}

// Links are looked at, not followed: one that leads out of the root would be written through.
base::Result<void> check_way(const fs::path& root, const std::string& path) {
  fs::path at = root;
  const fs::path relative(path);
  std::error_code ignored;
  for (auto part = relative.begin(); part != relative.end(); ++part) {
    at /= *part;
    const bool is_last = std::next(part) == relative.end();
    const auto status = fs::symlink_status(at, ignored);
    if (status.type() == fs::file_type::not_found) return base::success();
    if (status.type() == fs::file_type::symlink)
      return conflict(at, "is a symbolic link, which is not written through");
    if (!is_last && !fs::is_directory(status)) return conflict(at, "is not a folder");
    if (is_last && !fs::is_regular_file(status)) return conflict(at, "is not a regular file");
  }
  return base::success();
}

// Some file systems take .GIT for it, too.
bool is_git(std::string_view name) {
  constexpr std::string_view git = ".git";
  return std::equal(name.begin(), name.end(), git.begin(), git.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

// No path may be a file and a folder.
base::Result<void> check_folders(const Tree& tree, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string folder = path.substr(0, slash);
    if (!tree.contains(folder)) continue;
    return base::fail(ErrorCode::invalid, folder + " is to be a file, and " + path + " is to lie in it");
  }
  return base::success();
}

std::optional<File> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return File{std::move(text).str(), (facts.st_mode & S_IXUSR) != 0};
}

bool same(const File& one, const File& other) {
  return one.content == other.content && one.executable == other.executable;
}

fs::path beside(const fs::path& path, const char* ending) {
  return path.parent_path() / ("." + path.filename().string() + ending);
}

// Ctrl-C and the like wait until all is written or undone.
class Undisturbed {
 public:
  Undisturbed() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) ::sigaddset(&held, one);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  Undisturbed(const Undisturbed&) = delete;
  ~Undisturbed() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// What was done so far, to be taken back unless it is kept.
class Transaction {
 public:
  explicit Transaction(fs::path root) : root_(std::move(root)) {}
  Transaction(const Transaction&) = delete;
  ~Transaction() {
    if (!kept_) undo();
  }

  base::Result<void> make_folders(const fs::path& folder) {
    std::vector<fs::path> missing;
    std::error_code failed;
    for (fs::path at = folder; !fs::exists(at, failed); at = at.parent_path()) missing.push_back(at);
    for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
      if (!fs::create_directory(*at, failed)) return failure(*at, failed);
      made_.push_back(*at);
    }
    return base::success();
  }

  base::Result<void> prepare(const fs::path& path, const File& file) {
    const fs::path fresh = beside(path, ".msctl-new");
    std::error_code failed;
    fs::remove(fresh, failed);
    prepared_.emplace_back(fresh, path);
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << file.content;
    out.close();
    if (!out) return failure(path, std::error_code(errno, std::generic_category()));
    auto rights = fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;
    const auto there = fs::symlink_status(path, failed);
    // What its owner closed to others stays closed.
    if (fs::is_regular_file(there)) rights &= there.permissions() | fs::perms::owner_read | fs::perms::owner_write;
    if (file.executable) rights |= fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    fs::permissions(fresh, rights, failed);
    if (failed) return failure(path, failed);
    return base::success();
  }

  // New files first: whatever names them is an old one, so a killed msctl leaves nothing named that is not there.
  base::Result<void> replace() {
    std::error_code failed;
    std::stable_partition(prepared_.begin(), prepared_.end(),
                          [&](const auto& one) { return !fs::exists(fs::symlink_status(one.second, failed)); });
    for (const auto& [fresh, path] : prepared_) {
      TRY(save(path));
      fs::rename(fresh, path, failed);
      if (failed) return failure(path, failed);
      placed_.push_back(path);
    }
    return base::success();
  }

  base::Result<void> take_away(const fs::path& path) {
    TRY(save(path));
    std::error_code failed;
    if (!fs::remove(path, failed) && failed) return failure(path, failed);
    return base::success();
  }

  void keep() {
    kept_ = true;
    std::error_code ignored;
    for (const auto& [old, path] : aside_) {
      fs::remove(old, ignored);
      for (fs::path at = path.parent_path(); at != root_ && fs::is_empty(at, ignored) && !ignored;
           at = at.parent_path()) {
        fs::remove(at, ignored);
      }
    }
  }

 private:
  // A second name for what is there, so that the first one is never without a file. Not all file systems have such.
  base::Result<void> save(const fs::path& path) {
    std::error_code failed;
    if (!fs::exists(fs::symlink_status(path, failed))) return base::success();
    const fs::path old = beside(path, ".msctl-old");
    fs::remove(old, failed);
    fs::create_hard_link(path, old, failed);
    if (failed) fs::copy_file(path, old, failed);
    if (failed) return failure(path, failed);
    aside_.emplace_back(old, path);
    return base::success();
  }

  static base::Error failure(const fs::path& path, const std::error_code& why) {
    return base::fail(ErrorCode::internal,
                      "cannot write " + path.string() + ": " + why.message() + "; nothing was changed");
  }

  void undo() {
    std::error_code ignored;
    for (const auto& [old, path] : aside_) {
      fs::rename(old, path, ignored);
      fs::remove(old, ignored);  // both are names of one file when it was not replaced yet: rename() does nothing
      std::erase(placed_, path);
    }
    for (const auto& path : placed_) fs::remove(path, ignored);
    for (const auto& [fresh, path] : prepared_) fs::remove(fresh, ignored);
    for (auto at = made_.rbegin(); at != made_.rend(); ++at) fs::remove(*at, ignored);
  }

  fs::path root_;
  std::vector<fs::path> made_;
  std::vector<std::pair<fs::path, fs::path>> prepared_;
  std::vector<std::pair<fs::path, fs::path>> aside_;
  std::vector<fs::path> placed_;
  bool kept_ = false;
};

}  // namespace

std::string_view word(Change change) {
  switch (change) {
    case Change::create:
      return "CREATE";
    case Change::update:
      return "UPDATE";
    case Change::identical:
      return "IDENTICAL";
    case Change::remove:
      return "REMOVE";
  }
  return "";
}

base::Result<void> check_path(const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    return base::fail(ErrorCode::invalid, "the path \"" + path.substr(0, longest_path) + "\" " + why);
  };
  if (path.empty() || path.size() > longest_path) return refuse("must have 1 to 240 bytes");
  for (const unsigned char c : path) {
    if (c < 0x20 || c == 0x7f || c == '\\') return refuse("holds a character that a file name must not have");
  }
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const auto part = std::string_view(path).substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return refuse("must stay below its folder");
    if (is_git(part)) return refuse("leads into git's own folder");
    start = end + 1;
  }
  return base::success();
}

base::Result<std::vector<Step>> compare(const fs::path& root, const Tree& tree,
                                        const std::vector<std::string>& remove) {
  std::vector<Step> steps;
  for (const auto& [path, file] : tree) {
    TRY(check_path(path));
    TRY(check_folders(tree, path));
    TRY(check_way(root, path));
    const auto now = read_file(root / path);
    steps.push_back({!now ? Change::create : same(*now, file) ? Change::identical : Change::update, path});
  }
  for (const auto& path : remove) {
    TRY(check_path(path));
    TRY(check_way(root, path));
    std::error_code ignored;
    if (fs::exists(root / path, ignored)) steps.push_back({Change::remove, path});
  }
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.path < b.path; });
  return steps;
}

base::Result<void> write(const fs::path& root, const Tree& tree, const std::vector<std::string>& remove) {
  TRY(const auto steps, compare(root, tree, remove));
  const Undisturbed undisturbed;
  Transaction transaction(root);
  TRY(transaction.make_folders(root));
  for (const auto& step : steps) {
    if (step.change != Change::create && step.change != Change::update) continue;
    TRY(transaction.make_folders((root / step.path).parent_path()));
    TRY(transaction.prepare(root / step.path, tree.at(step.path)));
  }
  TRY(transaction.replace());
  for (const auto& step : steps) {
    if (step.change != Change::remove) continue;
    TRY(transaction.take_away(root / step.path));
  }
  transaction.keep();
  return base::success();
}

base::Result<Tree> read_tree(const fs::path& folder) {
  Tree tree;
  std::error_code failed;
  fs::recursive_directory_iterator at(folder, failed);
  if (failed) return base::fail(ErrorCode::internal, "cannot read " + folder.string() + ": " + failed.message());
  for (const fs::recursive_directory_iterator end; at != end; at.increment(failed)) {
    if (failed) return base::fail(ErrorCode::internal, "cannot read " + folder.string() + ": " + failed.message());
    if (at->path().filename() == ".git") {
      at.disable_recursion_pending();
      continue;
    }
    if (at->is_symlink()) return conflict(at->path(), "is a symbolic link, which is not followed");
    if (!at->is_regular_file()) continue;
    if (at->file_size() > most_bytes)
      return base::fail(ErrorCode::too_large, at->path().string() + " is larger than 4 MiB");
    if (tree.size() == most_files)
      return base::fail(ErrorCode::too_large, folder.string() + " has more than 4,096 files");
    auto file = read_file(at->path());
    if (!file) return base::fail(ErrorCode::internal, "cannot read " + at->path().string());
    tree[at->path().lexically_relative(folder).generic_string()] = std::move(*file);
  }
  return tree;
}

}  // namespace files
