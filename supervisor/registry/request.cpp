#include "supervisor/registry/request.hpp"

#include <algorithm>

namespace registry {
namespace {

base::Error broken() { return base::fail(base::ErrorCode::malformed, "the request's URL has a broken escape"); }

std::string with_spaces(std::string_view query) {
  std::string text;
  for (const char c : query) c == '+' ? text.append("%20") : text.append(1, c);
  return text;
}

std::string token_of(const base::http::Request& request) {
  constexpr std::string_view bearer = "Bearer ";
  if (const auto given = request.headers.get("x-consul-token"); !given.empty()) return std::string(given);
  const auto authorization = request.headers.get("authorization");
  if (authorization.size() < bearer.size() || !base::http::iequals(authorization.substr(0, bearer.size()), bearer)) {
    return {};
  }
  return std::string(authorization.substr(bearer.size()));
}

}  // namespace

base::Result<ApiRequest> ApiRequest::read(const base::http::Request& request) {
  ApiRequest read;
  read.method_ = request.method;
  read.body_ = request.body;
  if (!base::http::parse_query(with_spaces(request.query()), read.parameters_)) return broken();
  read.token_ = token_of(request);
  std::string_view path = request.path();
  constexpr std::string_view version = "/v1/";
  if (!path.starts_with(version)) return read;
  path.remove_prefix(version.size());
  for (;;) {
    const auto slash = path.find('/');
    std::string segment;
    if (!base::http::percent_decode(path.substr(0, slash), segment)) return broken();
    read.segments_.push_back(std::move(segment));
    if (slash == std::string_view::npos) return read;
    path.remove_prefix(slash + 1);
  }
}

bool ApiRequest::is(std::initializer_list<std::string_view> segments) const {
  return std::equal(segments_.begin(), segments_.end(), segments.begin(), segments.end());
}

bool ApiRequest::starts_with(std::initializer_list<std::string_view> segments) const {
  return segments_.size() > segments.size() && std::equal(segments.begin(), segments.end(), segments_.begin());
}

std::string ApiRequest::rest(std::size_t count) const {
  std::string text;
  for (std::size_t i = count; i < segments_.size(); ++i) text += (i == count ? "" : "/") + segments_[i];
  return text;
}

bool ApiRequest::has(std::string_view name) const {
  return std::any_of(parameters_.begin(), parameters_.end(), [&](const auto& each) { return each.first == name; });
}

std::string ApiRequest::get(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> ApiRequest::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : parameters_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::optional<bool> ApiRequest::flag(std::string_view name, bool when_bare) const {
  const std::string value = get(name);
  if (value.empty()) return when_bare;
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  return std::nullopt;
}

std::string ApiRequest::token() const {
  const std::string parameter = get("token");
  return parameter.empty() ? token_ : parameter;
}

}  // namespace registry
