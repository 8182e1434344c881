#pragma once
// From keys to values: what has passed the schemas becomes a spec::Service. Internal to spec; pure.

#include "base/json.hpp"
#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/source.hpp"

namespace spec {

// `source.merged` has passed the schemas. Reports what they cannot say; what follows from other services, and what is
// in env_files, is not yet in the result.
Service decode_service(const ServiceSource& source, Problems& problems);

// Parts of it. Ports and command are already there.
void decode_probes(const ServiceSource& source, Service& service, Problems& problems);
void decode_source(const ServiceSource& source, Service& service, Problems& problems);

WorkspaceCommand decode_command(const base::Json& value);
Registry decode_registry(const base::Json& cluster);

}  // namespace spec
