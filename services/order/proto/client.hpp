#pragma once
// order-service as other services call it. Thread-safe.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/client.hpp"
#include "services/order/proto/order.pb.h"

namespace order_service::client {

class Orders {
 public:
  virtual ~Orders() = default;
  // Errors: invalid, unavailable, timeout.
  virtual base::Task<base::Result<order::v1::Order>> place(const chassis::CallContext& context,
                                                           order::v1::PlaceOrderRequest request) = 0;
  // Errors: not_found, unavailable, timeout.
  virtual base::Task<base::Result<order::v1::Order>> get(const chassis::CallContext& context, std::string id) = 0;
};

// Over gRPC, at the address and with the time-out of `calls: {order-service: …}` in the caller's service.yaml.
base::Result<std::unique_ptr<Orders>> connect(chassis::Environment& env);

}  // namespace order_service::client
