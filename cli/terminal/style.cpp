#include "cli/terminal/style.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cli {

Style Style::for_descriptor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = no_color != nullptr && *no_color != '\0';
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return Style(!refused && !dumb && ::isatty(fd) == 1);
}

std::string Style::paint(Colour colour, std::string_view text) const {
  static constexpr std::array<const char*, 8> codes{"", "31", "32", "33", "34", "35", "36", "2"};
  if (!coloured_ || colour == Colour::none) return std::string(text);
  return std::string("\x1b[") + codes.at(static_cast<std::size_t>(colour)) + "m" + std::string(text) + "\x1b[0m";
}

std::string Style::state(std::string_view state) const {
  if (state == "ready" || state == "completed") return paint(Colour::green, state);
  if (state == "failed") return paint(Colour::red, state);
  if (state == "degraded" || state == "backoff") return paint(Colour::yellow, state);
  return paint(Colour::dim, state);
}

std::string Style::nth(std::size_t n, std::string_view text) const {
  static constexpr std::array wheel{Colour::cyan, Colour::magenta, Colour::green, Colour::yellow, Colour::blue};
  return paint(wheel.at(n % wheel.size()), text);
}

std::string printable(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C1 controls (U+0080–U+009F) arrive as C2 80–C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if ((byte >= 0x20 || byte == '\t') && byte != 0x7F && !c1) {
      out += text[i];
      continue;
    }
    const auto shown = c1 ? static_cast<unsigned char>(text[++i]) : byte;
    out += "\\x";
    out += digits[shown >> 4U];
    out += digits[shown & 0x0FU];
  }
  return out;
}

}  // namespace cli
