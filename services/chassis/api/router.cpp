#include "services/chassis/api/router.hpp"

#include <algorithm>

#include "base/http/message.hpp"

namespace chassis {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    segments.emplace_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool is_field(const std::string& segment) { return segment.starts_with('{') && segment.ends_with('}'); }

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, std::size_t index) {
  routes_.push_back(Route{std::string(method), split(pattern), index});
  // Literal segments sort before fields, so that the first match is the most literal one.
  std::stable_sort(routes_.begin(), routes_.end(), [](const Route& a, const Route& b) {
    return std::count_if(a.segments.begin(), a.segments.end(), is_field) <
           std::count_if(b.segments.begin(), b.segments.end(), is_field);
  });
}

Router::Found Router::find(std::string_view method, std::string_view path) const {
  const auto wanted = method == "HEAD" ? std::string_view("GET") : method;
  const auto segments = split(path);
  Found found;
  for (const auto& route : routes_) {
    if (route.segments.size() != segments.size()) continue;
    Match match{route.index, {}};
    bool same = true;
    for (std::size_t i = 0; same && i < segments.size(); ++i) {
      if (is_field(route.segments[i])) {
        std::string decoded;
        same = !segments[i].empty() && base::http::percent_decode(segments[i], decoded);
        match.parameters.emplace_back(route.segments[i].substr(1, route.segments[i].size() - 2), std::move(decoded));
      } else {
        same = route.segments[i] == segments[i];
      }
    }
    if (!same) continue;
    if (std::find(found.allowed.begin(), found.allowed.end(), route.method) == found.allowed.end()) {
      found.allowed.push_back(route.method);
      if (route.method == "GET") found.allowed.emplace_back("HEAD");
    }
    if (route.method == wanted && !found.match) found.match = std::move(match);
  }
  return found;
}

}  // namespace chassis
