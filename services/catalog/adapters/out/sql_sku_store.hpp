#pragma once
// SKUs in SQL, their stock as events.

#include "services/catalog/adapters/out/stock_database.hpp"
#include "services/catalog/ports/sku_store.hpp"

namespace catalog_service::adapters {

class SqlSkuStore final : public ports::SkuStore {
 public:
  // Lent.
  explicit SqlSkuStore(StockDatabase& database) : database_(database) {}

  Answer<std::optional<domain::Sku>> find(const chassis::CallContext& context, std::string sku) override;
  Answer<std::vector<domain::Sku>> list(const chassis::CallContext& context, std::string after, int limit) override;
  Answer<std::vector<domain::Sku>> find_all(const chassis::CallContext& context,
                                            std::vector<std::string> skus) override;
  Answer<domain::Sku> put(const chassis::CallContext& context, domain::Sku sku) override;
  Answer<domain::Sku> receive(const chassis::CallContext& context, std::string sku, std::int64_t quantity,
                              std::string at) override;
  Answer<std::vector<domain::RecordedEvent>> events(const chassis::CallContext& context, std::string sku,
                                                    std::int64_t after, int limit) override;

 private:
  StockDatabase& database_;
};

}  // namespace catalog_service::adapters
