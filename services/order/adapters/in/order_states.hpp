#pragma once
// The provider states that order-service can be brought into, for contracts of its consumers.

#include <map>
#include <mutex>

#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"
#include "services/order/app/orders.hpp"
#include "services/order/ports/order_store.hpp"
#include "services/order/ports/user_directory.hpp"

namespace order_service::adapters {

// The users of a directory and, before them, those that a provider state says there are or are not: a contract with
// order-service says nothing about user-service. Thread-safe.
class StatedUsers final : public ports::UserDirectory {
 public:
  explicit StatedUsers(ports::UserDirectory& inner) : inner_(inner) {}

  base::Task<base::Result<bool>> knows(const chassis::CallContext& context, std::string user_id) override;
  void say(const std::string& user_id, bool exists);
  void forget(const std::string& user_id);

 private:
  ports::UserDirectory& inner_;
  std::mutex mutex_;
  std::map<std::string, bool> said_;
};

struct StateParts {
  chassis::db::Database& database;
  ports::OrderStore& store;
  app::Orders& orders;
  StatedUsers& users;
};

// Everything is lent; every parameter has a default.
//
// "a user exists", "no such user"        id (or user_id)
// "an order exists"                      id, user_id, currency, sku, quantity, unit_price_cents, created_at → id,
// user_id "no such order", "no order exists"     id "a user has no orders"                 user_id "an order is placed"
// user_id, currency, sku, quantity, unit_price_cents: as a client would → id, user_id
void add_states(chassis::States& states, const StateParts& parts);

}  // namespace order_service::adapters
