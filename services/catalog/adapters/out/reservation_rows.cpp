#include "services/catalog/adapters/out/reservation_rows.hpp"

#include "base/json.hpp"

namespace catalog_service::adapters {
namespace {

namespace db = chassis::db;

const std::string select_reservations = "SELECT order_id, status, reason, sku, items, updated_at FROM reservations";

std::string text_of(const std::vector<domain::Item>& items) {
  base::Json list = base::Json::array();
  for (const auto& item : items) list.push_back({{"sku", item.sku}, {"quantity", item.quantity}});
  return base::dump_json(list);
}

base::Result<domain::Reservation> read_reservation(const db::Row& row) {
  domain::Reservation reservation{row.text(0), row.text(1), row.text(2), row.text(3), {}, row.text(5)};
  TRY(const auto items, base::parse_json(row.text(4)));
  for (const auto& item : items) {
    reservation.items.push_back({item.at("sku").get<std::string>(), item.at("quantity").get<std::int64_t>()});
  }
  return reservation;
}

}  // namespace

base::Result<std::optional<domain::Reservation>> find_reservation(db::Transaction& tx, const std::string& order_id) {
  using Found = std::optional<domain::Reservation>;
  TRY(const auto found, tx.exec(select_reservations + " WHERE order_id = $1", {order_id}));
  if (found.rows.empty()) return Found();
  TRY(auto reservation, read_reservation(found.rows.front()));
  return Found(std::move(reservation));
}

base::Result<std::vector<domain::Reservation>> list_reservations(db::Transaction& tx, const std::string& after,
                                                                 std::int64_t limit) {
  TRY(const auto found,
      tx.exec(select_reservations + " WHERE order_id > $1 ORDER BY order_id LIMIT $2", {after, limit}));
  std::vector<domain::Reservation> reservations;
  for (const auto& row : found.rows) {
    TRY(auto reservation, read_reservation(row));
    reservations.push_back(std::move(reservation));
  }
  return reservations;
}

base::Result<void> write_reservation(db::Transaction& tx, const domain::Reservation& reservation) {
  TRY(
      tx.exec("INSERT INTO reservations (order_id, status, reason, sku, items, updated_at)"
              " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO UPDATE SET status = excluded.status,"
              " reason = excluded.reason, sku = excluded.sku, items = excluded.items,"
              " updated_at = excluded.updated_at",
              {reservation.order_id, reservation.status, reservation.reason, reservation.sku,
               text_of(reservation.items), reservation.updated_at}));
  return base::success();
}

}  // namespace catalog_service::adapters
