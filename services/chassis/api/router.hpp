#pragma once
// Matches a path to a route. Patterns are literal segments and `{field}` segments: `/v1/users/{id}`. A literal wins
// over a field. Built once, then read by any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chassis {

// Whether a request of that method brings its message in a body.
inline bool takes_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

class Router {
 public:
  // `index` is the caller's name for the route.
  void add(std::string_view method, std::string_view pattern, std::size_t index);

  struct Match {
    std::size_t index = 0;
    std::vector<std::pair<std::string, std::string>> parameters;  // field to decoded segment
  };
  struct Found {
    std::optional<Match> match;
    std::vector<std::string> allowed;  // methods the path knows; empty: no such path. HEAD comes with GET.
  };
  // HEAD is matched as GET. A segment whose percent-encoding is broken matches nothing.
  Found find(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    std::size_t index;
  };
  std::vector<Route> routes_;
};

}  // namespace chassis
