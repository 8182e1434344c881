#pragma once
// The cluster as it will run, in the keys of its files: overrides applied, defaults filled in, ${…} replaced, secrets
// masked. Reads the same files as load_cluster, and those of ${file:…}.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/spec/cluster.hpp"

namespace spec {

struct ConfigView {
  // A whole cluster file: it loads again, and its view is the same, but for what is masked as `****`: values under
  // names of secrets (see secrets.hpp), values that come from variables and files of such names, and passwords in URLs.
  base::Json value;
  // JSON pointer of each plain value and each list to where it came from: `msctl.yaml:12`,
  // `services/order/service.yaml:4`,
  // `.env:3`, `--profile`, `default`, `follows from calls`; behind it in brackets what replaced ${env:…} and ${file:…},
  // as in `msctl.yaml:12 (env HOME)`.
  std::map<std::string, std::string> origins;
};

// `services` empty: all. `ports` are the numbers of ports that are 0, as far as they are known; where one is not,
// ${port:…} stays as it is. Errors: those of load_cluster, malformed when a secret's file is open to others, and
// not_found for a service, with the nearest known one.
base::Result<ConfigView> view_config(const LoadOptions& options, const std::vector<std::string>& services,
                                     const RememberedPorts& ports = {});

}  // namespace spec
