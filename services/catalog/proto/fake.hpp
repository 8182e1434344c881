#pragma once
// catalog-service for the tests of its callers: sells what it was given, or fails as it was told.

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string>

#include "services/catalog/proto/client.hpp"

namespace catalog_service::client {

class FakeCatalog final : public Catalog {
 public:
  base::Task<base::Result<catalog::v1::GetPricesResponse>> prices(const chassis::CallContext& /*context*/,
                                                                  std::vector<std::string> skus) override {
    if (failure) co_return *failure;
    const bool are_names = std::all_of(skus.begin(), skus.end(), is_sku);
    if (skus.empty() || skus.size() > 100 || !are_names) {
      co_return base::fail(base::ErrorCode::invalid, "skus: must be 1 to 100 SKUs, separated by commas");
    }
    catalog::v1::GetPricesResponse answer;
    for (const auto& [sku, price_cents] : prices_cents) {
      if (std::find(skus.begin(), skus.end(), sku) == skus.end()) continue;
      auto* price = answer.add_prices();
      price->set_sku(sku);
      price->set_price_cents(price_cents);
      price->set_currency(currency);
    }
    co_return answer;
  }
  base::Task<base::Result<void>> ping(base::Monotonic /*deadline*/) override {
    if (failure) co_return *failure;
    co_return base::success();
  }

  std::map<std::string, std::int64_t> prices_cents;
  std::string currency = "EUR";
  std::optional<base::Error> failure;

 private:
  static bool is_sku(const std::string& text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
    });
  }
};

}  // namespace catalog_service::client
