#include "base/pact/model.hpp"

#include <algorithm>

namespace base::pact {
namespace {

std::string with_query(const HttpRequest& request) {
  std::string target = request.path;
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, values] : request.query) {
    for (const auto& value : values) {
      target += separator + http::percent_encode(name) + "=" + http::percent_encode(value);
      separator = '&';
    }
  }
  return target;
}

void add_headers(http::Headers& to, const Fields& headers, const Body& body) {
  for (const auto& [name, values] : headers) {
    for (const auto& value : values) to.add(name, value);
  }
  if (body.state == Body::State::present && !body.content_type.empty() && !to.has("content-type")) {
    to.add("Content-Type", body.content_type);
  }
}

std::string bytes_of(const Body& body) {
  return body.state == Body::State::null && is_json(body.content_type) ? "null" : body.bytes;
}

}  // namespace

const std::vector<std::string>* find(const Fields& fields, std::string_view name, bool ignore_case) {
  const auto there = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
    return ignore_case ? http::iequals(field.first, name) : field.first == name;
  });
  return there == fields.end() ? nullptr : &there->second;
}

std::string describe(const std::vector<ProviderState>& states) {
  std::string text;
  for (const auto& state : states) {
    text += (text.empty() ? "" : ", and ") + state.name;
    std::string params;
    for (const auto& [key, value] : state.params.items()) {
      params +=
          (params.empty() ? "" : ", ") + key + "=" + (value.is_string() ? value.get<std::string>() : dump_json(value));
    }
    if (!params.empty()) text += " (" + params + ")";
  }
  return text;
}

std::string_view to_text(InteractionKind kind) {
  switch (kind) {
    case InteractionKind::http:
      return "Synchronous/HTTP";
    case InteractionKind::message:
      return "Asynchronous/Messages";
    case InteractionKind::sync_message:
      return "Synchronous/Messages";
    case InteractionKind::other:
      return "other";
  }
  return "other";
}

std::string_view to_text(Version version) {
  switch (version) {
    case Version::v1:
      return "1.0.0";
    case Version::v2:
      return "2.0.0";
    case Version::v3:
      return "3.0.0";
    case Version::v4:
      return "4.0";
  }
  return "4.0";
}

base::http::Request to_http(const HttpRequest& request) {
  http::Request made;
  made.method = request.method;
  made.target = with_query(request);
  add_headers(made.headers, request.headers, request.body);
  made.body = bytes_of(request.body);
  return made;
}

base::http::Response to_http(const HttpResponse& response) {
  http::Response made;
  made.status = response.status;
  add_headers(made.headers, response.headers, response.body);
  made.body = bytes_of(response.body);
  return made;
}

}  // namespace base::pact
