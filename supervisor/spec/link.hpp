#pragma once
// What services say about each other: checks the names, adds the dependencies that follow and refuses cycles. Internal
// to spec; pure.

#include <map>
#include <string>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/layers.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {

// Name of the service that makes databases and roles for those with `database: postgres`.
std::string databases_job(const Cluster& cluster);

using ServiceSources = std::map<std::string, ServiceSource>;

// Services are decoded, depends_on holds the explicit ones. Publishing or consuming adds the broker, calling adds the
// callee (both ready, required), a PostgreSQL database the job that makes it (completed), being the gateway adds every
// service with routes (started, order only); an explicit dependency wins over one that follows. What only orders after
// a service that the profiles leave out is dropped.
void link_services(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems);

// Every ${…} in commands, environments and try_this can be resolved, but for ${env:…} and ${file:…}, which are looked
// at at start: texts that have them become the cluster's late_texts.
void check_texts(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems);

}  // namespace spec
