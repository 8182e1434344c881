#include "services/order/adapters/out/order_rows.hpp"

namespace order_service::adapters {

namespace db = chassis::db;

namespace {

constexpr std::string_view columns =
    "SELECT id, user_id, status, currency, total_cents, created_at, updated_at, reason, language FROM orders";

base::Result<domain::Order> read_order(db::Transaction& tx, const db::Row& row) {
  domain::Order order{row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4),
                      {},          row.text(5), row.text(6), row.text(7), row.text(8)};
  TRY(const auto items, tx.exec("SELECT sku, quantity, unit_price_cents FROM order_items WHERE order_id = $1"
                                " ORDER BY position",
                                {order.id}));
  for (const auto& item : items.rows) order.items.push_back({item.text(0), item.integer(1), item.integer(2)});
  return order;
}

}  // namespace

base::Result<void> insert_order(db::Transaction& tx, const domain::Order& order) {
  TRY(
      tx.exec("INSERT INTO orders (id, user_id, status, currency, total_cents, created_at, updated_at, reason,"
              " language) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
              {order.id, order.user_id, order.status, order.currency, order.total_cents, order.created_at,
               order.updated_at, order.reason, order.language}));
  std::int64_t position = 0;
  for (const auto& item : order.items) {
    TRY(
        tx.exec("INSERT INTO order_items (order_id, position, sku, quantity, unit_price_cents)"
                " VALUES ($1, $2, $3, $4, $5)",
                {order.id, position++, item.sku, item.quantity, item.unit_price_cents}));
  }
  return base::success();
}

base::Result<void> update_order(db::Transaction& tx, const domain::Order& order) {
  TRY(tx.exec("UPDATE orders SET status = $2, reason = $3, updated_at = $4 WHERE id = $1",
              {order.id, order.status, order.reason, order.updated_at}));
  return base::success();
}

base::Result<std::optional<domain::Order>> find_order(db::Transaction& tx, const std::string& id) {
  using Found = std::optional<domain::Order>;
  TRY(const auto found, tx.exec(std::string(columns) + " WHERE id = $1", {id}));
  if (found.rows.empty()) return Found();
  TRY(auto order, read_order(tx, found.rows.front()));
  return Found(std::move(order));
}

base::Result<std::vector<domain::Order>> list_orders(db::Transaction& tx, const std::string& user_id,
                                                     const std::string& before, int limit) {
  // Two texts, so that each has its index. UUIDv7 ids sort by time, and a page cut by id neither repeats nor skips when
  // orders come in between.
  const std::string where = user_id.empty() ? " WHERE $1 = ''" : " WHERE user_id = $1";
  TRY(const auto found, tx.exec(std::string(columns) + where + " AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3",
                                {user_id, before, std::int64_t{limit}}));
  std::vector<domain::Order> orders;
  for (const auto& row : found.rows) {
    TRY(auto order, read_order(tx, row));
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace order_service::adapters
