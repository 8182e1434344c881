#pragma once
// Colour, only where it is wanted: on a terminal, without NO_COLOR (no-color.org) and with a TERM that is not "dumb".
// Plain values.

#include <string>
#include <string_view>

namespace cli {

class Style {
 public:
  enum class Colour : unsigned char { none, red, green, yellow, blue, magenta, cyan, dim };

  static Style plain() { return Style(false); }
  static Style for_descriptor(int fd);
  explicit Style(bool coloured) : coloured_(coloured) {}

  std::string paint(Colour colour, std::string_view text) const;
  // A state of a service in the colour of how good it is.
  std::string state(std::string_view state) const;
  // A colour of its own for the n-th of several, the same each time.
  std::string nth(std::size_t n, std::string_view text) const;
  bool coloured() const { return coloured_; }

 private:
  bool coloured_;
};

// The text with every control character but tab made visible, so that no log line or name can steer the terminal.
std::string printable(std::string_view text);

}  // namespace cli
