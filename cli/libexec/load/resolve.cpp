#include "cli/libexec/load/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>

#include "cli/load/origin.hpp"

namespace load {
namespace {

using base::ErrorCode;

base::Result<std::vector<Endpoint>> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  in6_addr six{};
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1 || ::inet_pton(AF_INET6, host.c_str(), &six) == 1) {
    hints.ai_flags = AI_NUMERICHOST;
  }
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    return base::fail(ErrorCode::unavailable, "there is no address of " + host + ": " + ::gai_strerror(failed));
  }
  std::vector<Endpoint> endpoints;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, one->ai_addr, one->ai_addrlen);
    endpoint.length = one->ai_addrlen;
    // IPv4 goes first: a server on 127.0.0.1 alone is the usual case.
    endpoints.insert(one->ai_family == AF_INET ? endpoints.begin() : endpoints.end(), endpoint);
  }
  ::freeaddrinfo(found);
  endpoints.resize(std::min<std::size_t>(endpoints.size(), 1));
  return endpoints;
}

Endpoint with_port(Endpoint endpoint, std::uint16_t port) {
  if (endpoint.address.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(endpoint.address).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(endpoint.address).sin6_port = htons(port);
  }
  return endpoint;
}

base::Error refused(const std::string& host) {
  return base::fail(ErrorCode::permission, host + " is not this machine, and load goes to other machines only when " +
                                               "they are named: add --allow-host " + host + " if you may do that");
}

bool is_allowed(const std::vector<std::string>& allowed, const std::string& host) {
  return std::find(allowed.begin(), allowed.end(), host) != allowed.end();
}

}  // namespace

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(endpoint.address).sin_addr.s_addr) >> 24) == 127;
  }
  const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(endpoint.address).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

base::Result<Places> Places::make(const Plan& plan) {
  Places places;
  const auto know = [&](const std::string& host, bool named) -> base::Result<void> {
    const auto same = [&](const Known& one) { return one.host == host; };
    if (std::any_of(places.known_.begin(), places.known_.end(), same)) return base::success();
    TRY(auto endpoints, look_up(host));
    if (!named && !std::all_of(endpoints.begin(), endpoints.end(), is_loopback)) return refused(host);
    places.known_.push_back({host, std::move(endpoints)});
    return base::success();
  };
  for (const auto& host : plan.allowed_hosts) {
    TRY(know(host, true));
  }
  for (const auto& origin : plan.origins) {
    TRY(know(origin.host, is_allowed(plan.allowed_hosts, origin.host)));
    ResolvedOrigin resolved{origin, {}};
    for (const auto port : origin.ports) {
      TRY(const auto one, places.other(origin.protocol, origin.host, port));
      resolved.endpoints.push_back(one.endpoints.front());
    }
    places.origins_.push_back(std::move(resolved));
  }
  return places;
}

base::Result<ResolvedOrigin> Places::other(Protocol protocol, const std::string& host, std::uint16_t port) const {
  ResolvedOrigin resolved;
  resolved.origin.protocol = protocol;
  resolved.origin.host = host;
  resolved.origin.ports = {port};
  const bool usual = port == (protocol == Protocol::https ? 443 : 80);
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  resolved.origin.authority = usual ? shown : shown + ":" + std::to_string(port);
  const auto known = std::find_if(known_.begin(), known_.end(), [&](const Known& one) { return one.host == host; });
  if (known != known_.end()) {
    resolved.endpoints.push_back(with_port(known->endpoints.front(), port));
    return resolved;
  }
  if (!is_loopback_name(host)) return refused(host);
  TRY(const auto endpoints, look_up(host.ends_with("localhost") ? "127.0.0.1" : host));
  resolved.endpoints.push_back(with_port(endpoints.front(), port));
  return resolved;
}

}  // namespace load
