#pragma once
// One OpenAPI document of all that can be reached at the gateway, made of the documents of the services behind it.
// Pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "services/gateway/domain/route_table.hpp"

namespace gateway_service::domain {

// `documents` by service; of a service without one nothing can be said, and `x-undescribed` names it. Paths are as
// `routes` has them, longest prefix first; a schema that two services give one name and different contents becomes
// SERVICE.NAME; operations have ids of their own.
base::Json public_api(const std::string& name, const std::vector<Route>& routes,
                      const std::map<std::string, base::Json>& documents);

}  // namespace gateway_service::domain
