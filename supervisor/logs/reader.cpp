#include "supervisor/logs/reader.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace logs {
namespace {

constexpr std::size_t longest_piece = 64 * 1024;
// Lines of two streams that were written at the same time may lie in pieces, so a count of line ends is only nearly one
// of lines.
constexpr std::size_t some_more_lines = 16;
constexpr std::chrono::seconds late_writes{1};

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_dead(std::uint32_t pid) { return pid != 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH; }

}  // namespace

int Reader::oldest() const {
  int found = 0;
  for (int i = 0; i <= found + past_gaps; ++i) {
    if (is_file(path(i))) found = i;
  }
  return found;
}

void Reader::begin_with_last(std::size_t lines) {
  std::size_t ends = lines + some_more_lines;
  std::uint64_t bytes = (lines + some_more_lines) * std::uint64_t{longest_piece};
  const int last = oldest();
  for (int i = 0; i <= last; ++i) {
    auto track = Track::open(path(i));
    if (!track || (now_ && track->is(*now_))) continue;
    now_ = std::move(track);
    if (now_->go_back(ends, bytes)) return;
  }
}

void Reader::begin_at(std::int64_t time_us) {
  const int last = oldest();
  for (int i = 0; i <= last; ++i) {
    auto track = Track::open(path(i));
    if (!track || (now_ && track->is(*now_))) continue;
    // Nothing in here or in still older ones is that late. File systems keep coarser times than ours.
    if (now_ && track->changed_us() < time_us - 1'000'000) return;
    now_ = std::move(track);
    if (now_->go_to(time_us)) return;
  }
}

std::optional<Line> Reader::next() {
  while (ready_.empty() && read_on()) {
  }
  if (ready_.empty()) return std::nullopt;
  Line line = std::move(ready_.front());
  ready_.pop_front();
  return line;
}

bool Reader::read_on() {
  if (before_) {
    if (const auto piece = before_->next(true)) return take(*piece), true;
    if (std::chrono::steady_clock::now() > before_until_) before_.reset();
  }
  if (!now_) now_ = Track::open(path(oldest()));
  if (!now_) return false;
  const auto piece = now_->next(once_);
  if (now_->was_cut()) parts_.clear();
  if (piece) return take(*piece), true;
  if (now_->waits()) return false;
  if (go_to_next_file()) return true;
  const std::size_t before = ready_.size();
  give_parts(once_);
  return ready_.size() > before;
}

std::unique_ptr<Track> Reader::oldest_after_now(int last) const {
  for (int i = last; i >= 0; --i) {
    auto track = Track::open(path(i));
    if (track && (i == 0 || track->changed_us() > now_->changed_us())) return track;
  }
  return nullptr;
}

// The file that came after the present one, by the file's own number: names move on at each rotation, even while we
// look.
std::unique_ptr<Track> Reader::following() const {
  for (int tries = 0; tries < 100; ++tries) {
    const int last = oldest();
    int mine = 0;
    while (mine <= last && !now_->is(path(mine))) ++mine;
    if (mine == 0) return nullptr;
    if (mine <= last) {
      auto track = Track::open(path(mine - 1));
      if (now_->is(path(mine)) && (!track || !track->is(*now_))) return track;
      continue;
    }
    if (!now_->is_deleted()) continue;  // it moved on while we looked for it
    // What was written to later than ours came after it; the oldest of those, if it is so twice.
    auto track = oldest_after_now(last);
    const auto again = oldest_after_now(last + 1);
    if (!track || (again && track->is(*again))) return track;
  }
  return nullptr;
}

bool Reader::go_to_next_file() {
  if (now_->is(log_)) return false;
  auto next_track = following();
  if (!next_track) return false;
  // Rotation comes after the last byte: what was written since we looked is still to be read.
  if (const auto piece = now_->next(true)) return take(*piece), true;
  before_ = std::move(now_);
  before_until_ = std::chrono::steady_clock::now() + late_writes;
  now_ = std::move(next_track);
  return true;
}

void Reader::take(const Piece& piece) {
  std::string_view bytes = piece.bytes;
  if (piece.source == 0 && last_source_ != 0 && has_part(last_source_)) {
    // No record tells whose these are; they go on where the line before them stopped.
    const std::size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    join(last_source_, piece.time_us, bytes.substr(0, end));
    bytes.remove_prefix(end);
    if (bytes.empty()) return;
  }
  if (piece.source != 0 && has_part(0)) give_part(0);
  last_source_ = piece.source;
  join(piece.source, piece.time_us, bytes);
}

void Reader::join(std::uint32_t source, std::int64_t time_us, std::string_view bytes) {
  auto part = std::find_if(parts_.begin(), parts_.end(), [source](const Part& one) { return one.source == source; });
  if (part == parts_.end()) {
    parts_.push_back({source, {}});
    part = parts_.end() - 1;
  }
  Line& line = part->line;
  while (!bytes.empty()) {
    if (line.text.empty()) {
      line.time_us = time_us;
      line.stream = static_cast<Stream>(source & 3U);
    }
    const std::size_t end = bytes.find('\n');
    const std::size_t count = std::min({end, bytes.size(), longest_piece - line.text.size()});
    line.text.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (count == end) {
      bytes.remove_prefix(1);
      give(line);
    } else if (line.text.size() == longest_piece) {
      if (!bytes.empty() && bytes.front() == '\n') bytes.remove_prefix(1);
      give(line);
    }
  }
  if (line.text.empty()) parts_.erase(part);
}

void Reader::give(Line& line) {
  // Before a line of msctl's own there is a line end of its own.
  if (line.stream != Stream::own || !line.text.empty()) ready_.push_back(std::move(line));
  line = {};
}

bool Reader::has_part(std::uint32_t source) const {
  return std::any_of(parts_.begin(), parts_.end(), [source](const Part& one) { return one.source == source; });
}

void Reader::give_part(std::uint32_t source) {
  for (auto& part : parts_) {
    if (part.source == source) give(part.line);
  }
  std::erase_if(parts_, [source](const Part& one) { return one.source == source; });
}

// All lines that have not ended, or those that will not, because their writer was killed.
void Reader::give_parts(bool all) {
  const auto ends = [all](const Part& part) { return all || is_dead(part.source >> 2U); };
  for (auto& part : parts_) {
    if (ends(part)) give(part.line);
  }
  std::erase_if(parts_, [&](const Part& part) { return part.line.text.empty(); });
}

std::vector<Line> last_records(const std::filesystem::path& log, std::size_t count, std::int64_t since_us) {
  if (count == 0) return {};
  Reader reader(log.string());
  reader.begin_with_last(count);
  reader.stop_at_end();
  std::deque<Line> lines;
  while (auto line = reader.next()) {
    if (line->time_us < since_us) continue;
    if (lines.size() == count) lines.pop_front();
    lines.push_back(std::move(*line));
  }
  return {std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end())};
}

std::vector<std::string> last_lines(const std::filesystem::path& log, std::size_t count, std::int64_t since_us) {
  std::vector<std::string> texts;
  for (auto& line : last_records(log, count, since_us)) texts.push_back(std::move(line.text));
  return texts;
}

}  // namespace logs
