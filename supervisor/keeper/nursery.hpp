#pragma once
// Where keepers are forked from: a process that the supervisor forks while it is still small, so that a keeper costs a
// tenth of a millisecond and shares almost all of its memory. It ends when the supervisor does; keepers do not.

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "supervisor/posix/file.hpp"

namespace keeper {

class Nursery {
 public:
  // Forks it. Call while this process has one thread.
  static base::Result<Nursery> open();

  // A new keeper for the instance. It answers on the control end that is returned, and on `listener` to supervisors
  // that come later; `path` is that socket's. Errors: unavailable when the nursery is gone.
  base::Result<posix::Descriptor> hatch(const std::string& instance, int listener, const std::string& path) const;

  // Ends it and waits until it is gone.
  void close();

 private:
  Nursery(posix::Descriptor control, pid_t pid) : control_(std::move(control)), pid_(pid) {}
  posix::Descriptor control_;
  pid_t pid_;
};

// Lets processes that are forked from here on be told apart in `ps`: the memory of main's arguments, for titles.
void lend_title(int argc, char** argv);
void set_title(const std::string& title);

}  // namespace keeper
