#pragma once
// A service's configuration: the document that msctl writes for each instance (docs/service-config.md), parsed and
// validated whole before anything binds or starts. A plain value.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/chassis/config/settings.hpp"

namespace chassis {

struct CallConfig {
  std::string address;                       // host:port of the gRPC side; of the REST side where there is no gRPC
  std::chrono::milliseconds timeout{5'000};  // of one call, when the caller's deadline leaves as much
};

struct RouteConfig {
  std::string prefix;  // public path
  std::string to;      // what replaces it towards the service
  std::string service;
  std::string address;  // host:port of the REST side
};

// Who says where other services are. none: only the addresses in this document. consul: Consul's HTTP API at `address`,
// which the supervisor answers as well; the addresses in this document serve until it knows better.
enum class DiscoveryDriver : std::uint8_t { none, consul };

struct DiscoveryConfig {
  DiscoveryDriver driver = DiscoveryDriver::none;
  std::string address;  // host:port, an IPv4 address
};

struct Config {
  std::string name;
  std::string version;
  std::string instance;
  std::string bind = "127.0.0.1";
  std::map<std::string, std::uint16_t> ports;                  // http, grpc, admin
  std::string database_url;                                    // empty: none
  std::string broker_url;                                      // empty: none
  std::map<std::string, CallConfig> calls;                     // by service name
  std::map<std::string, std::vector<std::string>> publishers;  // of the event types it consumes
  std::vector<RouteConfig> routes;                             // the gateway's, longest prefix first
  DiscoveryConfig discovery;
  // Not empty: the test-only door to provider states is open to who knows it. Only in what the supervisor writes.
  std::string states_secret;
  std::size_t body_bytes = 1024 * 1024;
  std::size_t connections = 1024;
  std::chrono::milliseconds stop_grace{10'000};
  Settings settings;  // not from the document: the process's environment variables
};

// Errors: malformed; names the key and what was expected.
base::Result<Config> parse_config(std::string_view json);

}  // namespace chassis
