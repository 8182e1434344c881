#include "services/order/adapters/in/order_states.hpp"

namespace order_service::adapters {
namespace {

using base::Json;
using chassis::CallContext;
using chassis::text_param;
namespace db = chassis::db;

constexpr const char* usual_order = "01890a5d-ac96-774b-bcce-b302099a8058";
constexpr const char* usual_sku = "A1";
constexpr const char* usual_user = "01890a5d-ac96-774b-bcce-b302099a8057";

base::Result<std::int64_t> number_param(const Json& params, const std::string& key, std::int64_t fallback) {
  const auto found = params.find(key);
  if (found == params.end()) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  return base::fail(base::ErrorCode::invalid, "the state's parameter \"" + key + "\" must be a whole number");
}

base::Result<std::string> user_param(const Json& params) { return text_param(params, "user_id", usual_user); }

// The user of the states about users, which call it id.
base::Result<std::string> user_of_state(const Json& params) {
  return params.contains("id") ? text_param(params, "id") : user_param(params);
}

base::Result<domain::NewOrder> wanted_order(const Json& params) {
  domain::NewOrder wanted;
  TRY(wanted.user_id, user_param(params));
  TRY(wanted.currency, text_param(params, "currency", "EUR"));
  domain::Item item;
  TRY(item.sku, text_param(params, "sku", usual_sku));
  TRY(item.quantity, number_param(params, "quantity", 2));
  TRY(item.unit_price_cents, number_param(params, "unit_price_cents", 500));
  wanted.items.push_back(std::move(item));
  if (!domain::total(wanted.items)) return base::fail(base::ErrorCode::invalid, "the order costs more than fits");
  return wanted;
}

// No use case of the service removes an order.
base::Task<base::Result<void>> remove(StateParts parts, CallContext context, std::string column, std::string value) {
  db::Work work = [column = std::move(column), value = std::move(value)](db::Transaction& tx) -> base::Result<void> {
    const auto which = " IN (SELECT id FROM orders WHERE " + column + " = $1)";
    for (const auto& rows : {"saga_step WHERE saga_id", "saga_instance WHERE id", "order_items WHERE order_id"}) {
      TRY(tx.exec("DELETE FROM " + std::string(rows) + which, {value}));
    }
    TRY(tx.exec("DELETE FROM orders WHERE " + column + " = $1", {value}));
    return base::success();
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

// Whether there is the user; and what the order would be about is sold.
base::Result<Json> say_user(const StateParts& parts, const Json& params, bool exists) {
  TRY(const auto id, user_of_state(params));
  TRY(const auto wanted, wanted_order(params));
  const auto& item = wanted.items.front();
  parts.users.say(id, exists);
  parts.prices.say(item.sku, {item.unit_price_cents, wanted.currency});
  return Json{{"id", id}, {"user_id", id}};
}

base::Task<base::Result<Json>> user_exists(StateParts parts, CallContext /*context*/, Json params) {
  co_return say_user(parts, params, true);
}

base::Task<base::Result<Json>> no_user(StateParts parts, CallContext /*context*/, Json params) {
  co_return say_user(parts, params, false);
}

base::Task<base::Result<Json>> forget_user(StateParts parts, CallContext /*context*/, Json params) {
  CO_TRY(const auto id, user_of_state(params));
  CO_TRY(const auto sku, text_param(params, "sku", usual_sku));
  parts.users.forget(id);
  parts.prices.forget(sku);
  co_return Json(Json::object());
}

base::Task<base::Result<Json>> order_exists(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto wanted, wanted_order(params));
  domain::Order order;
  CO_TRY(order.id, text_param(params, "id", usual_order));
  CO_TRY(order.created_at, text_param(params, "created_at", "2026-01-02T03:04:05.000Z"));
  order.updated_at = order.created_at;
  order.user_id = std::move(wanted.user_id);
  order.status = domain::placed;
  order.currency = std::move(wanted.currency);
  order.total_cents = *domain::total(wanted.items);
  order.items = std::move(wanted.items);
  Json values{{"id", order.id}, {"order_id", order.id}, {"user_id", order.user_id}};
  CO_TRY(co_await remove(parts, context, "id", order.id));
  CO_TRY(co_await parts.store.place(context, std::move(order)));
  co_return values;
}

base::Task<base::Result<Json>> no_order(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto id, text_param(params, "id", usual_order));
  Json values{{"id", id}, {"order_id", id}};
  CO_TRY(co_await remove(parts, std::move(context), "id", std::move(id)));
  co_return values;
}

base::Task<base::Result<Json>> forget_order(StateParts parts, CallContext context, Json params) {
  co_return co_await no_order(parts, std::move(context), std::move(params));
}

base::Task<base::Result<Json>> no_orders(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto id, user_of_state(params));
  Json values{{"id", id}, {"user_id", id}};
  CO_TRY(co_await remove(parts, std::move(context), "user_id", std::move(id)));
  co_return values;
}

base::Task<base::Result<Json>> order_is_placed(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto wanted, wanted_order(params));
  const auto user = wanted.user_id;
  const auto item = wanted.items.front();
  parts.users.say(user, true);
  parts.prices.say(item.sku, {item.unit_price_cents, wanted.currency});
  auto placed = co_await parts.orders.place(std::move(context), std::move(wanted));
  parts.users.forget(user);
  parts.prices.forget(item.sku);
  if (!placed) co_return std::move(placed).error();
  Json values{{"id", placed.value().id}, {"order_id", placed.value().id}, {"user_id", user}};
  co_return values;
}

// What the others answer then, one after the other, with reasons where they refuse; or the user cancels.
struct Next {
  std::string event;
  std::string reason = {};
};
constexpr const char* user_cancels = "cancel";

base::Task<base::Result<Json>> order_has_come_to(StateParts parts, CallContext context, Json params,
                                                 std::vector<Next> answers) {
  CO_TRY(auto values, co_await order_is_placed(parts, context, std::move(params)));
  const std::string id = values["id"];
  for (const auto& next : answers) {
    if (next.event == user_cancels) {
      CO_TRY(co_await parts.orders.cancel(context, id));
    } else {
      ports::Answer answer{id, next.event, next.reason, {}};
      CO_TRY(co_await parts.orders.hear(context, std::move(answer)));
    }
  }
  co_return values;
}

}  // namespace

base::Task<base::Result<bool>> StatedUsers::knows(const chassis::CallContext& context, std::string user_id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = said_.find(user_id); found != said_.end()) co_return found->second;
  }
  co_return co_await inner_.knows(context, std::move(user_id));
}

void StatedUsers::say(const std::string& user_id, bool exists) {
  const std::lock_guard lock(mutex_);
  said_[user_id] = exists;
}

void StatedUsers::forget(const std::string& user_id) {
  const std::lock_guard lock(mutex_);
  said_.erase(user_id);
}

base::Task<base::Result<domain::Prices>> StatedPrices::prices(const chassis::CallContext& context,
                                                              std::vector<std::string> skus) {
  domain::Prices found;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(skus, [&](const std::string& sku) {
      const auto said = said_.find(sku);
      if (said == said_.end()) return false;
      found.insert(*said);
      return true;
    });
  }
  if (skus.empty()) co_return found;
  CO_TRY(const auto others, co_await inner_.prices(context, std::move(skus)));
  found.insert(others.begin(), others.end());
  co_return found;
}

void StatedPrices::say(const std::string& sku, domain::Price price) {
  const std::lock_guard lock(mutex_);
  said_[sku] = std::move(price);
}

void StatedPrices::forget(const std::string& sku) {
  const std::lock_guard lock(mutex_);
  said_.erase(sku);
}

void add_states(chassis::States& states, const StateParts& parts) {
  const auto with = [parts](auto state) -> chassis::States::Change {
    return [parts, state](CallContext context, Json params) {
      return state(parts, std::move(context), std::move(params));
    };
  };
  states.on("a user exists", with(user_exists), with(forget_user));
  for (const char* name : {"no such user", "no user exists"}) states.on(name, with(no_user), with(forget_user));
  states.on("an order exists", with(order_exists), with(forget_order));
  for (const char* name : {"no such order", "no order exists"}) states.on(name, with(no_order));
  states.on("a user has no orders", with(no_orders));
  states.on("an order is placed", with(order_is_placed));
  const auto come_to = [parts](std::vector<Next> answers) -> chassis::States::Change {
    return [parts, answers = std::move(answers)](CallContext context, Json params) {
      return order_has_come_to(parts, std::move(context), std::move(params), answers);
    };
  };
  states.on("an order is paid", come_to({{"payment.authorized"}}));
  states.on("an order is confirmed", come_to({{"payment.authorized"}, {"stock.reserved"}}));
  states.on("an order is cancelled", come_to({{"payment.declined", "payment_declined"}}));
  states.on("a refund is requested", come_to({{user_cancels}}));
  states.on("a release is requested", come_to({{"payment.authorized"}, {user_cancels}}));
}

}  // namespace order_service::adapters
