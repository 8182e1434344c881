#include "base/http/framing.hpp"

#include <algorithm>
#include <string>

#include "base/http/message.hpp"

namespace base::http {
namespace {

// RFC 9110 §5.6.2
bool is_token_char(char c) {
  const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return alnum || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// uri-host [ ":" port ] (RFC 9110 §7.2): a name, an IPv4 address or a bracketed IPv6 one; may be empty.
bool is_host(std::string_view text) {
  const auto close = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (text.starts_with('[') && close == std::string_view::npos) return false;
  const auto colon = text.find(':', close == std::string_view::npos ? 0 : close);
  const auto name = text.substr(0, colon);
  const bool named = std::all_of(name.begin(), name.end(), [](char c) {
    return is_token_char(c) || std::string_view("()=;,").find(c) != std::string_view::npos;
  });
  const auto inner = close == std::string_view::npos ? std::string_view() : text.substr(1, close - 1);
  const bool address = close != std::string_view::npos && close + 1 == name.size() && !inner.empty() &&
                       inner.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  if (close == std::string_view::npos ? !named : !address) return false;
  if (colon == std::string_view::npos) return true;
  const auto port = text.substr(colon + 1);
  return port.empty() || (port.size() <= 5 && is_digits(port) && std::stoi(std::string(port)) <= 65535);
}

FramingVerdict bad(std::string detail) { return {400, std::move(detail)}; }

FramingVerdict check_request_line(std::string_view line, std::size_t target_bytes, bool& http10) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("the request line has not three parts");
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(line.substr(0, first))) return bad("the method is not a token");
  if (target.size() > target_bytes) return {414, "the request target is too long"};
  const bool visible = std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (target.empty() || !visible) return bad("the request target has characters that must be percent-encoded");
  if (target.front() != '/' && target != "*" && !target.starts_with("http://")) {
    return bad("the request target is not a path");
  }
  if (!version.starts_with("HTTP/")) return bad("the request line does not end with an HTTP version");
  http10 = version == "HTTP/1.0";
  if (version != "HTTP/1.1" && !http10) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  return {};
}

// What of the fields decides where the message ends.
struct Seen {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
};

FramingVerdict check_field(std::string_view line, bool http10, Seen& seen) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a header line is folded");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad("a header name is not a token");
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (iequals(name, "host")) {
    ++seen.hosts;
    if (!is_host(value)) return bad("Host is not a host name with an optional port");
  }
  if (iequals(name, "content-length")) {
    ++seen.lengths;
    if (!is_digits(value)) return bad("Content-Length is not a number");
  }
  if (iequals(name, "transfer-encoding")) {
    ++seen.encodings;
    if (http10) return bad("Transfer-Encoding is not defined for HTTP/1.0");
    if (!iequals(value, "chunked")) return bad("Transfer-Encoding must be chunked and nothing else");
  }
  return {};
}

FramingVerdict check_together(const Seen& seen, bool http10) {
  if (seen.lengths > 1) return bad("Content-Length is repeated");
  if (seen.encodings > 1) return bad("Transfer-Encoding is repeated");
  if (seen.lengths + seen.encodings > 1) return bad("Content-Length and Transfer-Encoding exclude each other");
  if (seen.hosts > 1 || (seen.hosts == 0 && !http10)) return bad("there must be one Host header");
  return {};
}

}  // namespace

bool is_hopeless(std::string_view beginning) {
  if (!beginning.empty() && !is_token_char(beginning.front()) && beginning.front() != '\r') return true;
  for (auto at = beginning.find('\n'); at != std::string_view::npos; at = beginning.find('\n', at + 1)) {
    if (at == 0 || beginning[at - 1] != '\r') return true;
  }
  return false;
}

FramingVerdict check_request_head(std::string_view block, FramingLimits limits) {
  bool http10 = false;
  Seen seen;
  std::size_t count = 0;
  for (bool first = true;; first = false) {
    const auto end = block.find("\r\n");
    if (end == std::string_view::npos) return bad("the header does not end with an empty line");
    const auto line = block.substr(0, end);
    block.remove_prefix(end + 2);
    if (line.empty()) break;
    // A bare CR or LF is a control character within the line.
    if (has_control(line)) return bad("the header has control characters");
    auto verdict = first ? check_request_line(line, limits.target_bytes, http10) : check_field(line, http10, seen);
    if (verdict.status != 0) return verdict;
    if (!first && ++count > limits.header_count) return {431, "there are too many header fields"};
  }
  return check_together(seen, http10);
}

}  // namespace base::http
