#pragma once
// Cluster files made of other programs' files. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace cli {

struct Imported {
  base::Json cluster;              // msctl.yaml as a value; fits its schema
  std::vector<std::string> notes;  // what has no equivalent or means something else here, a sentence each
};

// A Procfile (`NAME: COMMAND LINE`), as foreman and Heroku read it. `file` is how messages name it. With `has_env`,
// there is a file .env beside it. Errors: malformed, as `Procfile:3: …`.
base::Result<Imported> import_procfile(std::string_view text, const std::string& file, bool has_env);

// A compose file (compose-spec, as of docker compose 2). Errors: malformed, as `compose.yaml:3: …`.
base::Result<Imported> import_compose(std::string_view text, const std::string& file, bool has_env);

}  // namespace cli
