#pragma once
// The catalog's entries as Consul's API shows them. Pure.

#include "base/json.hpp"
#include "supervisor/registry/catalog.hpp"

namespace registry::views {

using base::Json;

Json node(const Catalog& catalog);
// As in /v1/agent/services and as `Service` in /v1/health/service.
Json service(const Catalog& catalog, const Instance& instance);
Json check(const Catalog& catalog, const Check& check);
// One element of /v1/health/service/NAME and of /v1/catalog/service/NAME.
Json health_entry(const Catalog& catalog, const Instance& instance);
Json catalog_entry(const Catalog& catalog, const Instance& instance);
// The node's own check, which always passes: who answers is alive.
Json serf_health(const Catalog& catalog);
Json self(const Catalog& catalog, std::uint16_t port);
Json member(const Catalog& catalog, std::uint16_t port);

}  // namespace registry::views
