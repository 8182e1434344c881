#pragma once
// A place in one file of a log and its index: goes through the file from there, piece by piece, and back from its end.
// Other processes append to the file meanwhile. Movable; one thread.

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/logs/index.hpp"

namespace logs {

// Bytes that came together. Those that no record tells of have source 0 and the time of the record before them, or of
// the file's last change.
struct Piece {
  std::int64_t time_us = 0;
  std::uint32_t source = 0;
  std::string_view bytes;  // until the next call
};

class Track {
 public:
  // At the start of the file `log`; null when it cannot be opened.
  static std::unique_ptr<Track> open(const std::string& log);
  Track(const Track&) = delete;
  ~Track();

  // The next piece, at most 64 KiB of it; nothing at the file's present end. Bytes without a record are given only once
  // they have been without one for a moment (their writer is about to write it), or at once when `hurry` is set.
  std::optional<Piece> next(bool hurry);
  // True after `next` gave nothing because bytes wait for their record: ask again in a few milliseconds.
  bool waits() const { return waits_; }
  // True once after somebody cut the file, from where `next` begins anew.
  bool was_cut();

  // Goes to the place with `lines` line ends after it, counted from the file's end, and takes what it passes off
  // `lines` and `bytes`. True when it found that place or used up `bytes`; else it is at the file's start.
  bool go_back(std::size_t& lines, std::uint64_t& bytes);
  // Goes to where the first line from that time on is, or a little before. False: everything is later.
  bool go_to(std::int64_t time_us);

  bool is(const std::string& path) const;  // the path names this very file
  bool is(const Track& other) const { return device_ == other.device_ && number_ == other.number_; }
  bool is_deleted() const;                                 // no name is left
  std::int64_t changed_us() const { return changed_us_; }  // as of the last look

 private:
  Track(int fd, std::string log);

  void look();
  void open_index();
  bool follow_name();
  std::string_view bytes_at(std::uint64_t offset, std::uint64_t length);
  bool settled(bool hurry);

  int fd_;
  std::string log_;  // its name when we last looked
  dev_t device_ = 0;
  ino_t number_ = 0;
  Index index_;
  std::uint64_t size_ = 0;
  std::int64_t changed_us_ = 0;
  std::uint64_t position_ = 0;
  std::size_t record_ = 0;    // all before it lie before position_
  std::int64_t last_us_ = 0;  // time of the last record that was passed
  bool waits_ = false;
  bool cut_ = false;
  std::optional<std::chrono::steady_clock::time_point> waits_since_;
  std::vector<char> block_;
  std::uint64_t block_begin_ = 0;
  std::size_t block_size_ = 0;
};

}  // namespace logs
