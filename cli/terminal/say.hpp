#pragma once
// Prints one line at once, so that progress is seen as it happens and lines of two threads do not mix.

#include <string>

namespace cli {

void say(const std::string& line);        // standard output
void say_error(const std::string& line);  // standard error
void print(const std::string& text);      // standard output, as it is

}  // namespace cli
