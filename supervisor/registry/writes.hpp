#pragma once
// The endpoints that change something. Internal to the API.

#include <functional>
#include <optional>

#include "base/http/message.hpp"
#include "supervisor/registry/catalog.hpp"
#include "supervisor/registry/request.hpp"

namespace registry {

struct Write {
  std::function<base::http::Response()> act;
  bool get_too = false;  // old clients (before Consul 1.0) ask with GET
};

// Empty when there is no such endpoint. Both are lent until the act is done.
std::optional<Write> find_write(Catalog& catalog, const ApiRequest& request);

}  // namespace registry
