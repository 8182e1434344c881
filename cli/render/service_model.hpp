#pragma once
// One service as templates see it. Internal to render; pure.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/render/container.hpp"

namespace render {

// What is found wrong or notable while the model is made.
struct Remarks {
  std::vector<std::string> mistakes;
  std::vector<std::string> notes;
};

// What all services of a model have in common. Lent.
struct Around {
  const spec::Cluster& cluster;  // as it is here
  const spec::Cluster& inside;   // in_containers
  const Environment& environment;
  const std::vector<Edge>& edges;
};

base::Json service_model(const Around& around, const spec::Service& service, Remarks& remarks);

// A probe as templates see it, or null. `name` is boot, ready or live.
base::Json probe_model(const Around& around, const spec::Service& service, const std::string& name,
                       const spec::Probe& probe, Remarks& remarks);

// How the service is built and where its program is; `made` is null when that is not below msctl.yaml.
base::Json build_model(const Around& around, const spec::Service& service);

// Requests and limits, also in the units of compose. What the service's own file limits holds here too, unless the
// environment says otherwise.
base::Json resources_model(const Around& around, const spec::Service& service, const base::Json& settings);

// Up to the next whole second, at least 1.
long long seconds(spec::Ms duration);

// The words of a command in the image, mistakes told.
base::Json words_in_image(const Around& around, const spec::Service& service, const std::vector<std::string>& command,
                          const std::string& key, Remarks& remarks);

}  // namespace render
