#pragma once
// What can be bought: its name, price and stock. Money is an integer number of minor units. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "services/catalog/domain/stock.hpp"

namespace catalog_service::domain {

struct Sku {
  std::string sku;
  std::string title;
  std::int64_t price_cents = 0;
  std::string currency;  // ISO 4217
  Stock stock = {};
};

// 1 to 64 letters, digits, '-', '_' or '.'. Upper and lower case are different SKUs.
bool is_sku(std::string_view text);

// Every rule that is broken, by field; empty when none is. The stock is not looked at.
std::vector<base::FieldError> check(const Sku& sku);

}  // namespace catalog_service::domain
