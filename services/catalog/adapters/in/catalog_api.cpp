#include "services/catalog/adapters/in/catalog_api.hpp"

#include "services/catalog/adapters/catalog_message.hpp"
#include "services/catalog/proto/catalog.pb.h"

namespace catalog_service::adapters {
namespace {

using namespace catalog::v1;
using app::Reservations;
using app::Skus;
using base::Result;
using base::Task;
using chassis::CallContext;

Task<Result<Sku>> get(Skus& skus, CallContext context, GetSkuRequest request) {
  CO_TRY(const auto sku, co_await skus.get(std::move(context), request.sku()));
  co_return to_message(sku);
}

Task<Result<ListSkusResponse>> list(Skus& skus, CallContext context, ListSkusRequest request) {
  base::PageRequest wanted{request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await skus.list(std::move(context), std::move(wanted)));
  ListSkusResponse message;
  for (const auto& sku : page.items) *message.add_skus() = to_message(sku);
  message.set_next_page_token(page.next_token);
  co_return message;
}

Task<Result<GetPricesResponse>> prices(Skus& skus, CallContext context, GetPricesRequest request) {
  CO_TRY(const auto sold, co_await skus.prices(std::move(context), request.skus()));
  GetPricesResponse message;
  for (const auto& sku : sold) {
    auto* price = message.add_prices();
    price->set_sku(sku.sku);
    price->set_price_cents(sku.price_cents);
    price->set_currency(sku.currency);
  }
  co_return message;
}

Task<Result<Sku>> put(Skus& skus, CallContext context, PutSkuRequest request) {
  // A price that was left out is not a price of 0: the domain refuses what is below it.
  const std::int64_t price = request.has_price_cents() ? request.price_cents() : -1;
  domain::Sku wanted{request.sku(), request.title(), price, request.currency()};
  CO_TRY(const auto sku, co_await skus.put(std::move(context), std::move(wanted)));
  co_return to_message(sku);
}

Task<Result<Sku>> receive(Skus& skus, CallContext context, ReceiveStockRequest request) {
  CO_TRY(const auto sku, co_await skus.receive(std::move(context), request.sku(), request.quantity()));
  co_return to_message(sku);
}

Task<Result<ListStockEventsResponse>> events(Skus& skus, CallContext context, ListStockEventsRequest request) {
  CO_TRY(const auto events,
         co_await skus.events(std::move(context), request.sku(), request.after_version(), request.page_size()));
  ListStockEventsResponse message;
  for (const auto& event : events) *message.add_events() = to_message(event);
  co_return message;
}

Task<Result<Reservation>> get_reservation(Reservations& reservations, CallContext context,
                                          GetReservationRequest request) {
  CO_TRY(const auto reservation, co_await reservations.get(std::move(context), request.order_id()));
  co_return to_message(reservation);
}

Task<Result<ListReservationsResponse>> list_reservations(Reservations& reservations, CallContext context,
                                                         ListReservationsRequest request) {
  base::PageRequest wanted{request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await reservations.list(std::move(context), std::move(wanted)));
  ListReservationsResponse message;
  for (const auto& reservation : page.items) *message.add_reservations() = to_message(reservation);
  message.set_next_page_token(page.next_token);
  co_return message;
}

}  // namespace

void add_routes(chassis::Api& api, Skus& skus, Reservations& reservations) {
  const chassis::RouteOptions honoured{chassis::OnceKey::honoured};
  const chassis::RouteOptions required{chassis::OnceKey::required};
  api.route("GET /v1/skus/{sku}", "GetSku", skus, get, {}, {"One SKU and its stock"});
  api.route("GET /v1/skus", "ListSkus", skus, list, {}, {"All SKUs, by name"});
  api.route("GET /v1/prices", "GetPrices", skus, prices, {}, {"What SKUs cost, of those that are sold", {"skus"}});
  api.route("PUT /v1/skus/{sku}", "PutSku", skus, put, {},
            {"Makes a SKU, or changes its title and price", {"title", "price_cents", "currency"}}, honoured);
  api.route("POST /v1/skus/{sku}/receipts", "ReceiveStock", skus, receive, {}, {"Goods came in", {"quantity"}},
            required);
  api.route("GET /v1/skus/{sku}/events", "ListStockEvents", skus, events, {},
            {"What happened to the stock of a SKU, oldest first"});
  api.route("GET /v1/reservations/{order_id}", "GetReservation", reservations, get_reservation, {},
            {"What an order holds"});
  api.route("GET /v1/reservations", "ListReservations", reservations, list_reservations, {},
            {"What orders hold, by order"});
}

}  // namespace catalog_service::adapters
