#pragma once
// What an order is and which rules it must keep. Money is an integer number of minor units. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace order_service::domain {

struct Item {
  std::string sku;
  std::int64_t quantity = 0;
  std::int64_t unit_price_cents = 0;
  bool operator==(const Item&) const = default;
};

struct NewOrder {
  std::string user_id;
  std::string currency;
  std::vector<Item> items;
};

struct Order {
  std::string id;
  std::string user_id;
  std::string status;
  std::string currency;
  std::int64_t total_cents = 0;
  std::vector<Item> items;
  std::string created_at;  // RFC 3339
};

inline constexpr const char* placed = "placed";

// Every rule that is broken, by field; empty when none is.
std::vector<base::FieldError> check(const NewOrder& order);

// Sum over the items; empty when it does not fit into 64 bits.
std::optional<std::int64_t> total(const std::vector<Item>& items);

}  // namespace order_service::domain
