#include "cli/terminal/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

#include "cli/terminal/say.hpp"

namespace cli {
namespace {

// xterm's control sequences, which every terminal of today knows.
constexpr const char* enter = "\x1b[?1049h\x1b[?25l";  // alternate screen, no cursor
constexpr const char* leave_again = "\x1b[?25h\x1b[?1049l";
constexpr const char* home = "\x1b[H";
constexpr const char* to_end_of_line = "\x1b[K";
constexpr const char* to_end_of_screen = "\x1b[J";

// One line of at most `columns` characters (UTF-8), colours not counted and always ended.
std::string cut(const std::string& line, std::size_t columns) {
  std::string out;
  std::size_t shown = 0;
  bool coloured = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      const auto end = std::min(line.find('m', i), line.size() - 1);
      out += line.substr(i, end - i + 1);
      coloured = true;
      i = end + 1;
      continue;
    }
    const bool begins_character = (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U;
    if (begins_character && ++shown > columns) break;
    out += line[i++];
  }
  return coloured ? out + "\x1b[0m" : out;
}

}  // namespace

std::string fit(const std::string& text, std::size_t rows, std::size_t columns) {
  std::string out;
  std::size_t start = 0;
  for (std::size_t row = 0; row < rows && start < text.size(); ++row) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (row > 0) out += '\n';
    out += cut(text.substr(start, end - start), columns);
    start = end + 1;
  }
  return out;
}

Screen::Screen() {
  if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  keys.c_cc[VSUSP] = _POSIX_VDISABLE;
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  entered_ = true;
  print(enter);
}

void Screen::draw(const std::string& text) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) size = {24, 80, 0, 0};
  std::string out = home;
  for (const char c : fit(text, size.ws_row, size.ws_col)) {
    if (c == '\n') out += to_end_of_line;
    out += c;
  }
  print(out + to_end_of_line + to_end_of_screen);
}

void Screen::leave() {
  if (!entered_) return;
  entered_ = false;
  print(leave_again);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

}  // namespace cli
