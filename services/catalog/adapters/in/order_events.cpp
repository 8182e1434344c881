#include "services/catalog/adapters/in/order_events.hpp"

#include "services/order/proto/order.pb.h"

namespace catalog_service::adapters {
namespace {

base::Task<base::Result<void>> on_paid(app::Reservations& reservations, chassis::CallContext context,
                                       chassis::consumer::Event /*event*/, order::v1::OrderPaid paid) {
  std::vector<domain::Item> items;
  for (const auto& line : paid.items()) items.push_back({line.sku(), line.quantity()});
  co_return co_await reservations.reserve(std::move(context), paid.order_id(), std::move(items));
}

base::Task<base::Result<void>> on_release(app::Reservations& reservations, chassis::CallContext context,
                                          chassis::consumer::Event /*event*/,
                                          order::v1::OrderReleaseRequested request) {
  co_return co_await reservations.release(std::move(context), request.order_id());
}

}  // namespace

void add_handlers(chassis::Consumer& consumer, app::Reservations& reservations) {
  consumer.on("order.paid", reservations, on_paid);
  consumer.on("order.release_requested", reservations, on_release);
}

}  // namespace catalog_service::adapters
