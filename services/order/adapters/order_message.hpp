#pragma once
// An order as others see it, in answers and in events. Pure.

#include "services/order/domain/order.hpp"
#include "services/order/proto/order.pb.h"

namespace order_service::adapters {

order::v1::Order to_message(const domain::Order& order);
// The data of the events of those names.
order::v1::OrderPlaced to_placed(const domain::Order& order);
order::v1::OrderPaid to_paid(const domain::Order& order);
order::v1::OrderConfirmed to_confirmed(const domain::Order& order);
order::v1::OrderCancelled to_cancelled(const domain::Order& order);
order::v1::OrderRefundRequested to_refund_requested(const domain::Order& order);
order::v1::OrderReleaseRequested to_release_requested(const domain::Order& order);

}  // namespace order_service::adapters
