#include "cli/watch/fingerprints.hpp"

#include <sys/stat.h>

#include <array>
#include <ctime>
#include <fstream>

namespace watch {
namespace {

constexpr std::int64_t most_hashed_bytes = 4 << 20;
constexpr std::int64_t coarse_ns = 50'000'000;  // file times are as coarse as the kernel's tick

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
std::uint64_t hash_of(const std::string& file) {
  std::uint64_t hash = 14695981039346656037ULL;
  std::ifstream in(file, std::ios::binary);
  std::array<char, 64 * 1024> block{};
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    for (std::streamsize i = 0; i < in.gcount(); ++i) {
      hash = (hash ^ static_cast<unsigned char>(block.at(static_cast<std::size_t>(i)))) * 1099511628211ULL;
    }
  }
  return hash;
}

}  // namespace

bool Fingerprints::update(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return prints_.erase(file) > 0;
  Print now{info.st_size, nanoseconds(info.st_mtim), 0, nanoseconds(info.st_mtim) + coarse_ns > now_ns()};
  const auto known = prints_.find(file);
  const bool same_outside = known != prints_.end() && known->second.size == now.size;
  if (same_outside && !known->second.racy && known->second.changed_ns == now.changed_ns) return false;
  now.hash = now.size <= most_hashed_bytes ? hash_of(file) : static_cast<std::uint64_t>(now.changed_ns);
  const bool changed = !same_outside || known->second.hash != now.hash;
  prints_[file] = now;
  return changed;
}

std::vector<std::string> Fingerprints::below(const std::string& folder) const {
  std::vector<std::string> files;
  const std::string prefix = folder + "/";
  for (auto one = prints_.lower_bound(prefix); one != prints_.end() && one->first.starts_with(prefix); ++one) {
    files.push_back(one->first);
  }
  return files;
}

std::vector<std::string> Fingerprints::all() const {
  std::vector<std::string> files;
  for (const auto& [file, print] : prints_) files.push_back(file);
  return files;
}

}  // namespace watch
