#pragma once
// What payment-service does when it hears of orders.

#include "services/chassis/consumer/consumer.hpp"
#include "services/order/proto/order.pb.h"
#include "services/payment/app/payments.hpp"

namespace payment_service::adapters {

base::Task<base::Result<void>> on_order_placed(app::Payments& payments, chassis::CallContext context,
                                               chassis::consumer::Event event, order::v1::OrderPlaced placed);
base::Task<base::Result<void>> on_refund_requested(app::Payments& payments, chassis::CallContext context,
                                                   chassis::consumer::Event event,
                                                   order::v1::OrderRefundRequested requested);

}  // namespace payment_service::adapters
