#pragma once
// What other services say of their part in an order, one line an event.

#include "services/chassis/consumer/consumer.hpp"
#include "services/order/app/orders.hpp"

namespace order_service::adapters {

// `orders` lives as long as `consumer`.
void add_answers(chassis::Consumer& consumer, app::Orders& orders);

}  // namespace order_service::adapters
