#include "cli/session/log_tail.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace cli {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

}  // namespace

std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t count, std::uint64_t from) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in || count == 0) return {};
  auto position = static_cast<std::size_t>(in.tellg());
  const std::size_t begin = from > position ? 0 : static_cast<std::size_t>(from);
  std::string text;
  // Backwards block by block until there is one line end more than lines are wanted.
  while (position > begin && static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) <= count) {
    const std::size_t size = std::min(block_bytes, position - begin);
    position -= size;
    std::string block(size, '\0');
    in.seekg(static_cast<std::streamoff>(position));
    in.read(block.data(), static_cast<std::streamsize>(size));
    text.insert(0, block);
  }
  auto lines = split(text);
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

LogReader::LogReader(std::filesystem::path file, bool from_end) : file_(std::move(file)) {
  struct stat info {};
  if (!from_end || ::stat(file_.c_str(), &info) != 0) return;
  offset_ = static_cast<std::uint64_t>(info.st_size);
  file_number_ = info.st_ino;
}

void LogReader::read(const std::function<void(const std::string& line)>& take) {
  const int fd = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  struct stat info {};
  ::fstat(fd, &info);
  const bool replaced = file_number_ != 0 && file_number_ != info.st_ino;
  if (replaced || static_cast<std::uint64_t>(info.st_size) < offset_) {
    offset_ = 0;
    partial_.clear();
  }
  file_number_ = info.st_ino;
  std::vector<char> block(block_bytes);
  for (ssize_t got = 0; (got = ::pread(fd, block.data(), block.size(), static_cast<off_t>(offset_))) > 0;) {
    offset_ += static_cast<std::uint64_t>(got);
    partial_.append(block.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = partial_.find('\n')) != std::string::npos || partial_.size() > block_bytes;) {
      take(partial_.substr(0, end));
      partial_.erase(0, end == std::string::npos ? end : end + 1);
    }
  }
  ::close(fd);
}

}  // namespace cli
