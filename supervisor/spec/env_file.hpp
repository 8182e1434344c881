#pragma once
// Files of NAME=value lines. Blank lines and those that begin with # are passed over; `export ` before the name is
// allowed. A value is 'as it is' in single quotes, has \n, \t, \r, \", \\ and \$ in double quotes, or goes to the end
// of the line or to a # after a space, without the spaces around it. Nothing is replaced in values. Internal to spec.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/spec/source.hpp"

namespace spec {

inline constexpr std::size_t max_env_file_bytes = 1 << 20;

struct EnvEntry {
  std::string name;
  std::string value;
  int line = 0;
};

// Pure. Reports each mistake as `.env:3: …`; a name that occurs twice is one.
std::vector<EnvEntry> parse_env(std::string_view text, const std::string& file, Problems& problems);

// The entries of a file; reports as well when it cannot be read, or when it holds a secret and is open to others.
// `asked_by` says which key names it (`msctl.yaml:7: services.web.env_files[0]`), for a file that is missing.
// `is_secret`: all that is in it is a secret, whatever its name.
std::vector<EnvEntry> read_env_file(const std::filesystem::path& path, const std::string& shown,
                                    const std::string& asked_by, bool is_secret, Problems& problems);

}  // namespace spec
