#pragma once
// Which versions of others' events a service knows, as far as its sources say so: the files that its CMakeLists.txt
// hands to msctl_consumes(), or copies in its folder `consumes`. Reads files; otherwise pure.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/schema/events.hpp"
#include "supervisor/spec/cluster.hpp"

namespace schema {

struct Known {
  FileName name;               // type and version
  std::filesystem::path file;  // absolute; empty when a variable of CMake is in it
};

// By type and version. Empty for a service without a folder of its own, and when nothing is said.
std::vector<Known> known_by(const spec::Cluster& cluster, const spec::Service& service);

// The files that msctl_consumes() is called with in a CMake file, as they stand there. `consumes` for a call without
// any: all that is in that folder.
std::vector<std::string> consumed_files(std::string_view cmake);

// Whether it calls msctl_events(): the schemas of its own events are compiled in, so it does not start with one that
// the chassis does not know.
bool compiles_events(std::string_view cmake);
bool compiles_events(const spec::Service& service);

inline constexpr auto consumes_folder = "consumes";

}  // namespace schema
