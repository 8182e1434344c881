#pragma once
// What goes to standard output and standard error. Lines go at once, so that progress is seen as it happens and lines
// of two threads do not mix.

#include <string>

namespace cli {

void say(const std::string& line);        // standard output
void say_error(const std::string& line);  // standard error
void print(const std::string& text);      // standard output, as it is
void write(const std::string& text);      // the same, but it may wait for flush_output()
void flush_output();

// One line on a terminal that is overwritten by the next one; nothing elsewhere. The last one must be empty.
void show_progress(const std::string& text);

// Whether something could not be written, as on a full disk. A reader that went away (EPIPE) is no failure.
bool output_failed();

// The last word of a command that would end with `code`: when its output was lost, it says so, once, and gives the exit
// code for that.
int finish_output(int code);

}  // namespace cli
