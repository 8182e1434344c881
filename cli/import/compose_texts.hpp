#pragma once
// Values of a compose file. Internal to cli/import; pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace cli {

// `${NAME:-x}`, `$NAME` and their kin as ${env:…}; `$$` as a dollar. Without `replace`, for keys where msctl replaces
// nothing: the defaults are put in. `problem` is set when the text means something that has no equivalent.
std::string interpolated(std::string_view text, bool replace, std::string& problem);

// A plain value as text: 1 as "1", true as "true", null as "".
std::string plain_text(const base::Json& value);

// Merge keys (`<<`) carried out, everywhere.
base::Json with_merge_keys(const base::Json& value);

// "512m" and "1gb" as 512M and 1G; nothing when it is no size.
std::optional<std::string> memory_size(const base::Json& value);

// {"a": "b"}, ["a=b", "c"] as a map; null for names without a value.
std::map<std::string, base::Json> name_values(const base::Json& value);

}  // namespace cli
