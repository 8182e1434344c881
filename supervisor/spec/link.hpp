#pragma once
// What services say about each other: checks the names, adds the dependencies that follow and refuses cycles. Internal
// to spec; pure.

#include <map>
#include <string>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {

using ServiceSources = std::map<std::string, ServiceSource>;

// Services are decoded, depends_on holds the explicit ones. Publishing or consuming adds the broker, calling adds the
// callee (both ready, required), being the gateway adds every service with routes (started, order only); an explicit
// dependency wins over one that follows.
void link_services(Cluster& cluster, const SourceFile& file, const ServiceSources& sources, Problems& problems);

// Every ${…} in commands, environments and try_this can be resolved, but for ${env:…}, which is asked for at start.
void check_texts(const Cluster& cluster, const SourceFile& file, const ServiceSources& sources, Problems& problems);

}  // namespace spec
