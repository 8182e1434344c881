#include "services/catalog/domain/reservation.hpp"

#include <algorithm>

namespace catalog_service::domain {
namespace {

constexpr std::size_t max_order_id = 255;

Ruling reject(const std::string& order_id, const char* reason, const std::string& sku,
              const std::vector<Item>& wanted) {
  return {{order_id, rejected, reason, sku, wanted}, {rejected, reason, sku}};
}

// The same question again gets the same answer, whatever the stock is by now.
Ruling again(const Reservation& before) {
  if (before.status == reserved) return {before, {reserved, {}, {}, before.items}};
  if (before.status == rejected) return {before, {rejected, before.reason, before.sku}};
  return {before, {rejected, released}};
}

}  // namespace

std::vector<base::FieldError> check_order(const std::string& order_id) {
  const bool has_control = std::any_of(order_id.begin(), order_id.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (!order_id.empty() && order_id.size() <= max_order_id && !has_control) return {};
  return {{"order_id", "must have 1 to 255 bytes and no control characters"}};
}

std::vector<base::FieldError> check(const std::string& order_id, const std::vector<Item>& items) {
  auto broken = check_order(order_id);
  if (items.empty()) broken.push_back({"items", "must have at least one item"});
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].quantity < 1) broken.push_back({"items[" + std::to_string(i) + "].quantity", "must be at least 1"});
  }
  return broken;
}

std::vector<Item> summed(const std::vector<Item>& items) {
  std::vector<Item> sums;
  for (const auto& item : items) {
    auto found = std::find_if(sums.begin(), sums.end(), [&](const Item& other) { return other.sku == item.sku; });
    if (found == sums.end()) found = sums.insert(found, {item.sku, 0});
    found->quantity = std::min(found->quantity + std::min(item.quantity, max_stock + 1), max_stock + 1);
  }
  return sums;
}

Ruling on_paid(const std::optional<Reservation>& before, const std::string& order_id, const std::vector<Item>& wanted,
               const Stocks& stocks) {
  // The release came first and left its mark: the order is never to have anything.
  if (before && before->status == released && before->items.empty()) return reject(order_id, released, {}, wanted);
  if (before) return again(*before);
  Ruling ruling{{order_id, reserved, {}, {}, wanted}, {reserved, {}, {}, wanted}};
  for (const auto& [sku, quantity] : wanted) {
    const auto found = stocks.find(sku);
    if (found == stocks.end()) return reject(order_id, unknown_sku, sku, wanted);
    const auto event = reserve(found->second, quantity, order_id);
    if (!event) return reject(order_id, sold_out, sku, wanted);
    ruling.events.emplace(sku, *event);
  }
  return ruling;
}

Ruling on_release(const std::optional<Reservation>& before, const std::string& order_id) {
  if (!before) return {{order_id, released}, {released}};
  if (before->status == rejected) return {*before, {released}};
  Ruling ruling{*before, {released, {}, {}, before->items}};
  if (before->status == released) return ruling;
  ruling.reservation.status = released;
  ruling.reservation.updated_at.clear();
  for (const auto& [sku, quantity] : before->items) ruling.events.emplace(sku, release(quantity, order_id));
  return ruling;
}

}  // namespace catalog_service::domain
