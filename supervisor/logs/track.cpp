#include "supervisor/logs/track.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace logs {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
// A writer adds the record right after the bytes; one that takes longer was killed in between, or is none of ours.
constexpr std::chrono::milliseconds record_comes_within{50};

bool same_file(const struct stat& info, dev_t device, ino_t number) {
  return info.st_dev == device && info.st_ino == number;
}

}  // namespace

std::unique_ptr<Track> Track::open(const std::string& log) {
  for (int tries = 0; tries < 10; ++tries) {
    const int fd = ::open(log.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return nullptr;
    std::unique_ptr<Track> track(new Track(fd, log));
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return nullptr;
    track->device_ = info.st_dev;
    track->number_ = info.st_ino;
    track->look();
    if (track->is(log)) return track;  // else it was rotated, and the index may be of another one
  }
  return nullptr;
}

Track::Track(int fd, std::string log) : fd_(fd), log_(std::move(log)), block_(block_bytes) {}

Track::~Track() { ::close(fd_); }

bool Track::is(const std::string& path) const {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && same_file(info, device_, number_);
}

bool Track::is_deleted() const {
  struct stat info {};
  return ::fstat(fd_, &info) == 0 && info.st_nlink == 0;
}

bool Track::was_cut() { return std::exchange(cut_, false); }

// A rotation moves the log first and its index after it, and names never come back: the index is ours if the log still
// has its name after the index was opened by it.
void Track::open_index() {
  for (int tries = 0; tries < 3; ++tries) {
    const bool is_there = index_.open(index_path(log_));
    if (is(log_)) return;
    if (is_there) index_.close();
    if (!follow_name()) return;
  }
}

// Finds the name that rotations have given the file; false when it has none any more.
bool Track::follow_name() {
  const auto dot = log_.rfind('.');
  const bool is_older = dot != std::string::npos && dot + 1 < log_.size() && log_.size() - dot < 8 &&
                        log_.find_first_not_of("0123456789", dot + 1) == std::string::npos;
  const std::string base = is_older ? log_.substr(0, dot) : log_;
  int number = is_older ? std::stoi(log_.substr(dot + 1)) : 0;
  for (int missing = 0; missing <= past_gaps;) {
    std::string name = base + "." + std::to_string(++number);
    if (is(name)) return log_ = std::move(name), true;
    missing = ::access(name.c_str(), F_OK) == 0 ? 0 : missing + 1;
  }
  return false;
}

// The index first: then the log has all the bytes that the records speak of.
void Track::look() {
  if (!index_.exists()) open_index();
  if (!index_.look()) record_ = index_.before_offset(position_);
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return;
  size_ = static_cast<std::uint64_t>(info.st_size);
  changed_us_ = info.st_mtim.tv_sec * 1'000'000LL + info.st_mtim.tv_nsec / 1000;
  if (block_size_ < block_.size()) block_size_ = 0;  // what lay after its end has come
  if (size_ >= position_) return;
  cut_ = true;
  position_ = 0;
  record_ = 0;
  last_us_ = 0;
  block_size_ = 0;
}

std::string_view Track::bytes_at(std::uint64_t offset, std::uint64_t length) {
  if (offset < block_begin_ || offset >= block_begin_ + block_size_) {
    block_begin_ = offset;
    const auto got = ::pread(fd_, block_.data(), block_.size(), static_cast<off_t>(offset));
    block_size_ = got < 0 ? 0 : static_cast<std::size_t>(got);
  }
  const std::uint64_t skipped = offset - block_begin_;
  return {block_.data() + skipped, static_cast<std::size_t>(std::min(length, block_size_ - skipped))};
}

bool Track::settled(bool hurry) {
  if (hurry || !index_.exists()) return true;
  const auto now = std::chrono::steady_clock::now();
  if (!waits_since_) waits_since_ = now;
  return now - *waits_since_ >= record_comes_within;
}

std::optional<Piece> Track::next(bool hurry) {
  waits_ = false;
  if (position_ >= size_ || waits_since_) look();
  if (position_ >= size_) return std::nullopt;
  Record nearest = index_.at(record_);
  while (record_ < index_.count() && nearest.end() <= position_) {
    if (nearest.length > 0) last_us_ = nearest.time_us;
    nearest = index_.at(++record_);
  }
  const auto useful = [this](const Record& record) { return record.end() > position_ && record.end() <= size_; };
  if (!useful(nearest)) nearest = {};
  if (nearest.length == 0 || nearest.offset > position_) {
    for (std::size_t i = record_ + 1; i < record_ + Index::disorder; ++i) {
      const Record record = index_.at(i);
      if (useful(record) && (nearest.length == 0 || record.offset < nearest.offset)) nearest = record;
    }
  }
  Piece piece{nearest.time_us, nearest.source, {}};
  std::uint64_t end = nearest.end();
  if (nearest.length == 0 || nearest.offset > position_) {
    if (!settled(hurry)) return waits_ = true, std::nullopt;
    if (!index_.exists() || (last_us_ == 0 && nearest.length == 0)) piece.time_us = changed_us_;
    if (last_us_ != 0) piece.time_us = last_us_;
    piece.source = 0;
    end = nearest.length == 0 ? size_ : nearest.offset;
  }
  waits_since_.reset();
  piece.bytes = bytes_at(position_, end - position_);
  position_ += piece.bytes.size();
  if (piece.bytes.empty()) return std::nullopt;  // cut since we looked
  return piece;
}

bool Track::go_back(std::size_t& lines, std::uint64_t& bytes) {
  position_ = size_;
  while (position_ > 0 && lines > 0 && bytes > 0) {
    const std::uint64_t begin = position_ - std::min<std::uint64_t>(position_, block_bytes);
    const std::string_view block = bytes_at(begin, position_ - begin);
    block_size_ = 0;  // reading on begins elsewhere
    if (block.empty()) break;
    bytes -= std::min<std::uint64_t>(bytes, block.size());
    std::size_t end = block.size();
    while (lines > 0) {
      const auto* found = static_cast<const char*>(::memrchr(block.data(), '\n', end));
      if (found == nullptr) break;
      end = static_cast<std::size_t>(found - block.data());
      --lines;
    }
    position_ = lines == 0 ? begin + end + 1 : begin;
  }
  record_ = index_.before_offset(position_);
  return lines == 0 || bytes == 0;
}

bool Track::go_to(std::int64_t time_us) {
  position_ = 0;
  record_ = index_.before_time(time_us);
  while (record_ < index_.count() && index_.at(record_).length == 0) ++record_;
  const Record record = index_.at(record_);
  if (record.length == 0 || record.end() > size_) return record_ = 0, false;
  if (record_ == 0) return record.time_us < time_us;
  position_ = record.offset;
  return true;
}

}  // namespace logs
