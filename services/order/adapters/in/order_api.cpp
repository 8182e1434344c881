#include "services/order/adapters/in/order_api.hpp"

#include "services/order/adapters/order_message.hpp"
#include "services/order/proto/order.pb.h"

namespace order_service::adapters {
namespace {

using order::v1::CancelOrderRequest;
using order::v1::GetOrderRequest;
using order::v1::ListOrdersRequest;
using order::v1::ListOrdersResponse;
using order::v1::Order;
using order::v1::PlaceOrderRequest;

base::Task<base::Result<Order>> place(app::Orders& orders, chassis::CallContext context, PlaceOrderRequest request) {
  domain::NewOrder wanted{request.user_id(), request.currency(), {}};
  if (!request.language().empty()) wanted.language = request.language();
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

base::Task<base::Result<Order>> cancel(app::Orders& orders, chassis::CallContext context, CancelOrderRequest request) {
  CO_TRY(const auto order, co_await orders.cancel(std::move(context), request.id()));
  co_return to_message(order);
}

base::Task<base::Result<ListOrdersResponse>> list(app::Orders& orders, chassis::CallContext context,
                                                  ListOrdersRequest request) {
  app::PageRequest wanted{request.user_id(), request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await orders.list(std::move(context), std::move(wanted)));
  ListOrdersResponse message;
  for (const auto& order : page.items) *message.add_orders() = to_message(order);
  message.set_next_page_token(page.next_token);
  co_return message;
}

// The older version, and with it the call over gRPC, lists the orders of one user only.
base::Task<base::Result<ListOrdersResponse>> list_of_user(app::Orders& orders, chassis::CallContext context,
                                                          ListOrdersRequest request) {
  if (!request.user_id().empty()) co_return co_await list(orders, std::move(context), std::move(request));
  base::Error error = base::fail(base::ErrorCode::invalid, "user_id: must be given");
  error.fields.push_back({"user_id", "must be given"});
  co_return error;
}

// The older version still works, with a key when it brings one.
chassis::RouteOptions deprecated(chassis::OnceKey key = chassis::OnceKey::ignored) {
  using namespace std::chrono;
  chassis::RouteOptions options;
  options.key = key;
  options.deprecation = {sys_days(2026y / November / 1), sys_days(2027y / November / 1), "/api/v2/orders"};
  return options;
}

}  // namespace

void add_routes(chassis::Api& api, app::Orders& orders) {
  const chassis::RouteDoc placing{
      "Places an order", {"user_id", "currency", "items", "items.sku", "items.quantity", "items.unit_price_cents"}};
  const chassis::RouteDoc listing{"The orders of a user, newest first", {"user_id"}};
  const chassis::RouteDoc listing_all{"The orders of a user, or of everybody, newest first"};
  const chassis::RouteOptions once{chassis::OnceKey::required};
  const chassis::RouteOptions may_be_once{chassis::OnceKey::honoured};
  api.route("POST /v1/orders", "PlaceOrder", orders, place, chassis::created("/v1/orders/{id}"), placing,
            deprecated(chassis::OnceKey::honoured));
  api.route("GET /v1/orders/{id}", "GetOrder", orders, get, {}, {"One order"}, deprecated());
  api.route("GET /v1/orders", "ListOrders", orders, list_of_user, {}, listing, deprecated());
  api.route("POST /v2/orders", "PlaceOrder", orders, place, chassis::created("/v2/orders/{id}"), placing, once);
  api.route("GET /v2/orders/{id}", "GetOrder", orders, get, {}, {"One order"});
  api.route("GET /v2/orders", "ListOrders", orders, list, {}, listing_all);
  api.route("POST /v2/orders/{id}/cancel", "CancelOrder", orders, cancel, {},
            {"Undoes what was done for an order, unless it is confirmed"}, may_be_once);
}

}  // namespace order_service::adapters
