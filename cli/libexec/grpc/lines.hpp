#pragma once
// JSON lines between two processes: reading with a bound, and writing whole lines from several threads.

#include <mutex>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace grpc_program {

inline constexpr std::size_t max_line_bytes = 16 << 20;

// Cuts what a descriptor delivers into lines. Not thread-safe.
class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // One read(2), which may block. False at the end of the input.
  bool fill();
  // The next whole line without its end; at the end of the input also one that has none. Of a line that is too long
  // only its beginning, and `too_long` is set.
  std::optional<std::string> next(bool& too_long);

 private:
  int descriptor_;
  std::string buffer_;
  std::size_t searched_ = 0;
  bool ended_ = false;
  bool skipping_ = false;  // the rest of a line that was too long
};

// Thread-safe. After a failed write (the reader is gone) nothing is written any more.
class LineWriter {
 public:
  explicit LineWriter(int descriptor) : descriptor_(descriptor) {}
  // False when nobody reads.
  bool write(const base::Json& json);

 private:
  int descriptor_;
  std::mutex mutex_;
  bool broken_ = false;
};

}  // namespace grpc_program
