#pragma once
// A service more in msctl.yaml: an edit of its text, which keeps comments, layout and line ends. Pure.

#include <string>

#include "base/result.hpp"

namespace scaffold {

// `text` with `NAME: {path: PATH}` behind the last entry of `services`. What the result means is compared with what the
// text meant before plus the entry; where that fails (an unusual layout), nothing is guessed. Errors: malformed (the
// text cannot be read), conflict (there is such a service, or the layout is too unusual; with the line to add by hand).
base::Result<std::string> add_service(const std::string& text, const std::string& name, const std::string& path);

}  // namespace scaffold
