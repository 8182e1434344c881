#include "base/pact/model.hpp"

#include <algorithm>

namespace base::pact {
namespace {

bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && std::isxdigit(static_cast<unsigned char>(text[1])) != 0 &&
         std::isxdigit(static_cast<unsigned char>(text[2])) != 0;
}

// A path as it can be sent: what may not stand in one (RFC 3986 §3.3), such as spaces in what a provider state
// returned, is escaped; escapes that are there stay.
std::string in_origin_form(std::string_view path) {
  constexpr std::string_view allowed = "-._~!$&'()*+,;=:@/?";
  std::string target = path.starts_with('/') ? "" : "/";
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool plain = (static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) != 0) ||
                       allowed.find(c) != std::string_view::npos || is_escape(path.substr(i));
    target += plain ? std::string{c} : http::percent_encode(path.substr(i, 1));
  }
  return target;
}

// Header values that were folded over several lines, as one line (RFC 9112 §5.2).
std::string unfolded(std::string_view value) {
  std::string line;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto newline = value.substr(i).starts_with("\r\n") ? 2U : value[i] == '\n' ? 1U : 0U;
    const auto next = i + newline;
    if (newline > 0 && next < value.size() && (value[next] == ' ' || value[next] == '\t')) {
      i = std::min(value.find_first_not_of(" \t", next), value.size()) - 1;
      line += ' ';
    } else {
      line += value[i];
    }
  }
  return line;
}

std::string with_query(const HttpRequest& request) {
  std::string target = in_origin_form(request.path);
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, values] : request.query) {
    for (const auto& value : values) {
      target += separator + http::percent_encode(name) + "=" + http::percent_encode(value);
      separator = '&';
    }
  }
  return target;
}

// How a message was framed when its contract was recorded; whoever sends it now frames it anew.
bool is_framing(std::string_view name) {
  return http::iequals(name, "content-length") || http::iequals(name, "transfer-encoding");
}

void add_headers(http::Headers& to, const Fields& headers, const Body& body) {
  for (const auto& [name, values] : headers) {
    if (is_framing(name)) continue;
    for (const auto& value : values) to.add(name, unfolded(value));
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
  auto headers = response.headers;
  for (auto& [name, values] : headers) {
    // A line break would begin another header (RFC 9110 §5.5: a space takes its place).
    for (auto& value : values) {
      std::replace_if(
          value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    }
  }
  add_headers(made.headers, headers, response.body);
  made.body = bytes_of(response.body);
  return made;
}

}  // namespace base::pact
