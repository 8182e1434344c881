#pragma once
// The files of a cluster laid over each other: maps are merged key by key, lists and plain values replaced. Remembers
// which file a value came from. Internal to spec; one thread.

#include <string>
#include <vector>

#include "supervisor/spec/source.hpp"

namespace spec {

// A service's entry, `over`, laid over what is known of it: as above, but a probe of one kind replaces one of another,
// and a service that is run from another source than before loses the keys of the old one.
void overlay_service(base::Json& into, const base::Json& over);

class Layers {
 public:
  // Each has passed the schema.
  void add(SourceFile file);

  const base::Json& value() const { return value_; }
  const std::string& name() const { return files_.front().name; }  // of the first file
  // The last file that has the value, or else the nearest one around it.
  const SourceFile& owner(const std::string& pointer) const;
  bool has(const std::string& pointer) const;
  void report(Problems& problems, const std::string& pointer, const std::string& message) const;

 private:
  std::vector<SourceFile> files_;
  base::Json value_;
};

}  // namespace spec
