#pragma once
// The part of Consul's HTTP API (v1) that the registry answers; docs/registry.md lists it. One thread; never throws.
//
// Reads are open. Writes need the token, as X-Consul-Token, as a bearer token, or as ?token=.

#include <cstdint>
#include <functional>
#include <string>

#include "base/http/server.hpp"
#include "supervisor/registry/catalog.hpp"
#include "supervisor/registry/waiters.hpp"

namespace registry {

inline constexpr Ms default_wait{5 * 60'000};  // Consul's, as the next
inline constexpr Ms longest_wait{10 * 60'000};

struct ApiContext {
  Catalog& catalog;
  Waiters& waiters;
  const base::Clock& clock;  // the one that timers go by
  std::string token;
  std::function<std::uint16_t()> port;  // where the API is
};

base::http::Handler make_api(ApiContext context);

// For requests that never reach the handler.
base::http::Response plain_error(int status, std::string_view detail);

}  // namespace registry
