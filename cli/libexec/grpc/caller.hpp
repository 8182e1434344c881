#pragma once
// Unary gRPC calls of methods that are known at run time only. Not thread-safe.

#include <map>
#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/libexec/grpc/wire.hpp"

namespace grpc_program {

struct Outcome {
  int status = 0;
  std::string message;
  std::string response;  // bytes; empty unless OK
  base::Json initial_metadata = base::Json::object();
  base::Json trailing_metadata = base::Json::object();
  std::int64_t elapsed_us = 0;
};

class Caller {
 public:
  struct Call {
    std::string target;  // host:port or unix:/path
    std::string method;  // /package.Service/Method
    std::string request;
    Metadata metadata;
    int deadline_ms = 10'000;
    base::Json tls;  // null: plain text
  };

  // Blocks until the answer or the deadline. Errors: malformed, invalid, not_found for what cannot be sent at all.
  base::Result<Outcome> call(const Call& call);

 private:
  base::Result<std::shared_ptr<grpc::Channel>> channel_to(const Call& call, const std::string& key);

  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;  // by target and TLS
};

}  // namespace grpc_program
