#pragma once
// What becomes of an order's goods: set aside all of them or none, and given back when the order asks for it. Events
// come more than once and in any order, so each decision begins with what is known of the order. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "services/catalog/domain/stock.hpp"

namespace catalog_service::domain {

struct Item {
  std::string sku;
  std::int64_t quantity = 0;
  bool operator==(const Item&) const = default;
};

inline constexpr const char* reserved = "reserved";
inline constexpr const char* rejected = "rejected";
inline constexpr const char* released = "released";  // also why an order is rejected whose release came first

inline constexpr const char* sold_out = "sold_out";
inline constexpr const char* unknown_sku = "unknown_sku";

// What is known of an order: one for each, for ever.
struct Reservation {
  std::string order_id;
  std::string status;            // reserved, rejected, released
  std::string reason = {};       // of a rejection: sold_out, unknown_sku, released
  std::string sku = {};          // of a rejection: the first that is at fault
  std::vector<Item> items = {};  // one a SKU
  std::string updated_at = {};   // RFC 3339
  bool operator==(const Reservation&) const = default;
};

// What others are told: stock.reserved, stock.rejected or stock.released.
struct Answer {
  std::string status;
  std::string reason = {};
  std::string sku = {};
  std::vector<Item> items = {};
  bool operator==(const Answer&) const = default;
};

struct Ruling {
  Reservation reservation;  // as it is from now on; without updated_at when it has just changed
  Answer answer;
  std::map<std::string, StockEvent> events = {};  // what happens to the stock, by SKU
};

// By SKU; what is not sold is not there.
using Stocks = std::map<std::string, Stock>;

// Every rule that is broken, by field; empty when none is.
std::vector<base::FieldError> check_order(const std::string& order_id);
std::vector<base::FieldError> check(const std::string& order_id, const std::vector<Item>& items);

// One item a SKU, in the order of the first ones. A sum above max_stock stays just above it: nobody has that much.
std::vector<Item> summed(const std::vector<Item>& items);

// The order was paid: `wanted` is one item a SKU, `stocks` are theirs when nothing is known of the order yet.
Ruling on_paid(const std::optional<Reservation>& before, const std::string& order_id, const std::vector<Item>& wanted,
               const Stocks& stocks);
// The order wants its goods back, or never to have them.
Ruling on_release(const std::optional<Reservation>& before, const std::string& order_id);

}  // namespace catalog_service::domain
