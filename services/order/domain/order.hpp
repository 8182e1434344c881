#pragma once
// What an order is and which rules it must keep. Money is an integer number of minor units. Pure.

#include <cstdint>
#include <map>
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
  std::string language = "en";
};

struct Order {
  std::string id;
  std::string user_id;
  std::string status;
  std::string currency;
  std::int64_t total_cents = 0;
  std::vector<Item> items;
  std::string created_at;  // RFC 3339
  std::string updated_at;
  std::string reason;           // why it is cancelled, or is being so
  std::string language = "en";  // BCP 47
};

// placed, paid, confirmed; or, from one of the first two, cancelling and cancelled.
inline constexpr const char* placed = "placed";
inline constexpr const char* paid = "paid";
inline constexpr const char* confirmed = "confirmed";
inline constexpr const char* cancelling = "cancelling";
inline constexpr const char* cancelled = "cancelled";

struct Price {
  std::int64_t cents = 0;
  std::string currency;
};
using Prices = std::map<std::string, Price>;  // by SKU; what is not there is not sold

// Every rule that is broken, by field; empty when none is.
std::vector<base::FieldError> check(const NewOrder& order);

// Where the order asks for what is not sold, or not in its currency.
std::vector<base::FieldError> check_sold(const NewOrder& order, const Prices& prices);
// Where the client saw another price; for what is sold.
std::vector<base::FieldError> check_prices(const NewOrder& order, const Prices& prices);

// A confirmed order is not cancelled any more; one that is cancelled already stays so.
bool may_be_cancelled(const Order& order);

// What is to be taken from the shelf: each SKU once.
std::vector<Item> goods(const std::vector<Item>& items);

// Sum over the items; empty when it does not fit into 64 bits.
std::optional<std::int64_t> total(const std::vector<Item>& items);

}  // namespace order_service::domain
