#pragma once
// Reads the members of a JSON object by name as Go's decoders do: the case of letters and underscores do not matter.
// The first member of a wrong type is kept as the error; what is read afterwards has its default. Internal.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/registry/duration.hpp"

namespace registry {

inline constexpr std::size_t max_text_bytes = 4096;
inline constexpr std::size_t max_name_bytes = 255;
inline constexpr std::size_t max_entries = 64;  // tags of a service, pairs of its metadata (Consul's limit)

class Fields {
 public:
  // `json` is lent. `path` stands before names in errors: "Checks[0].".
  Fields(const base::Json& json, std::string path);

  void text(const char* name, std::string& out, std::size_t most = max_text_bytes);
  // One line: what becomes part of names and logs.
  void word(const char* name, std::string& out);
  void number(const char* name, std::int64_t least, std::int64_t most, int& out);
  void flag(const char* name, bool& out);
  void duration(const char* name, Ms& out);
  void texts(const char* name, std::vector<std::string>& out);
  void pairs(const char* name, std::map<std::string, std::string>& out);
  // Null when it is absent or null.
  const base::Json* find(const char* name) const;

  void refuse(std::string message);
  const std::optional<base::Error>& error() const { return error_; }

 private:
  void wrong(const char* name, const char* expected, const base::Json& got);

  const base::Json& json_;
  std::string path_;
  std::optional<base::Error> error_;
};

}  // namespace registry
