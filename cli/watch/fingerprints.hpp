#pragma once
// Remembers what files were like, to tell a change of content from a mere touch. One thread.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace watch {

class Fingerprints {
 public:
  // Takes the file as it is now. True when its content is another one than remembered, or it is new or gone.
  // Files above 4 MiB count as changed when their time or size did.
  bool update(const std::string& file);
  bool knows(const std::string& file) const { return prints_.contains(file); }
  // Those that are remembered below a folder.
  std::vector<std::string> below(const std::string& folder) const;
  std::vector<std::string> all() const;

 private:
  struct Print {
    std::int64_t size = 0;
    std::int64_t changed_ns = 0;
    std::uint64_t hash = 0;
    bool racy = false;  // so new when it was read that a later change may have the same time
  };

  std::map<std::string, Print> prints_;
};

}  // namespace watch
