#pragma once
// A helper program that reads and writes lines: started by argv, with pipes for both. Blocking; one thread reads while
// another may write.

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace program {

class LineProcess {
 public:
  // `kept` is a descriptor that the program gets under the same number, or -1. Errors: internal.
  static base::Result<LineProcess> start(const std::vector<std::string>& argv, int kept = -1);
  LineProcess(LineProcess&& other) noexcept;
  LineProcess& operator=(LineProcess&&) = delete;
  // Ends its input and waits for it.
  ~LineProcess();

  // False when the program is gone.
  bool write(std::string_view line);
  // Nothing at the end of its output.
  std::optional<std::string> read();
  // Lets the program end: it sees the end of its input.
  void close_input();

 private:
  LineProcess(pid_t pid, int in, int out) : pid_(pid), in_(in), out_(out) {}

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string buffer_;
};

}  // namespace program
