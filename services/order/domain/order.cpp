#include "services/order/domain/order.hpp"

#include <algorithm>

namespace order_service::domain {
namespace {

constexpr std::size_t max_items = 100;
constexpr std::size_t max_sku = 64;
constexpr std::int64_t max_quantity = 1'000'000;
constexpr std::int64_t max_price = 1'000'000'000'000;

bool is_currency(const std::string& text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_sku(const std::string& text) {
  return !text.empty() && text.size() <= max_sku && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

void check_item(const Item& item, const std::string& path, std::vector<base::FieldError>& broken) {
  if (!is_sku(item.sku)) broken.push_back({path + ".sku", "must be 1 to 64 letters, digits, '-', '_' or '.'"});
  if (item.quantity < 1 || item.quantity > max_quantity) {
    broken.push_back({path + ".quantity", "must be from 1 to 1000000"});
  }
  if (item.unit_price_cents < 0 || item.unit_price_cents > max_price) {
    broken.push_back({path + ".unit_price_cents", "must be from 0 to 1000000000000"});
  }
}

}  // namespace

std::vector<base::FieldError> check(const NewOrder& order) {
  std::vector<base::FieldError> broken;
  if (order.user_id.empty()) broken.push_back({"user_id", "must be the id of a user"});
  if (!is_currency(order.currency)) broken.push_back({"currency", "must be three capital letters such as EUR"});
  if (order.items.empty() || order.items.size() > max_items) broken.push_back({"items", "must have 1 to 100 items"});
  for (std::size_t i = 0; i < order.items.size() && i < max_items; ++i) {
    check_item(order.items[i], "items[" + std::to_string(i) + "]", broken);
  }
  if (broken.empty() && !total(order.items)) broken.push_back({"items", "cost more than can be counted"});
  return broken;
}

std::optional<std::int64_t> total(const std::vector<Item>& items) {
  std::int64_t sum = 0;
  for (const auto& item : items) {
    std::int64_t cost = 0;
    if (__builtin_mul_overflow(item.quantity, item.unit_price_cents, &cost)) return std::nullopt;
    if (__builtin_add_overflow(sum, cost, &sum)) return std::nullopt;
  }
  return sum;
}

}  // namespace order_service::domain
