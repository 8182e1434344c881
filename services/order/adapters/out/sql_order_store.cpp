#include "services/order/adapters/out/sql_order_store.hpp"

#include "base/ids.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/order/proto/order.pb.h"

namespace order_service::adapters {

namespace db = chassis::db;

namespace {

// The schema's name, not an address to fetch; a later version gets another one.
constexpr std::string_view order_placed_schema = "urn:msctl:event:order.placed:1";

base::Json placed_data(const domain::Order& order) {
  order::v1::OrderPlaced data;
  data.set_order_id(order.id);
  data.set_user_id(order.user_id);
  data.set_currency(order.currency);
  data.set_total_cents(order.total_cents);
  for (const auto& item : order.items) {
    auto* added = data.add_items();
    added->set_sku(item.sku);
    added->set_quantity(static_cast<std::int32_t>(item.quantity));
    added->set_unit_price_cents(item.unit_price_cents);
  }
  return chassis::to_json(data);
}

base::Result<void> insert_order(db::Transaction& tx, const domain::Order& order) {
  TRY(
      tx.exec("INSERT INTO orders (id, user_id, status, currency, total_cents, created_at)"
              " VALUES ($1, $2, $3, $4, $5, $6)",
              {order.id, order.user_id, order.status, order.currency, order.total_cents, order.created_at}));
  std::int64_t position = 0;
  for (const auto& item : order.items) {
    TRY(
        tx.exec("INSERT INTO order_items (order_id, position, sku, quantity, unit_price_cents)"
                " VALUES ($1, $2, $3, $4, $5)",
                {order.id, position++, item.sku, item.quantity, item.unit_price_cents}));
  }
  return base::success();
}

base::Result<domain::Order> read_order(db::Transaction& tx, const db::Row& row) {
  domain::Order order{row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4), {}, row.text(5)};
  TRY(const auto items, tx.exec("SELECT sku, quantity, unit_price_cents FROM order_items WHERE order_id = $1"
                                " ORDER BY position",
                                {order.id}));
  for (const auto& item : items.rows) order.items.push_back({item.text(0), item.integer(1), item.integer(2)});
  return order;
}

}  // namespace

base::Task<base::Result<void>> SqlOrderStore::place(const chassis::CallContext& context, domain::Order order) {
  chassis::outbox::Event event{
      base::uuid_v7(clock_, random_),   "order.placed",    "/" + service_, order.id, order.created_at,
      std::string(order_placed_schema), placed_data(order)};
  db::Work work = [order = std::move(order), event = std::move(event), context, service = service_,
                   &schemas = schemas_](db::Transaction& tx) -> base::Result<void> {
    TRY(insert_order(tx, order));
    return chassis::outbox::append(tx, service, event, context, schemas);
  };
  CO_TRY(co_await database_.write(context.deadline, std::move(work)));
  committed_();
  co_return base::success();
}

base::Task<base::Result<std::optional<domain::Order>>> SqlOrderStore::find(const chassis::CallContext& context,
                                                                           std::string id) {
  using Found = std::optional<domain::Order>;
  std::function<base::Result<Found>(db::Transaction&)> work =
      [id = std::move(id)](db::Transaction& tx) -> base::Result<Found> {
    TRY(const auto found, tx.exec("SELECT id, user_id, status, currency, total_cents, created_at FROM orders"
                                  " WHERE id = $1",
                                  {id}));
    if (found.rows.empty()) return Found();
    TRY(auto order, read_order(tx, found.rows.front()));
    return Found(std::move(order));
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

base::Task<base::Result<std::vector<domain::Order>>> SqlOrderStore::list(const chassis::CallContext& context,
                                                                         std::string user_id, std::string before,
                                                                         int limit) {
  using List = std::vector<domain::Order>;
  std::function<base::Result<List>(db::Transaction&)> work = [user_id = std::move(user_id), before = std::move(before),
                                                              limit](db::Transaction& tx) -> base::Result<List> {
    // UUIDv7 ids sort by time, and a page cut by id neither repeats nor skips when orders come in between.
    TRY(const auto found, tx.exec("SELECT id, user_id, status, currency, total_cents, created_at FROM orders"
                                  " WHERE user_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3",
                                  {user_id, before, std::int64_t{limit}}));
    List orders;
    for (const auto& row : found.rows) {
      TRY(auto order, read_order(tx, row));
      orders.push_back(std::move(order));
    }
    return orders;
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

}  // namespace order_service::adapters
