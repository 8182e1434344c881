#pragma once
// catalog-service as other services call it. Thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/catalog/proto/catalog.pb.h"
#include "services/chassis/api/client.hpp"

namespace catalog_service::client {

class Catalog {
 public:
  virtual ~Catalog() = default;
  // Of 1 to 100 SKUs, by name; what is not sold is left out of the answer. Errors: invalid; unavailable or timeout
  // when catalog-service cannot answer.
  virtual base::Task<base::Result<catalog::v1::GetPricesResponse>> prices(const chassis::CallContext& context,
                                                                          std::vector<std::string> skus) = 0;
  // Proof of life, for readiness.
  virtual base::Task<base::Result<void>> ping(base::Monotonic deadline) = 0;
};

// Over gRPC, at the address and with the time-out of `calls: {catalog-service: …}` in the caller's service.yaml.
base::Result<std::unique_ptr<Catalog>> connect(chassis::Environment& env);

}  // namespace catalog_service::client
