#pragma once
// The provider states that order-service can be brought into, for contracts of its consumers.

#include <map>
#include <mutex>

#include "services/chassis/db/database.hpp"
#include "services/chassis/states/states.hpp"
#include "services/order/app/orders.hpp"
#include "services/order/ports/order_store.hpp"
#include "services/order/ports/price_list.hpp"
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

// A price list and, before it, the prices that provider states name: nor does such a contract say anything about
// catalog-service, which is asked only for what no state has named. Thread-safe.
class StatedPrices final : public ports::PriceList {
 public:
  explicit StatedPrices(ports::PriceList& inner) : inner_(inner) {}

  base::Task<base::Result<domain::Prices>> prices(const chassis::CallContext& context,
                                                  std::vector<std::string> skus) override;
  void say(const std::string& sku, domain::Price price);
  void forget(const std::string& sku);

 private:
  ports::PriceList& inner_;
  std::mutex mutex_;
  domain::Prices said_;
};

struct StateParts {
  chassis::db::Database& database;
  ports::OrderStore& store;
  app::Orders& orders;
  StatedUsers& users;
  StatedPrices& prices;
};

// Everything is lent; every parameter has a default.
//
// "a user exists"                     id (or user_id), and what is sold: sku, unit_price_cents, currency
// "no such user"                      the same
// "an order exists"                   id, user_id, currency, sku, quantity, unit_price_cents, created_at → id, user_id
// "no such order", "no order exists"  id
// "a user has no orders"              user_id
// "an order is placed"                user_id, currency, sku, quantity, unit_price_cents: as a client would → id,
//                                     user_id
// "an order is paid", "an order is confirmed", "an order is cancelled", "a refund is requested", "a release is
// requested"                          the same, and then as its saga goes
void add_states(chassis::States& states, const StateParts& parts);

}  // namespace order_service::adapters
