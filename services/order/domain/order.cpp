#include "services/order/domain/order.hpp"

#include <algorithm>

namespace order_service::domain {
namespace {

constexpr std::size_t max_items = 100;
constexpr std::size_t max_sku = 64;
constexpr std::size_t max_language = 35;  // what RFC 5646 has implementations take
constexpr std::int64_t max_quantity = 1'000'000;
constexpr std::int64_t max_price = 1'000'000'000'000;
constexpr std::int64_t max_total = 1'000'000'000'000'000;  // what payment-service charges at most

bool is_currency(const std::string& text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_sku(const std::string& text) {
  return !text.empty() && text.size() <= max_sku && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

// The shape of a tag such as de or pt-BR, not whether there is such a language.
bool is_language(const std::string& text) {
  return !text.empty() && text.size() <= max_language && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

std::string path_of(std::size_t item, const std::string& field) {
  return "items[" + std::to_string(item) + "]." + field;
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
  if (!is_language(order.language)) broken.push_back({"language", "must be a language tag such as en or pt-BR"});
  if (!broken.empty()) return broken;
  const auto sum = total(order.items);
  if (!sum || *sum > max_total) broken.push_back({"items", "must not cost more than " + std::to_string(max_total)});
  return broken;
}

std::vector<base::FieldError> check_sold(const NewOrder& order, const Prices& prices) {
  std::vector<base::FieldError> broken;
  std::string other;
  for (std::size_t i = 0; i < order.items.size(); ++i) {
    const auto price = prices.find(order.items[i].sku);
    if (price == prices.end()) {
      broken.push_back({path_of(i, "sku"), "is not sold"});
    } else if (price->second.currency != order.currency && other.empty()) {
      other = price->second.currency;
    }
  }
  if (!other.empty()) broken.push_back({"currency", "must be " + other + ", in which the prices are"});
  return broken;
}

std::vector<base::FieldError> check_prices(const NewOrder& order, const Prices& prices) {
  std::vector<base::FieldError> broken;
  for (std::size_t i = 0; i < order.items.size(); ++i) {
    const auto price = prices.find(order.items[i].sku);
    if (price == prices.end() || price->second.cents == order.items[i].unit_price_cents) continue;
    broken.push_back({path_of(i, "unit_price_cents"), "is " + std::to_string(price->second.cents) + " now"});
  }
  return broken;
}

bool may_be_cancelled(const Order& order) { return order.status != confirmed; }

std::vector<Item> goods(const std::vector<Item>& items) {
  std::vector<Item> merged;
  for (const auto& item : items) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const Item& one) { return one.sku == item.sku; });
    if (same == merged.end()) {
      merged.push_back(item);
    } else {
      same->quantity += item.quantity;
    }
  }
  return merged;
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
