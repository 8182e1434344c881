#include "cli/terminal/say.hpp"

#include <cstdio>

namespace cli {
namespace {

void put(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

void say(const std::string& line) { put(stdout, line + "\n"); }
void say_error(const std::string& line) { put(stderr, line + "\n"); }
void print(const std::string& text) { put(stdout, text); }

}  // namespace cli
