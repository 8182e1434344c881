#pragma once
// The rows of orders, each function a part of somebody's transaction.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/chassis/db/database.hpp"
#include "services/order/domain/order.hpp"

namespace order_service::adapters {

base::Result<void> insert_order(chassis::db::Transaction& tx, const domain::Order& order);
// Writes its status, its reason and when that was.
base::Result<void> update_order(chassis::db::Transaction& tx, const domain::Order& order);
base::Result<std::optional<domain::Order>> find_order(chassis::db::Transaction& tx, const std::string& id);
// As OrderStore::list.
base::Result<std::vector<domain::Order>> list_orders(chassis::db::Transaction& tx, const std::string& user_id,
                                                     const std::string& before, int limit);

}  // namespace order_service::adapters
