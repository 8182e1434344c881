#pragma once
// What notification-service does when it hears of an order.

#include "services/chassis/consumer/consumer.hpp"
#include "services/notification/app/notices.hpp"

namespace notification_service::adapters {

// `notices` lives as long as `consumer`.
void add_events(chassis::Consumer& consumer, app::Notices& notices);

}  // namespace notification_service::adapters
