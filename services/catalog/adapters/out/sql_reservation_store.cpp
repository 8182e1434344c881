#include "services/catalog/adapters/out/sql_reservation_store.hpp"

#include "base/ids.hpp"
#include "services/catalog/adapters/catalog_message.hpp"
#include "services/catalog/adapters/out/reservation_rows.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/chassis/outbox/outbox.hpp"

namespace catalog_service::adapters {
namespace {

namespace db = chassis::db;

// The schemas' names, not addresses to fetch; a later version gets another one.
constexpr const char* reserved_schema = "urn:msctl:event:stock.reserved:1";
constexpr const char* rejected_schema = "urn:msctl:event:stock.rejected:1";
constexpr const char* released_schema = "urn:msctl:event:stock.released:1";

// Adds type, schema and data to an event whose subject is the order.
void tell(const domain::Answer& answer, chassis::outbox::Event& event) {
  event.type = "stock." + answer.status;
  if (answer.status == domain::reserved) {
    event.data_schema = reserved_schema;
    event.data = chassis::to_json(to_reserved(event.subject, answer));
  } else if (answer.status == domain::rejected) {
    event.data_schema = rejected_schema;
    event.data = chassis::to_json(to_rejected(event.subject, answer));
  } else {
    event.data_schema = released_schema;
    event.data = chassis::to_json(to_released(event.subject, answer));
  }
}

base::Result<bool> is_sold(db::Transaction& tx, const std::string& sku) {
  TRY(const auto found, tx.exec("SELECT 1 FROM skus WHERE sku = $1", {sku}));
  return !found.rows.empty();
}

// In the order of the SKUs' names, so that no two transactions wait for each other.
base::Result<void> add_events(StockRows& stock, const domain::Ruling& ruling, const domain::Stocks& stocks,
                              const std::string& at) {
  for (const auto& [sku, event] : ruling.events) {
    TRY(stock.add(sku, stocks.at(sku), event, at));
  }
  return base::success();
}

}  // namespace

base::Task<base::Result<void>> SqlReservationStore::reserve(const chassis::CallContext& context, std::string order_id,
                                                            std::vector<domain::Item> items, std::string at) {
  Rule rule = [order_id, items = std::move(items)](db::Transaction& tx, StockRows& stock,
                                                   domain::Stocks& stocks) -> base::Result<domain::Ruling> {
    TRY(const auto before, find_reservation(tx, order_id));
    for (const auto& item : items) {
      if (before) break;  // decided already, whatever the stock is now
      TRY(const bool known, is_sold(tx, item.sku));
      if (!known) continue;
      TRY(stocks[item.sku], stock.load(item.sku));
    }
    return domain::on_paid(before, order_id, items, stocks);
  };
  co_return co_await settle(context, std::move(order_id), std::move(at), std::move(rule));
}

base::Task<base::Result<void>> SqlReservationStore::release(const chassis::CallContext& context, std::string order_id,
                                                            std::string at) {
  Rule rule = [order_id](db::Transaction& tx, StockRows& stock,
                         domain::Stocks& stocks) -> base::Result<domain::Ruling> {
    TRY(const auto before, find_reservation(tx, order_id));
    auto ruling = domain::on_release(before, order_id);
    for (const auto& [sku, event] : ruling.events) {
      TRY(stocks[sku], stock.load(sku));
    }
    return ruling;
  };
  co_return co_await settle(context, std::move(order_id), std::move(at), std::move(rule));
}

base::Task<base::Result<void>> SqlReservationStore::settle(const chassis::CallContext& context, std::string order_id,
                                                           std::string at, Rule rule) {
  chassis::outbox::Event envelope{base::uuid_v7(clock_, random_), {}, "/" + service_, std::move(order_id), at, {}, {}};
  StockDatabase::Work<bool> work = [rule = std::move(rule), envelope = std::move(envelope), at = std::move(at), context,
                                    service = service_,
                                    &schemas = schemas_](db::Transaction& tx, StockRows& stock) -> base::Result<bool> {
    domain::Stocks stocks;
    TRY(auto ruling, rule(tx, stock, stocks));
    TRY(add_events(stock, ruling, stocks, at));
    if (ruling.reservation.updated_at.empty()) {
      ruling.reservation.updated_at = at;
      TRY(write_reservation(tx, ruling.reservation));
    }
    auto event = envelope;
    tell(ruling.answer, event);
    TRY(chassis::ledger::keep(tx, context));
    TRY(chassis::outbox::append(tx, service, event, context, schemas));
    return true;
  };
  CO_TRY(co_await database_.write(context.deadline, std::move(work)));
  committed_();
  co_return base::success();
}

base::Task<base::Result<std::optional<domain::Reservation>>> SqlReservationStore::find(
    const chassis::CallContext& context, std::string order_id) {
  std::function<base::Result<std::optional<domain::Reservation>>(db::Transaction&)> work =
      [order_id = std::move(order_id)](db::Transaction& tx) { return find_reservation(tx, order_id); };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

base::Task<base::Result<std::vector<domain::Reservation>>> SqlReservationStore::list(
    const chassis::CallContext& context, std::string after, int limit) {
  std::function<base::Result<std::vector<domain::Reservation>>(db::Transaction&)> work =
      [after = std::move(after), limit](db::Transaction& tx) { return list_reservations(tx, after, limit); };
  co_return co_await database_.plain().read(context.deadline, std::move(work));
}

}  // namespace catalog_service::adapters
