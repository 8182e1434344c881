#pragma once
// Descriptors and small files. Values without thread affinity.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/result.hpp"

namespace posix {

using base::Descriptor;

// The whole file, or empty when it cannot be read.
std::string read_small_file(const std::string& path);

// 0 when there is nothing. A socket keeps its number from others while it is open, also after its name was removed.
ino_t inode_of(const std::filesystem::path& path);

// Replaces the file in one step (temporary file and rename), rights 0600.
base::Result<void> replace_file(const std::filesystem::path& path, std::string_view content);

// A folder that only we can enter: made with 0700 at once, or checked to be a real folder, ours and closed to others.
// Errors: permission with what to do about it.
base::Result<void> make_private_folder(const std::filesystem::path& path);

// Takes the lock on a file, which is made if it is missing, without waiting. It is held until the result is destroyed
// or the process ends, however it ends. Errors: conflict when somebody else has it.
base::Result<Descriptor> lock_file(const std::filesystem::path& path);

// For appending, made with 0600, CLOEXEC.
base::Result<Descriptor> open_log(const std::filesystem::path& path);

}  // namespace posix
