#pragma once
// environments/NAME.yaml: what differs where the cluster runs. Validated whole against environment.schema.json before
// anything is rendered; its keys are in docs/deploy.md.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace render {

extern const std::string_view embedded_environment_schema;

const base::Json& environment_schema();

// What the command line says in place of the file; empty: nothing.
struct Overrides {
  std::string image_prefix;
  std::string tag;
  std::string base_image;
};

struct Environment {
  std::string name;
  std::string file;  // as messages call it: environments/staging.yaml
  base::Json value;  // as in the file, with the overrides

  // Of one service: our defaults, the file's `defaults`, and what it says of the service, laid over each other.
  base::Json settings(const std::string& service) const;
  // The value of a key, or null.
  const base::Json& get(const char* key) const;
};

// Names of the environments of a workspace, sorted.
std::vector<std::string> environment_names(const std::filesystem::path& root);

// `name` empty: the only one there is. Errors: not_found and invalid, with what to do; malformed, a mistake a line with
// file, line and key: what the schema refuses, unknown services, a host that occurs twice, min above max, a request
// above its limit, a secret's value in plain text.
base::Result<Environment> load_environment(const spec::Cluster& cluster, const std::string& name,
                                           const Overrides& overrides = {});

// "500m", "0.5" in thousandths of a core; "64Mi" in bytes. The texts have passed the schema.
long long millicores(const std::string& text);
long long bytes_of(const std::string& text);

}  // namespace render
