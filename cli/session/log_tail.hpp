#pragma once
// The end of log files, and what is appended to them. Works on the files alone, with or without a supervisor.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace cli {

// The last `count` lines, oldest first; a last line without an end counts. What lies before byte `from` is left out,
// unless the file was cut since. Empty when the file cannot be read.
std::vector<std::string> last_lines(const std::filesystem::path& file, std::size_t count, std::uint64_t from = 0);

// Follows one file across calls: gives whole lines as they are completed, begins anew when the file was cut.
class LogReader {
 public:
  // Begins at the file's present end, or at its start.
  LogReader(std::filesystem::path file, bool from_end);
  // Lines that were completed since the last call. Lines longer than 64 KiB come in pieces.
  void read(const std::function<void(const std::string& line)>& take);

 private:
  std::filesystem::path file_;
  std::uint64_t offset_ = 0;
  std::uint64_t file_number_ = 0;
  std::string partial_;
};

}  // namespace cli
