#pragma once
// Where SKUs and their stock are kept. Thread-safe.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "services/catalog/domain/sku.hpp"
#include "services/chassis/call/context.hpp"

namespace catalog_service::ports {

class SkuStore {
 public:
  template <class T>
  using Answer = base::Task<base::Result<T>>;

  virtual ~SkuStore() = default;
  virtual Answer<std::optional<domain::Sku>> find(const chassis::CallContext& context, std::string sku) = 0;
  // By name, at most `limit`, only those behind `after` when it is not empty.
  virtual Answer<std::vector<domain::Sku>> list(const chassis::CallContext& context, std::string after, int limit) = 0;
  // Those of them that are sold, by name.
  virtual Answer<std::vector<domain::Sku>> find_all(const chassis::CallContext& context,
                                                    std::vector<std::string> skus) = 0;
  // Makes the SKU, or changes its title and price; its stock stays. As it is then.
  virtual Answer<domain::Sku> put(const chassis::CallContext& context, domain::Sku sku) = 0;
  // Goods came in, at the time `at`. As it is then. Errors: not_found, invalid, unavailable.
  virtual Answer<domain::Sku> receive(const chassis::CallContext& context, std::string sku, std::int64_t quantity,
                                      std::string at) = 0;
  // Oldest first, at most `limit`, only those above `after`. Errors: unavailable when one of them was written by a
  // newer program.
  virtual Answer<std::vector<domain::RecordedEvent>> events(const chassis::CallContext& context, std::string sku,
                                                            std::int64_t after, int limit) = 0;
};

}  // namespace catalog_service::ports
