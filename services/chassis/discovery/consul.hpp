#pragma once
// Discovery by Consul's HTTP API, which msctl's supervisor answers as well: one blocking query per followed service on
// /v1/health/service/NAME?passing, by the rules of https://developer.hashicorp.com/consul/api-docs/features/blocking
// (an index that goes back starts anew, never 0, a limit on how often). While nobody answers, the last good list stays.

#include "base/http/message.hpp"
#include "services/chassis/discovery/discovery.hpp"

namespace chassis::discovery {

class ConsulDiscovery final : public Discovery {
 public:
  // `env` is lent; its configuration says where the API is.
  explicit ConsulDiscovery(Environment& env) : env_(env) {}
  std::shared_ptr<Feed> follow(const std::string& service) override;

 private:
  Environment& env_;
};

// Instances in an answer of /v1/health/service. What cannot be called (no port, a name instead of an IPv4 address) is
// left out. Errors: malformed.
base::Result<Endpoints> read_endpoints(std::string_view json);

// The index to ask with next, from the one asked with and the one that came: 0 = from the beginning.
std::uint64_t next_index(std::uint64_t asked, std::string_view header);

}  // namespace chassis::discovery
