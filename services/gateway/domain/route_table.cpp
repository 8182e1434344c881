#include "services/gateway/domain/route_table.hpp"

#include <algorithm>

namespace gateway_service::domain {
namespace {

bool has_prefix(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/');
}

// Percent-decoded once, as far as it decides about segments.
std::string plain(std::string_view path) {
  std::string text(path);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (auto at = text.find("%2e"); at != std::string::npos; at = text.find("%2e", at)) text.replace(at, 3, ".");
  return text;
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Route& a, const Route& b) { return a.prefix.size() > b.prefix.size(); });
}

const Route* RouteTable::find(std::string_view path) const {
  const auto found =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) { return has_prefix(path, route.prefix); });
  return found == routes_.end() ? nullptr : &*found;
}

bool is_ambiguous(std::string_view path) {
  std::string text = plain(path);
  for (const char* odd : {"%2f", "%5c", "%00", "\\"}) {
    if (text.find(odd) != std::string::npos) return true;
  }
  text += '/';
  return text.find("/./") != std::string::npos || text.find("/../") != std::string::npos;
}

std::string rewrite(const Route& route, std::string_view target) {
  return route.to + std::string(target.substr(route.prefix.size()));
}

std::optional<std::string> public_location(const Route& route, std::string_view location) {
  if (!has_prefix(location, route.to)) return std::nullopt;
  return route.prefix + std::string(location.substr(route.to.size()));
}

}  // namespace gateway_service::domain
