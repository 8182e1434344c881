#include "services/catalog/proto/client.hpp"

namespace catalog_service::client {
namespace {

// The method takes one text, since over REST it is a query parameter.
base::Result<std::string> joined(const std::vector<std::string>& skus) {
  std::string text;
  for (const auto& sku : skus) {
    if (sku.find(',') != std::string::npos) {
      return base::fail(base::ErrorCode::invalid, "skus: a SKU has no comma in it");
    }
    text += (&sku == &skus.front() ? "" : ",") + sku;
  }
  return text;
}

class RpcCatalog final : public Catalog {
 public:
  explicit RpcCatalog(chassis::ServiceClient service) : service_(std::move(service)) {}

  base::Task<base::Result<catalog::v1::GetPricesResponse>> prices(const chassis::CallContext& context,
                                                                  std::vector<std::string> skus) override {
    catalog::v1::GetPricesRequest request;
    CO_TRY(*request.mutable_skus(), joined(skus));
    co_return co_await service_.unary<catalog::v1::GetPricesResponse>("/catalog.v1.CatalogService/GetPrices", context,
                                                                      request);
  }

  base::Task<base::Result<void>> ping(base::Monotonic deadline) override { return service_.ping(deadline); }

 private:
  chassis::ServiceClient service_;
};

}  // namespace

base::Result<std::unique_ptr<Catalog>> connect(chassis::Environment& env) {
  TRY(auto service, chassis::ServiceClient::connect(env, "catalog-service"));
  return std::unique_ptr<Catalog>(std::make_unique<RpcCatalog>(std::move(service)));
}

}  // namespace catalog_service::client
