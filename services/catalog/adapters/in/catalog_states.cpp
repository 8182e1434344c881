#include "services/catalog/adapters/in/catalog_states.hpp"

#include "base/ids.hpp"

namespace catalog_service::adapters {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;
using base::Task;
using chassis::CallContext;
using chassis::text_param;
namespace db = chassis::db;

constexpr const char* usual_sku = "A1";
constexpr const char* no_sku = "NO-SUCH-SKU";

Result<std::int64_t> number_param(const Json& params, const std::string& key, std::int64_t fallback) {
  const auto found = params.find(key);
  if (found == params.end()) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  return base::fail(ErrorCode::invalid, "the state's parameter \"" + key + "\" must be a whole number");
}

// No use case of the service removes a SKU.
Task<Result<void>> remove_sku(StateParts parts, const CallContext& context, std::string sku) {
  db::Work work = [sku = std::move(sku)](db::Transaction& tx) -> Result<void> {
    TRY(tx.exec("DELETE FROM skus WHERE sku = $1 AND version = 0", {sku}));
    TRY(const auto left, tx.exec("SELECT 1 FROM skus WHERE sku = $1", {sku}));
    if (left.rows.empty()) return base::success();
    return base::fail(ErrorCode::invalid, "the SKU " + sku + " has had stock, which is never forgotten; name another");
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

Task<Result<void>> forget_order(StateParts parts, const CallContext& context, std::string order_id) {
  const auto before = co_await parts.reservations.get(context, order_id);
  if (!before) co_return base::success();
  if (before.value().status == domain::reserved) {
    CO_TRY(co_await parts.reservations.release(context, order_id));
  }
  db::Work work = [order_id = std::move(order_id)](db::Transaction& tx) -> Result<void> {
    TRY(tx.exec("DELETE FROM reservations WHERE order_id = $1", {order_id}));
    return base::success();
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

Task<Result<void>> have_stock(StateParts parts, const CallContext& context, std::string sku, std::int64_t wanted) {
  CO_TRY(const auto now, co_await parts.skus.get(context, sku));
  if (now.stock.available >= wanted) co_return base::success();
  CO_TRY(co_await parts.skus.receive(context, std::move(sku), wanted - now.stock.available));
  co_return base::success();
}

Task<Result<Json>> sku_exists(StateParts parts, CallContext context, Json params) {
  domain::Sku wanted;
  CO_TRY(wanted.sku, text_param(params, "sku", usual_sku));
  CO_TRY(wanted.title, text_param(params, "title", "Mug"));
  CO_TRY(wanted.price_cents, number_param(params, "price_cents", 500));
  CO_TRY(wanted.currency, text_param(params, "currency", "EUR"));
  CO_TRY(const auto available, number_param(params, "available", 100));
  Json values{{"sku", wanted.sku}};
  CO_TRY(co_await parts.skus.put(context, wanted));
  CO_TRY(co_await have_stock(parts, context, wanted.sku, available));
  co_return values;
}

Task<Result<Json>> no_such_sku(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto sku, text_param(params, "sku", no_sku));
  Json values{{"sku", sku}};
  CO_TRY(co_await remove_sku(parts, context, std::move(sku)));
  co_return values;
}

// A paid order of one item, of which nothing was known before.
struct Paid {
  std::string order_id;
  std::vector<domain::Item> items;
  Json values() const { return {{"order_id", order_id}, {"sku", items.front().sku}}; }
};

Task<Result<Paid>> pay(StateParts parts, const CallContext& context, Json params, std::string sku) {
  Paid paid;
  domain::Item item;
  CO_TRY(paid.order_id, text_param(params, "order_id", base::uuid_v7(parts.clock, parts.random)));
  CO_TRY(item.sku, text_param(params, "sku", std::move(sku)));
  CO_TRY(item.quantity, number_param(params, "quantity", 2));
  paid.items.push_back(std::move(item));
  CO_TRY(co_await forget_order(parts, context, paid.order_id));
  co_return paid;
}

Task<Result<Json>> stock_is_reserved(StateParts parts, CallContext context, Json params) {
  CO_TRY(const auto paid, co_await pay(parts, context, params, usual_sku));
  Json sku{{"sku", paid.items.front().sku}, {"available", paid.items.front().quantity}};
  CO_TRY(co_await sku_exists(parts, context, std::move(sku)));
  CO_TRY(co_await parts.reservations.reserve(context, paid.order_id, paid.items));
  co_return paid.values();
}

Task<Result<Json>> stock_is_rejected(StateParts parts, CallContext context, Json params) {
  CO_TRY(const auto paid, co_await pay(parts, context, std::move(params), no_sku));
  CO_TRY(co_await remove_sku(parts, context, paid.items.front().sku));
  CO_TRY(co_await parts.reservations.reserve(context, paid.order_id, paid.items));
  co_return paid.values();
}

Task<Result<Json>> stock_is_released(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto values, co_await stock_is_reserved(parts, context, std::move(params)));
  CO_TRY(co_await parts.reservations.release(context, values["order_id"].get<std::string>()));
  co_return values;
}

Task<Result<Json>> no_such_reservation(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto order_id, text_param(params, "order_id", "01890a5d-ac96-774b-bcce-b302099a8058"));
  Json values{{"order_id", order_id}};
  CO_TRY(co_await forget_order(parts, context, std::move(order_id)));
  co_return values;
}

}  // namespace

void add_states(chassis::States& states, const StateParts& parts) {
  const auto with = [parts](auto state) -> chassis::States::Change {
    return [parts, state](CallContext context, Json params) {
      return state(parts, std::move(context), std::move(params));
    };
  };
  states.on("a sku exists", with(sku_exists));
  for (const char* name : {"no such sku", "no sku exists"}) states.on(name, with(no_such_sku));
  states.on("stock is reserved", with(stock_is_reserved));
  states.on("stock is rejected", with(stock_is_rejected));
  states.on("stock is released", with(stock_is_released));
  states.on("no such reservation", with(no_such_reservation));
}

}  // namespace catalog_service::adapters
