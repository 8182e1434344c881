#pragma once
// The provider states that notification-service can be brought into, for contracts of its consumers.

#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"
#include "services/notification/ports/letters.hpp"
#include "services/notification/ports/mailbox.hpp"

namespace notification_service::adapters {

struct StateParts {
  chassis::db::Database& database;
  const ports::Letters& letters;
  ports::Mailbox& mailbox;
};

// Everything is lent; every parameter has a default.
//
// "a mail exists"                     id, user_id, order_id, event, language, reason, delivered_at → id, user_id,
//                                     order_id; it was delivered, unless delivered_at is empty
// "no such mail", "no mail exists"    id
// "a user has no mail"                user_id
void add_states(chassis::States& states, const StateParts& parts);

}  // namespace notification_service::adapters
