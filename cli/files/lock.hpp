#pragma once
// Keeps two msctl from changing one workspace at once: each would write what follows from the files as it had read
// them, and the second would undo what the first one did. Leaves no file; a killed holder holds nothing.

#include <chrono>
#include <filesystem>

#include "base/result.hpp"

namespace files {

class Lock {
 public:
  // Waits while another one holds the folder, or the nearest one above it that is there. A file system without locks
  // holds nobody up. Errors: conflict after `patience`, internal.
  static base::Result<Lock> take(const std::filesystem::path& folder,
                                 std::chrono::milliseconds patience = std::chrono::seconds(10));
  Lock(Lock&& other) noexcept;
  Lock& operator=(Lock&& other) noexcept;
  ~Lock();

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace files
