#pragma once
// order-service for the tests of its callers: keeps what it was given, or fails as it was told.

#include <map>
#include <optional>
#include <string>

#include "services/order/proto/client.hpp"

namespace order_service::client {

class FakeOrders final : public Orders {
 public:
  base::Task<base::Result<order::v1::Order>> place(const chassis::CallContext& /*context*/,
                                                   order::v1::PlaceOrderRequest request) override {
    if (failure) co_return *failure;
    order::v1::Order order;
    order.set_id("order-" + std::to_string(orders.size() + 1));
    order.set_user_id(request.user_id());
    order.set_status("placed");
    order.set_currency(request.currency());
    for (const auto& item : request.items()) {
      order.set_total_cents(order.total_cents() + item.quantity() * item.unit_price_cents());
    }
    *order.mutable_items() = request.items();
    orders[order.id()] = order;
    co_return order;
  }
  base::Task<base::Result<order::v1::Order>> get(const chassis::CallContext& /*context*/, std::string id) override {
    if (failure) co_return *failure;
    const auto found = orders.find(id);
    if (found == orders.end()) co_return base::fail(base::ErrorCode::not_found, "there is no order " + id);
    co_return found->second;
  }

  std::map<std::string, order::v1::Order> orders;
  std::optional<base::Error> failure;
};

}  // namespace order_service::client
