#include "services/catalog/adapters/out/stock_rows.hpp"

#include <chrono>

#include "services/catalog/adapters/out/stored_event.hpp"

namespace catalog_service::adapters {
namespace {

using base::ErrorCode;

// Of a snapshot's columns. A snapshot of another form is passed over: it can always be made anew from the events.
constexpr std::int64_t snapshot_schema = 1;
// Read at once: a history without snapshots must not be in memory whole.
constexpr std::int64_t portion = 500;

}  // namespace

base::Result<domain::Stock> StockRows::load(const std::string& sku) {
  TRY(const auto found, tx_.exec("SELECT version, available, reserved, received FROM stock_snapshots"
                                 " WHERE sku = $1 AND schema_version = $2 ORDER BY version DESC LIMIT 1",
                                 {sku, snapshot_schema}));
  domain::Stock stock;
  if (!found.rows.empty()) {
    const auto& row = found.rows.front();
    stock = {row.integer(0), row.integer(1), row.integer(2), row.integer(3)};
  }
  return follow(sku, stock);
}

base::Result<domain::Stock> StockRows::rebuild(const std::string& sku) { return follow(sku, {}); }

base::Result<domain::Stock> StockRows::follow(const std::string& sku, domain::Stock stock) {
  for (;;) {
    TRY(const auto tail, events(sku, stock.version, portion));
    for (const auto& recorded : tail) {
      if (recorded.version != stock.version + 1) {
        return base::fail(ErrorCode::internal,
                          "event " + std::to_string(stock.version + 1) + " of the stock of " + sku + " is missing");
      }
      TRY(stock, domain::apply(stock, recorded.event));
    }
    if (tail.size() < static_cast<std::size_t>(portion)) return stock;
  }
}

base::Result<domain::Stock> StockRows::add(const std::string& sku, const domain::Stock& before,
                                           const domain::StockEvent& event, const std::string& at) {
  TRY(const auto after, domain::apply(before, event));
  TRY(insert(sku, after.version, event, at));
  TRY(const auto projected,
      tx_.exec("UPDATE skus SET available = $1, reserved = $2, received = $3, version = $4"
               " WHERE sku = $5 AND version = $6",
               {after.available, after.reserved, after.received, after.version, sku, before.version}));
  if (projected.changed != 1) {
    return base::fail(ErrorCode::internal, "the counts of " + sku + " are not those of its events");
  }
  if (after.version % snapshot_every == 0) {
    TRY(
        tx_.exec("INSERT INTO stock_snapshots (sku, version, schema_version, available, reserved, received)"
                 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sku, version) DO NOTHING",
                 {sku, after.version, snapshot_schema, after.available, after.reserved, after.received}));
  }
  return after;
}

base::Result<void> StockRows::insert(const std::string& sku, std::int64_t version, const domain::StockEvent& event,
                                     const std::string& at) {
  const auto stored = to_stored(event);
  TRY(const auto added, tx_.exec("INSERT INTO stock_events (sku, version, type, schema_version, data, order_id, at)"
                                 " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sku, version) DO NOTHING",
                                 {sku, version, stored.type, stored.schema_version, stored.data, stored.order_id, at}));
  if (added.changed == 1) return base::success();
  is_overtaken_ = true;
  base::Error busy = base::fail(ErrorCode::unavailable, "the stock of " + sku + " is changed by others, try again");
  busy.retry_after = std::chrono::seconds(1);
  return busy;
}

base::Result<std::vector<domain::RecordedEvent>> StockRows::events(const std::string& sku, std::int64_t after,
                                                                   std::int64_t limit) {
  TRY(const auto found, tx_.exec("SELECT version, type, schema_version, data, order_id, at FROM stock_events"
                                 " WHERE sku = $1 AND version > $2 ORDER BY version LIMIT $3",
                                 {sku, after, limit}));
  std::vector<domain::RecordedEvent> events;
  events.reserve(found.rows.size());
  for (const auto& row : found.rows) {
    auto event = from_stored({row.text(1), row.integer(2), row.text(3), row.text(4)});
    if (!event) {
      base::Error error = std::move(event).error();
      error.message = "event " + std::to_string(row.integer(0)) + " of the stock of " + sku + ": " + error.message;
      return error;
    }
    events.push_back({row.integer(0), std::move(event).value(), row.text(5)});
  }
  return events;
}

}  // namespace catalog_service::adapters
