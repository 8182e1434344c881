#pragma once
// The whole terminal, for a view that is drawn again and again. One at a time; standard input and output must be a
// terminal. What was there before comes back when it is left, also on a signal that ends the process through exit paths
// of ours; only SIGKILL leaves it as it is (then `reset` helps).

#include <termios.h>

#include <string>

namespace cli {

class Screen {
 public:
  // Keys come one by one and are not shown; Ctrl-Z does nothing.
  Screen();
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;

  // Shows as much of the text as there is room for.
  void draw(const std::string& text);
  // Puts everything back; once is enough.
  void leave();

 private:
  termios before_{};
  bool entered_ = false;
};

// The lines of `text` cut to a screen; colours (ESC […m) take no room.
std::string fit(const std::string& text, std::size_t rows, std::size_t columns);

}  // namespace cli
