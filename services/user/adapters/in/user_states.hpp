#pragma once
// The provider states that user-service can be brought into, for contracts of its consumers.

#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"
#include "services/user/ports/password_hasher.hpp"
#include "services/user/ports/user_store.hpp"

namespace user_service::adapters {

// Everything is lent.
//
// "a user exists"   params id, email, name, password, each with a default → id, email, name
// "no user exists"  params id and email: whoever has one of them is removed
// "no such user"    the same
void add_states(chassis::States& states, chassis::db::Database& database, ports::UserStore& users,
                ports::PasswordHasher& hasher);

}  // namespace user_service::adapters
