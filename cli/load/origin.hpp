#pragma once
// Where a request goes, as scenario files and command lines write it. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace load {

// `http://127.0.0.1:8080/v1` or `order-service:/v1` or `user-service.grpc`, taken apart.
struct Address {
  std::string scheme;  // http, https, grpc, grpcs; empty for a service of the cluster
  std::string host;    // without brackets; or the name of the service
  std::uint16_t port = 0;
  std::string port_name;  // of a service; empty: the usual one
  std::string path;       // with its query; empty: none
};

// Errors: malformed, with what was expected.
base::Result<Address> read_address(std::string_view text);

// 127.0.0.0/8, ::1 and localhost.
bool is_loopback_name(std::string_view host);

}  // namespace load
