#include "supervisor/logs/index.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace logs {

Index::~Index() { close(); }

bool Index::open(const std::string& path) {
  close();
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  return fd_ >= 0;
}

void Index::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  count_ = 0;
  block_size_ = 0;
}

bool Index::look() {
  struct stat info {};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) return true;
  const std::size_t before = count_;
  count_ = static_cast<std::size_t>(info.st_size) / sizeof(Record);
  // A block that was not full has grown, and after a cut nothing holds.
  if (count_ < before || block_size_ < block_.size()) block_size_ = 0;
  return count_ >= before;
}

Record Index::at(std::size_t number) {
  if (number >= count_) return {};
  if (number < block_begin_ || number >= block_begin_ + block_size_) {
    block_begin_ = number - number % block_.size();
    const auto got = ::pread(fd_, block_.data(), sizeof(block_), static_cast<off_t>(block_begin_ * sizeof(Record)));
    block_size_ = got < 0 ? 0 : static_cast<std::size_t>(got) / sizeof(Record);
    if (number >= block_begin_ + block_size_) return {};
  }
  const Record& record = block_[number - block_begin_];
  return is_whole(record) ? record : Record{};
}

// Binary search over what is nearly in order; a damaged record stands for the next whole one.
template <class Less>
std::size_t Index::before(Less less) {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    std::size_t whole = middle;
    while (whole < high && at(whole).length == 0) ++whole;
    if (whole < high && less(at(whole))) {
      low = whole + 1;
    } else {
      high = middle;
    }
  }
  return low - std::min(low, 2 * disorder);
}

std::size_t Index::before_offset(std::uint64_t offset) {
  return before([offset](const Record& record) { return record.end() <= offset; });
}

std::size_t Index::before_time(std::int64_t time_us) {
  return before([time_us](const Record& record) { return record.time_us < time_us; });
}

}  // namespace logs
