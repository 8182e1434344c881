#pragma once
// Asks catalog-service over gRPC.

#include "services/catalog/proto/client.hpp"
#include "services/order/ports/price_list.hpp"

namespace order_service::adapters {

class RpcPriceList final : public ports::PriceList {
 public:
  explicit RpcPriceList(catalog_service::client::Catalog& catalog) : catalog_(catalog) {}

  base::Task<base::Result<domain::Prices>> prices(const chassis::CallContext& context,
                                                  std::vector<std::string> skus) override {
    CO_TRY(const auto answer, co_await catalog_.prices(context, std::move(skus)));
    domain::Prices prices;
    for (const auto& price : answer.prices()) prices[price.sku()] = {price.price_cents(), price.currency()};
    co_return prices;
  }

 private:
  catalog_service::client::Catalog& catalog_;
};

}  // namespace order_service::adapters
