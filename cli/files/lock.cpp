#include "cli/files/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

namespace files {

namespace fs = std::filesystem;
using base::ErrorCode;

base::Result<Lock> Lock::take(const fs::path& folder, std::chrono::milliseconds patience) {
  std::error_code failed;
  fs::path place = folder;
  while (!fs::is_directory(place, failed) && place.has_relative_path()) place = place.parent_path();
  const int descriptor = ::open(place.empty() ? "." : place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    const std::error_code why(errno, std::generic_category());
    return base::fail(ErrorCode::internal, "cannot read " + place.string() + ": " + why.message());
  }
  Lock lock(descriptor);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
    if (std::chrono::steady_clock::now() >= end) {
      return base::fail(ErrorCode::conflict,
                        "another msctl is writing to " + place.string() + "; try again when it is done");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return lock;
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Lock& Lock::operator=(Lock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace files
