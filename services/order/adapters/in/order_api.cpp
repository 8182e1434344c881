#include "services/order/adapters/in/order_api.hpp"

#include "services/order/proto/order.pb.h"

namespace order_service::adapters {
namespace {

using order::v1::GetOrderRequest;
using order::v1::ListOrdersRequest;
using order::v1::ListOrdersResponse;
using order::v1::Order;
using order::v1::PlaceOrderRequest;

Order to_message(const domain::Order& order) {
  Order message;
  message.set_id(order.id);
  message.set_user_id(order.user_id);
  message.set_status(order.status);
  message.set_currency(order.currency);
  message.set_total_cents(order.total_cents);
  message.set_created_at(order.created_at);
  for (const auto& item : order.items) {
    auto* added = message.add_items();
    added->set_sku(item.sku);
    added->set_quantity(static_cast<std::int32_t>(item.quantity));
    added->set_unit_price_cents(item.unit_price_cents);
  }
  return message;
}

base::Task<base::Result<Order>> place(app::Orders& orders, chassis::CallContext context, PlaceOrderRequest request) {
  domain::NewOrder wanted{request.user_id(), request.currency(), {}};
  for (const auto& item : request.items()) {
    // A price that was left out is not a price of 0: the domain refuses what is below it.
    const std::int64_t price = item.has_unit_price_cents() ? item.unit_price_cents() : -1;
    wanted.items.push_back({item.sku(), item.quantity(), price});
  }
  CO_TRY(const auto order, co_await orders.place(std::move(context), std::move(wanted)));
  co_return to_message(order);
}

base::Task<base::Result<Order>> get(app::Orders& orders, chassis::CallContext context, GetOrderRequest request) {
  CO_TRY(const auto order, co_await orders.get(std::move(context), request.id()));
  co_return to_message(order);
}

base::Task<base::Result<ListOrdersResponse>> list(app::Orders& orders, chassis::CallContext context,
                                                  ListOrdersRequest request) {
  app::PageRequest wanted{request.user_id(), request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await orders.list(std::move(context), std::move(wanted)));
  ListOrdersResponse message;
  for (const auto& order : page.orders) *message.add_orders() = to_message(order);
  message.set_next_page_token(page.next_token);
  co_return message;
}

}  // namespace

void add_routes(chassis::Api& api, app::Orders& orders) {
  api.route(
      "POST /v1/orders", "PlaceOrder", orders, place, chassis::created("/v1/orders/{id}"),
      {"Places an order", {"user_id", "currency", "items", "items.sku", "items.quantity", "items.unit_price_cents"}});
  api.route("GET /v1/orders/{id}", "GetOrder", orders, get, {}, {"One order"});
  api.route("GET /v1/orders", "ListOrders", orders, list, {}, {"The orders of a user, newest first", {"user_id"}});
}

}  // namespace order_service::adapters
