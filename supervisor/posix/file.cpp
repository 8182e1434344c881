#include "supervisor/posix/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace posix {
namespace {

base::Error os_error(const std::string& what, const std::filesystem::path& path) {
  const auto code = errno == EACCES || errno == EPERM ? base::ErrorCode::permission : base::ErrorCode::internal;
  return base::fail(code, what + " " + path.string() + ": " + std::strerror(errno));
}

}  // namespace

std::string read_small_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file) return text;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = ::read(file.get(), block.data(), block.size())) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return text;
}

base::Result<void> replace_file(const std::filesystem::path& path, std::string_view content) {
  const std::string temporary = path.string() + ".new";
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return os_error("cannot write", temporary);
    while (!content.empty()) {
      const ssize_t put = ::write(file.get(), content.data(), content.size());
      if (put < 0) return os_error("cannot write", temporary);
      content.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return os_error("cannot replace", path);
  return base::success();
}

ino_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

base::Result<void> make_private_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_error("cannot make the folder", path);
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return os_error("cannot look at", path);
  if (!S_ISDIR(info.st_mode)) {
    return base::fail(base::ErrorCode::permission, path.string() + " is not a folder: move it away");
  }
  if (info.st_uid != ::geteuid()) {
    return base::fail(base::ErrorCode::permission, path.string() + " belongs to another user: move it away");
  }
  if ((info.st_mode & 077U) != 0) {
    return base::fail(base::ErrorCode::permission,
                      path.string() + " is open to other users: run chmod 700 " + path.string());
  }
  return base::success();
}

base::Result<Descriptor> lock_file(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return os_error("cannot open", path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return os_error("cannot lock", path);
  return base::fail(base::ErrorCode::conflict, path.string() + " is locked: another supervisor runs");
}

base::Result<Descriptor> open_log(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return os_error("cannot open", path);
  return file;
}

}  // namespace posix
