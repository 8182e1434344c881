#pragma once
// payment-service as other services call it. Thread-safe.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/chassis/api/client.hpp"
#include "services/payment/proto/payment.pb.h"

namespace payment_service::client {

class Payments {
 public:
  virtual ~Payments() = default;
  // `once`, 1 to 255 visible characters, names the request: made again with the same one, it has the same answer and no
  // effect. Errors: invalid, conflict (the order has a payment), unavailable, timeout.
  virtual base::Task<base::Result<payment::v1::Payment>> create(const chassis::CallContext& context,
                                                                payment::v1::CreatePaymentRequest request,
                                                                std::string once) = 0;
  // Errors: not_found, unavailable, timeout.
  virtual base::Task<base::Result<payment::v1::Payment>> get(const chassis::CallContext& context, std::string id) = 0;
  // Errors: not_found, conflict (it was declined), unavailable, timeout.
  virtual base::Task<base::Result<payment::v1::Payment>> refund(const chassis::CallContext& context, std::string id,
                                                                std::string once) = 0;
};

// Over gRPC, at the address and with the time-out of `calls: {payment-service: …}` in the caller's service.yaml.
base::Result<std::unique_ptr<Payments>> connect(chassis::Environment& env);

}  // namespace payment_service::client
