#include "cli/libexec/grpc/lines.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace grpc_program {

bool LineReader::fill() {
  static thread_local std::array<char, 64 * 1024> chunk;
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, chunk.data(), chunk.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) {
    ended_ = true;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<std::string> LineReader::next(bool& too_long) {
  too_long = false;
  for (;;) {
    const auto end = buffer_.find('\n', searched_);
    if (end == std::string::npos && buffer_.size() <= max_line_bytes && !(ended_ && !buffer_.empty())) {
      searched_ = buffer_.size();
      return std::nullopt;
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end == std::string::npos ? end : end + 1);
    searched_ = 0;
    const bool rest = std::exchange(skipping_, end == std::string::npos && !ended_);
    if (rest) continue;
    too_long = line.size() > max_line_bytes;
    if (too_long) line.resize(100);
    return line;
  }
}

bool LineWriter::write(const base::Json& json) {
  const auto text = base::dump_json(json) + "\n";
  const std::lock_guard lock(mutex_);
  for (std::size_t done = 0; done < text.size() && !broken_;) {
    const ssize_t count = ::write(descriptor_, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      broken_ = true;
    } else {
      done += static_cast<std::size_t>(count);
    }
  }
  return !broken_;
}

}  // namespace grpc_program
