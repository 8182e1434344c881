#pragma once
// JSON as block-style YAML that readers of YAML 1.1 and 1.2 take for the same value: a text is written without quotes
// only when neither of them could see anything else in it. Keys keep their order, and the same value gives the same
// bytes. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace render {

// One document, with a newline at its end. Bytes that are not UTF-8 become U+FFFD.
std::string yaml_text(const base::Json& value);

// Several, with `---` between them.
std::string yaml_text(const std::vector<base::Json>& documents);

// True when the text may stand without quotes, as a value and as a key.
bool is_plain(std::string_view text);

}  // namespace render
