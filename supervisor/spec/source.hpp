#pragma once
// The files that a cluster is made of, and the mistakes found in them. Internal to spec; one thread.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/spec/schema_validator.hpp"
#include "supervisor/spec/yaml.hpp"

namespace spec {

inline constexpr std::size_t max_problems = 20;

struct SourceFile {
  std::string name;  // as messages call it: relative to the folder of msctl.yaml
  YamlDocument document;
};

// The whole of a regular file. Errors: not_found, permission, malformed (no file, or larger than `max_bytes`); each
// names it as `shown`.
base::Result<std::string> read_text(const std::filesystem::path& path, const std::string& shown, std::size_t max_bytes);

// Errors: those of read_text, and malformed when it is no YAML that parse_yaml takes.
base::Result<SourceFile> read_source(const std::filesystem::path& path, const std::string& name);

// Collects mistakes, the first max_problems of them and each once, as `FILE:LINE: PATH: MESSAGE`.
class Problems {
 public:
  void add(const SourceFile& file, const std::string& pointer, const std::string& message);
  void add(const SourceFile& file, const Violation& violation);
  void add(base::Error error);

  bool empty() const { return lines_.empty(); }
  std::size_t size() const { return lines_.size(); }
  bool full() const { return lines_.size() >= max_problems; }
  base::Error error() const;  // malformed, a mistake a line

 private:
  std::vector<std::string> lines_;
};

class Layers;

// A service's keys: its entry in msctl.yaml laid over its service.yaml, if it has one. The layers are lent.
struct ServiceSource {
  std::string name;
  const Layers* cluster = nullptr;
  std::optional<SourceFile> own = {};
  std::filesystem::path folder = {};  // absolute
  base::Json merged = {};

  // Where a value came from: the file, and the pointer within it. `pointer` is within the service.
  std::pair<const SourceFile*, std::string> origin(const std::string& pointer) const;
  void report(Problems& problems, const std::string& pointer, const std::string& message) const;
};

// `msctl.yaml:7: services.web.ports.http`, without the part behind the line when `pointer` is the whole file.
std::string location(const SourceFile& file, const std::string& pointer);

// A file's name for messages: relative to `root` if it lies below, escaped when it could confuse a terminal.
std::string shown_path(const std::filesystem::path& file, const std::filesystem::path& root);

// `/services/web/ports/http` as `services.web.ports.http`; what could confuse a terminal is escaped.
std::string show_pointer(std::string_view pointer);

}  // namespace spec
