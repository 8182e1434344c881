#pragma once
// Which service a public path belongs to and what it is called there. Pure; built once, then read by any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway_service::domain {

struct Route {
  std::string prefix;  // public: /api/v1/users
  std::string to;      // at the service: /v1/users
  std::string service;
  std::size_t upstream = 0;  // the service's number among those behind the gateway
};

class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  // The route with the longest prefix that ends at a segment border of the path, or null. The result lives as long as
  // the table.
  const Route* find(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

// True for a path with a `.` or `..` segment in any spelling, an encoded slash, a backslash or a NUL: such a path could
// mean another one behind the gateway than here.
bool is_ambiguous(std::string_view path);

// The target at the service: prefix replaced, query kept.
std::string rewrite(const Route& route, std::string_view target);

// A Location that the service gave, as the client must see it; empty when it is not one of this route's paths.
std::optional<std::string> public_location(const Route& route, std::string_view location);

}  // namespace gateway_service::domain
