#pragma once
// The caller's side of a service: typed unary calls over the rpc port with the deadline, trace and request id of the
// call in hand, to the instances that discovery knows. Thread-safe; made and destroyed on the thread of run().

#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/call/context.hpp"
#include "services/chassis/discovery/discovery.hpp"
#include "services/chassis/env/environment.hpp"

namespace chassis {

class ServiceClient {
 public:
  // Time-out and first address come from `calls` in the caller's service.yaml. Errors: invalid when it declares no such
  // call.
  static base::Result<ServiceClient> connect(Environment& env, const std::string& service);

  // The deadline is the nearest of the call's configured time-out and the context's own. `once` is the key against
  // repetition of methods that want one; empty: none. Errors: as the service gave them; unavailable, timeout, internal.
  template <class Response>
  base::Task<base::Result<Response>> unary(std::string method, const CallContext& context,
                                           const google::protobuf::Message& request, std::string once = {}) {
    auto bytes = co_await call(std::move(method), context, request.SerializeAsString(), std::move(once));
    if (!bytes) co_return std::move(bytes).error();
    Response response;
    if (!response.ParseFromString(bytes.value())) co_return malformed_answer();
    co_return response;
  }

  // Errors: unavailable, timeout. Asks grpc.health.v1.
  base::Task<base::Result<void>> ping(base::Monotonic deadline);

 private:
  class Peers;

  ServiceClient(Environment& env, std::string service, CallConfig config);

  base::Task<base::Result<std::string>> call(std::string method, const CallContext& context, std::string body,
                                             std::string once);
  base::Error malformed_answer() const;

  Environment* env_;
  std::string service_;
  CallConfig config_;
  std::shared_ptr<Peers> peers_;
};

}  // namespace chassis
