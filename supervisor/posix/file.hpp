#pragma once
// Descriptors and small files. Values without thread affinity.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace posix {

// Owns a file descriptor; empty is -1.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int take() { return std::exchange(fd_, -1); }  // from here on somebody else's to close

 private:
  int fd_ = -1;
};

// The whole file, or empty when it cannot be read.
std::string read_small_file(const std::string& path);

// 0 when there is nothing. A socket keeps its number from others while it is open, also after its name was removed.
ino_t inode_of(const std::filesystem::path& path);

// Replaces the file in one step (temporary file and rename), rights 0600.
base::Result<void> replace_file(const std::filesystem::path& path, std::string_view content);

// A folder that only we can enter: made with 0700 at once, or checked to be a real folder, ours and closed to others.
// Errors: permission with what to do about it.
base::Result<void> make_private_folder(const std::filesystem::path& path);

// Takes the lock on a file, which is made if it is missing, without waiting. It is held until the result is destroyed
// or the process ends, however it ends. Errors: conflict when somebody else has it.
base::Result<Descriptor> lock_file(const std::filesystem::path& path);

// For appending, made with 0600, CLOEXEC.
base::Result<Descriptor> open_log(const std::filesystem::path& path);

}  // namespace posix
