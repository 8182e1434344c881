#pragma once
// The use cases about what is sold. Thread-safe.

#include "base/clock.hpp"
#include "base/page.hpp"
#include "services/catalog/ports/sku_store.hpp"

namespace catalog_service::app {

class Skus {
 public:
  Skus(const base::Clock& clock, ports::SkuStore& store) : clock_(clock), store_(store) {}

  // Errors: not_found, unavailable.
  base::Task<base::Result<domain::Sku>> get(chassis::CallContext context, std::string sku);
  // Errors: invalid, malformed, unavailable.
  base::Task<base::Result<base::Page<domain::Sku>>> list(chassis::CallContext context, base::PageRequest wanted);
  // `skus` are 1 to 100 names, separated by commas. Those of them that are sold, by name. Errors: invalid, unavailable.
  base::Task<base::Result<std::vector<domain::Sku>>> prices(chassis::CallContext context, std::string skus);
  // Errors: invalid (with fields), unavailable.
  base::Task<base::Result<domain::Sku>> put(chassis::CallContext context, domain::Sku wanted);
  // Errors: not_found, invalid, unavailable.
  base::Task<base::Result<domain::Sku>> receive(chassis::CallContext context, std::string sku, std::int64_t quantity);
  // Errors: not_found, invalid, unavailable.
  base::Task<base::Result<std::vector<domain::RecordedEvent>>> events(chassis::CallContext context, std::string sku,
                                                                      std::int64_t after, int size);

 private:
  const base::Clock& clock_;
  ports::SkuStore& store_;
};

}  // namespace catalog_service::app
