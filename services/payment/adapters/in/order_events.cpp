#include "services/payment/adapters/in/order_events.hpp"

namespace payment_service::adapters {

base::Task<base::Result<void>> on_order_placed(app::Payments& payments, chassis::CallContext context,
                                               chassis::consumer::Event /*event*/, order::v1::OrderPlaced placed) {
  domain::NewPayment wanted{placed.order_id(), placed.total_cents(), placed.currency()};
  co_return co_await payments.order_placed(std::move(context), std::move(wanted));
}

base::Task<base::Result<void>> on_refund_requested(app::Payments& payments, chassis::CallContext context,
                                                   chassis::consumer::Event /*event*/,
                                                   order::v1::OrderRefundRequested requested) {
  co_return co_await payments.refund_requested(std::move(context), requested.order_id());
}

}  // namespace payment_service::adapters
