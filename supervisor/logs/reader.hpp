#pragma once
// Gives the lines of one instance, oldest first, over all files of its log (record.hpp has the layout), and goes on
// with what is written later. Rotation loses and doubles no line; a log that was emptied begins anew. A log without an
// index works as well: its lines have the time of the file's last change. One thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/logs/record.hpp"
#include "supervisor/logs/track.hpp"

namespace logs {

struct Line {
  std::int64_t time_us = 0;  // when its first bytes came, since 1970
  Stream stream = Stream::unknown;
  std::string text;  // without its end; lines longer than 64 KiB come in pieces
};

class Reader {
 public:
  // Begins at the oldest line. The file need not exist yet.
  explicit Reader(std::string log) : log_(std::move(log)) {}
  Reader(Reader&&) = default;
  Reader& operator=(Reader&&) = default;

  // Begin at another place; call at most one of them, before `next`. Both may give some more lines than that, before.
  void begin_with_last(std::size_t lines);
  void begin_at(std::int64_t time_us);

  // For reading once: at the end of what is there now, lines that have not ended yet are given, too.
  void stop_at_end() { once_ = true; }

  // The next whole line; nothing when there is none now.
  std::optional<Line> next();
  // True after `next` gave nothing but will soon: ask again in a few milliseconds.
  bool is_soon() const { return now_ && now_->waits(); }

 private:
  struct Part {
    std::uint32_t source = 0;
    Line line;
  };

  std::string path(int number) const { return number == 0 ? log_ : log_ + "." + std::to_string(number); }
  int oldest() const;
  bool read_on();
  std::unique_ptr<Track> oldest_after_now(int last) const;
  std::unique_ptr<Track> following() const;
  bool go_to_next_file();
  void take(const Piece& piece);
  void join(std::uint32_t source, std::int64_t time_us, std::string_view bytes);
  void give(Line& line);
  bool has_part(std::uint32_t source) const;
  void give_part(std::uint32_t source);
  void give_parts(bool all);

  std::string log_;
  bool once_ = false;
  std::unique_ptr<Track> now_;
  std::unique_ptr<Track> before_;  // rotated just now: another writer may still append to it
  std::chrono::steady_clock::time_point before_until_;
  std::vector<Part> parts_;  // lines that have not ended
  std::uint32_t last_source_ = 0;
  std::deque<Line> ready_;
};

// The last `count` lines of a log, oldest first, of those from `since_us` on; a last line without an end counts.
std::vector<Line> last_records(const std::filesystem::path& log, std::size_t count, std::int64_t since_us = 0);
// Their texts.
std::vector<std::string> last_lines(const std::filesystem::path& log, std::size_t count, std::int64_t since_us = 0);

}  // namespace logs
