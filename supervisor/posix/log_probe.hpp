#pragma once
// Looks for a line in a log file that grows and is rotated. io_context's thread; reads in pieces, so that a long log
// does not keep the loop.

#include <filesystem>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/pattern/pattern.hpp"
#include "supervisor/ports/prober.hpp"
#include "supervisor/posix/file.hpp"

namespace posix {

// Reads on from where it stopped. The file it reads stays open, so that one that was renamed meanwhile is read to its
// end before the new one under that name is begun.
class LogSearch {
 public:
  enum class Found { yes, not_yet, more };  // more: there is more to read at once

  // From byte `from` on; from the beginning when the file is shorter, which then is a new one.
  LogSearch(std::filesystem::path file, std::uint64_t from, base::Pattern pattern);

  // Reads at most `log_piece_bytes`. Once found, always found. Only whole lines are looked at, and of a line that is
  // longer than `max_log_line` its begin.
  Found read_on();

 private:
  void open();
  bool is_replaced() const;
  bool take(std::string_view bytes);

  std::filesystem::path path_;
  std::uint64_t from_;
  base::Pattern pattern_;
  Descriptor file_;
  std::uint64_t offset_ = 0;
  std::string line_;  // begin of the one whose end is not there yet
  bool found_ = false;
};

inline constexpr std::size_t log_piece_bytes = 64 * 1024;
inline constexpr std::size_t max_log_line = 64 * 1024;

// Answers when a line was found, at the end of the file, or at the timeout; the next question with the same memory
// reads on.
void ask_log(boost::asio::io_context& io, const ports::Question& question, ports::Prober::OnAnswer callback);

}  // namespace posix
