#include "cli/load/origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace load {
namespace {

using base::ErrorCode;

base::Error not_an_address(std::string_view text, const char* why) {
  return base::fail(ErrorCode::malformed, "\"" + std::string(text) + "\" " + why);
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

bool is_path(std::string_view path) {
  return std::none_of(path.begin(), path.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

base::Result<Address> read_url(std::string_view text, std::size_t colon) {
  Address address;
  address.scheme = text.substr(0, colon);
  if (address.scheme != "http" && address.scheme != "https" && address.scheme != "grpc" && address.scheme != "grpcs") {
    return not_an_address(text, "begins with a scheme that is none of http, https, grpc and grpcs");
  }
  std::string_view rest = text.substr(colon + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  address.path = rest.substr(slash, rest.find('#') == std::string_view::npos ? rest.npos : rest.find('#') - slash);
  if (address.path.starts_with("?")) address.path.insert(0, "/");
  if (!is_path(address.path))
    return not_an_address(text, "has blanks or control characters in its path; write %20 for a blank");
  std::string_view host = rest.substr(0, slash);
  if (host.find('@') != std::string_view::npos) return not_an_address(text, "has a user in it; give it under auth");
  std::string_view port;
  if (host.starts_with("[")) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) return not_an_address(text, "has [ without ]");
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
    in6_addr unused{};
    if (::inet_pton(AF_INET6, std::string(host).c_str(), &unused) != 1)
      return not_an_address(text, "has no IPv6 address in []");
  } else {
    const std::size_t at = std::min(host.find(':'), host.size());
    port = host.substr(at);
    host = host.substr(0, at);
    if (!is_word(host)) return not_an_address(text, "has no host");
  }
  address.host = host;
  address.port = address.scheme == "https" || address.scheme == "grpcs" ? 443 : 80;
  if (port.empty()) return address;
  const auto end = std::from_chars(port.data() + 1, port.data() + port.size(), address.port);
  if (port.front() != ':' || end.ec != std::errc() || end.ptr != port.data() + port.size() || address.port == 0) {
    return not_an_address(text, "has no port from 1 to 65535 behind its host");
  }
  return address;
}

}  // namespace

base::Result<Address> read_address(std::string_view text) {
  if (const std::size_t colon = text.find("://"); colon != std::string_view::npos) return read_url(text, colon);
  Address address;
  const std::size_t colon = std::min(text.find(':'), text.size());
  std::string_view service = text.substr(0, colon);
  if (colon < text.size()) address.path = text.substr(colon + 1);
  if (!address.path.empty() && !address.path.starts_with("/")) {
    return not_an_address(text,
                          "is neither a URL nor a service and a path: write http://HOST:PORT/PATH or SERVICE:/PATH");
  }
  if (!is_path(address.path))
    return not_an_address(text, "has blanks or control characters in its path; write %20 for a blank");
  if (const std::size_t dot = service.find('.'); dot != std::string_view::npos) {
    address.port_name = service.substr(dot + 1);
    service = service.substr(0, dot);
    if (!is_word(address.port_name)) return not_an_address(text, "has no name of a port behind the dot");
  }
  if (!is_word(service)) return not_an_address(text, "is neither a URL nor the name of a service");
  address.host = service;
  return address;
}

bool is_loopback_name(std::string_view host) {
  const std::string text(host);
  in_addr four{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&six)) return six.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&six);
  }
  return text == "localhost" || text.ends_with(".localhost");
}

}  // namespace load
