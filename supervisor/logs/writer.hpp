#pragma once
// Appends what an instance writes to NAME.log and its index, and rotates them (record.hpp has the layout). For a small
// process: no threads, no heap after `open`. Two writers, also of two processes, may append to the same NAME.log at the
// same time, as the old and the new process of one instance do during a rolling restart: each writes with O_APPEND,
// looks before each write whether the other one has rotated, and rotates under a lock on the index folder.

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "supervisor/logs/record.hpp"

namespace logs {

struct Settings {
  std::int64_t max_bytes = 10 << 20;  // of one file; 0: never rotate
  int files = 5;                      // NAME.log and up to `files` - 1 older ones
  int max_age_days = 14;              // older ones that were written to before that are deleted; 0: never
};

class Writer {
 public:
  // Opens or makes `log`, rights 0600, and the index folder beside it; deletes what is too old. Errors: permission,
  // internal, with the path. The path is at most 3900 bytes long.
  static base::Result<Writer> open(const std::string& log, const Settings& settings);

  Writer(Writer&& other) noexcept;
  Writer& operator=(Writer&& other) noexcept;
  // Completes a line that a stream left unfinished.
  ~Writer();

  // Appends the bytes as they are. Waits for nothing but the disk and never fails: what cannot be written is dropped
  // and counted, and once there is room again a line says how much was lost. `now_us` is since 1970.
  void write(Stream stream, std::string_view bytes, std::int64_t now_us) noexcept;

  // Bytes that were dropped so far.
  std::uint64_t lost() const { return lost_; }

  // Stands in for ::write in tests of a full disk.
  using Put = ssize_t (*)(int fd, const void* bytes, std::size_t count);
  void put_with(Put put) { put_ = put; }

 private:
  Writer(const std::string& log, const Settings& settings);

  int reopen() noexcept;  // 0 or errno; the old files stay open when the new ones cannot be
  void check_index() noexcept;
  void close() noexcept;
  bool is_current() const noexcept;
  bool rotate() noexcept;
  enum class Prune : std::uint8_t { look, remove };
  bool prune(Prune how) const noexcept;
  std::size_t fitting(std::string_view bytes) const noexcept;
  bool append(Stream stream, std::string_view bytes, std::int64_t now_us) noexcept;
  void note(Stream stream, std::size_t length, std::int64_t now_us) noexcept;
  void tell_loss(std::int64_t now_us) noexcept;

  std::string log_path_;
  std::string index_path_;
  std::string index_folder_;
  Settings settings_;
  Put put_;
  int log_ = -1;
  int index_ = -1;
  dev_t device_ = 0;
  ino_t number_ = 0;
  std::uint64_t size_ = 0;            // of the log, after our last write
  bool line_start_ = true;            // the log ends with a line end
  std::array<bool, 4> unfinished_{};  // by stream
  std::int64_t last_us_ = 0;          // of our last write
  std::uint64_t lost_ = 0;
  std::uint64_t untold_ = 0;  // lost and not told yet
  int why_ = 0;               // errno of the last loss
};

}  // namespace logs
