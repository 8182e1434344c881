#include "cli/terminal/say.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/terminal/exit_code.hpp"

namespace cli {
namespace {

std::atomic<int> lost_by{0};  // the first errno of standard output, as the stream itself does not keep it

void note(bool good) {
  int none = 0;
  if (!good) lost_by.compare_exchange_strong(none, errno != 0 ? errno : EIO);
}

}  // namespace

void write(const std::string& text) { note(std::fwrite(text.data(), 1, text.size(), stdout) == text.size()); }
void flush_output() { note(std::fflush(stdout) == 0); }

void print(const std::string& text) {
  write(text);
  flush_output();
}

void say(const std::string& line) { print(line + "\n"); }

void say_error(const std::string& line) {
  const std::string text = line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void show_progress(const std::string& text) {
  if (::isatty(STDERR_FILENO) == 0) return;
  const std::string line = "\r\x1b[K" + text;
  static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()));
}

bool output_failed() { return lost_by != 0 && lost_by != EPIPE; }

int finish_output(int code) {
  flush_output();
  if (std::ferror(stdout) != 0) note(false);  // the parser's own output, which went around us
  if (!output_failed()) return code;
  say_error("msctl: cannot write to standard output: " + std::string(std::strerror(lost_by)) +
            "; what was printed is not complete");
  return code == ok ? failed : code;
}

}  // namespace cli
