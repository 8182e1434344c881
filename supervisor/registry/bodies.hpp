#pragma once
// The bodies of requests, as tolerant as Consul's own reader: keys in any case and with or without underscores, unknown
// keys ignored, null like absent, durations as "10s" or in nanoseconds. Types must be right. Pure.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "supervisor/registry/types.hpp"

namespace registry {

struct CheckBody {
  CheckDefinition check;
  std::string service_id;
};

struct UpdateBody {
  Status status = Status::critical;
  std::string output;
};

// Errors: malformed, in Consul's words where it has some.
base::Result<ServiceDefinition> read_service(const std::string& body);
base::Result<CheckBody> read_check(const std::string& body);
base::Result<UpdateBody> read_update(const std::string& body);

base::Result<ServiceDefinition> read_service(const base::Json& json);

// A body that read_service reads back into the same definition with these checks, each with its status.
base::Json service_body(const ServiceDefinition& definition, const std::vector<const Check*>& checks);

std::optional<Status> status_from(std::string_view name);

}  // namespace registry
