#include "services/catalog/adapters/out/sql_sku_store.hpp"

#include "services/catalog/adapters/catalog_message.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/ledger/ledger.hpp"

namespace catalog_service::adapters {
namespace {

namespace db = chassis::db;
using Found = std::optional<domain::Sku>;
using List = std::vector<domain::Sku>;

const std::string select_skus =
    "SELECT sku, title, price_cents, currency, version, available, reserved, received FROM skus";

domain::Sku read_sku(const db::Row& row) {
  return {row.text(0),
          row.text(1),
          row.integer(2),
          row.text(3),
          {row.integer(4), row.integer(5), row.integer(6), row.integer(7)}};
}

base::Result<Found> find_sku(db::Transaction& tx, const std::string& sku) {
  TRY(const auto found, tx.exec(select_skus + " WHERE sku = $1", {sku}));
  if (found.rows.empty()) return Found();
  return Found(read_sku(found.rows.front()));
}

List read_list(const db::Rows& found) {
  List skus;
  for (const auto& row : found.rows) skus.push_back(read_sku(row));
  return skus;
}

// What a repetition of the request gets.
base::Result<domain::Sku> keep(db::Transaction& tx, const chassis::CallContext& context, domain::Sku sku) {
  TRY(chassis::ledger::keep(tx, context, chassis::to_json(to_message(sku))));
  return sku;
}

}  // namespace

SqlSkuStore::Answer<Found> SqlSkuStore::find(const chassis::CallContext& context, std::string sku) {
  std::function<base::Result<Found>(db::Transaction&)> work = [sku = std::move(sku)](db::Transaction& tx) {
    return find_sku(tx, sku);
  };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

SqlSkuStore::Answer<List> SqlSkuStore::list(const chassis::CallContext& context, std::string after, int limit) {
  std::function<base::Result<List>(db::Transaction&)> work = [after = std::move(after),
                                                              limit](db::Transaction& tx) -> base::Result<List> {
    TRY(const auto found, tx.exec(select_skus + " WHERE sku > $1 ORDER BY sku LIMIT $2", {after, std::int64_t{limit}}));
    return read_list(found);
  };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

SqlSkuStore::Answer<List> SqlSkuStore::find_all(const chassis::CallContext& context, std::vector<std::string> skus) {
  std::string sql = select_skus + " WHERE sku IN (";
  for (std::size_t i = 1; i <= skus.size(); ++i) sql += (i == 1 ? "$" : ", $") + std::to_string(i);
  sql += ") ORDER BY sku";
  std::function<base::Result<List>(db::Transaction&)> work =
      [sql = std::move(sql), skus = std::move(skus)](db::Transaction& tx) -> base::Result<List> {
    const std::vector<db::Value> names(skus.begin(), skus.end());
    TRY(const auto found, tx.exec(sql, std::span<const db::Value>(names)));
    return read_list(found);
  };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

SqlSkuStore::Answer<domain::Sku> SqlSkuStore::put(const chassis::CallContext& context, domain::Sku sku) {
  std::function<base::Result<domain::Sku>(db::Transaction&)> work =
      [sku = std::move(sku), context](db::Transaction& tx) -> base::Result<domain::Sku> {
    TRY(
        tx.exec("INSERT INTO skus (sku, title, price_cents, currency, version, available, reserved, received)"
                " VALUES ($1, $2, $3, $4, 0, 0, 0, 0) ON CONFLICT (sku) DO UPDATE SET title = excluded.title,"
                " price_cents = excluded.price_cents, currency = excluded.currency",
                {sku.sku, sku.title, sku.price_cents, sku.currency}));
    TRY(auto found, find_sku(tx, sku.sku));
    return keep(tx, context, std::move(*found));
  };
  co_return co_await database_.plain().write(context.deadline, std::move(work));
}

SqlSkuStore::Answer<domain::Sku> SqlSkuStore::receive(const chassis::CallContext& context, std::string sku,
                                                      std::int64_t quantity, std::string at) {
  StockDatabase::Work<domain::Sku> work = [sku = std::move(sku), quantity, at = std::move(at), context](
                                              db::Transaction& tx, StockRows& stock) -> base::Result<domain::Sku> {
    TRY(auto found, find_sku(tx, sku));
    if (!found) return base::fail(base::ErrorCode::not_found, "there is no SKU " + sku);
    TRY(const auto before, stock.load(sku));
    TRY(const auto event, domain::receive(before, quantity));
    TRY(found->stock, stock.add(sku, before, event, at));
    return keep(tx, context, std::move(*found));
  };
  co_return co_await database_.write(context.deadline, std::move(work));
}

SqlSkuStore::Answer<std::vector<domain::RecordedEvent>> SqlSkuStore::events(const chassis::CallContext& context,
                                                                            std::string sku, std::int64_t after,
                                                                            int limit) {
  std::function<base::Result<std::vector<domain::RecordedEvent>>(db::Transaction&)> work =
      [sku = std::move(sku), after, limit](db::Transaction& tx) { return StockRows(tx).events(sku, after, limit); };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

}  // namespace catalog_service::adapters
