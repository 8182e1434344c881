#pragma once
// A service more in msctl.yaml, or PostgreSQL: edits of its text, which keep comments, layout and line ends. Pure.

#include <string>

#include "base/result.hpp"

namespace scaffold {

// `text` with `NAME: {path: PATH}` behind the last entry of `services`. What the result means is compared with what the
// text meant before plus the entry; where that fails (an unusual layout), nothing is guessed. Errors: malformed (the
// text cannot be read), conflict (there is such a service, or the layout is too unusual; with the line to add by hand).
base::Result<std::string> add_service(const std::string& text, const std::string& name, const std::string& path);

// `text` with a service `postgres` that is the cluster's PostgreSQL, for a first service with such a database.
// Unchanged when the cluster names one. Errors: as above; conflict also when a service of that name is there for
// something else.
base::Result<std::string> add_postgres(const std::string& text);

}  // namespace scaffold
