#include "services/order/app/orders.hpp"

#include <set>

#include "base/ids.hpp"
#include "base/refused.hpp"

namespace order_service::app {
namespace {

using base::Error;
using base::ErrorCode;

constexpr const char* by_user = "cancelled_by_user";

Error invalid(std::vector<base::FieldError> fields) { return base::refused(ErrorCode::invalid, std::move(fields)); }

std::vector<std::string> skus_of(const domain::NewOrder& order) {
  std::set<std::string> skus;
  for (const auto& item : order.items) skus.insert(item.sku);
  return {skus.begin(), skus.end()};
}

}  // namespace

base::Task<base::Result<domain::Order>> Orders::place(chassis::CallContext context, domain::NewOrder wanted) {
  if (auto broken = domain::check(wanted); !broken.empty()) co_return invalid(std::move(broken));
  CO_TRY(const bool known, co_await users_.knows(context, wanted.user_id));
  if (!known) co_return invalid({{"user_id", "there is no such user"}});
  CO_TRY(co_await check_prices(context, wanted));
  domain::Order order;
  order.id = base::uuid_v7(clock_, random_);
  order.user_id = std::move(wanted.user_id);
  order.status = domain::placed;
  order.currency = std::move(wanted.currency);
  order.total_cents = *domain::total(wanted.items);  // fits: checked above
  order.items = std::move(wanted.items);
  order.created_at = order.updated_at = base::to_rfc3339(clock_.wall());
  order.language = std::move(wanted.language);
  CO_TRY(co_await store_.place(context, order));
  co_return order;
}

// What the client agreed to pay is what it costs, or nothing is ordered.
base::Task<base::Result<void>> Orders::check_prices(const chassis::CallContext& context,
                                                    const domain::NewOrder& wanted) {
  CO_TRY(const auto prices, co_await prices_.prices(context, skus_of(wanted)));
  if (auto broken = domain::check_sold(wanted, prices); !broken.empty()) co_return invalid(std::move(broken));
  if (auto changed = domain::check_prices(wanted, prices); !changed.empty()) {
    co_return base::refused(ErrorCode::conflict, std::move(changed));
  }
  co_return base::success();
}

base::Task<base::Result<domain::Order>> Orders::cancel(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await store_.cancel(context, id, by_user));
  if (!found) co_return base::fail(ErrorCode::not_found, "there is no order " + id);
  co_return std::move(*found);
}

base::Task<base::Result<void>> Orders::hear(chassis::CallContext context, ports::Answer answer) {
  co_return co_await store_.hear(context, std::move(answer));
}

base::Task<base::Result<domain::Order>> Orders::get(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await store_.find(context, id));
  if (!found) co_return base::fail(ErrorCode::not_found, "there is no order " + id);
  co_return std::move(*found);
}

base::Task<base::Result<Page>> Orders::list(chassis::CallContext context, PageRequest wanted) {
  CO_TRY(const auto cut, base::page_cut({wanted.size, wanted.token}, base::is_uuid));
  CO_TRY(auto orders, co_await store_.list(context, wanted.user_id, cut.after, cut.size + 1));
  co_return base::page_of(std::move(orders), cut, &domain::Order::id);
}

}  // namespace order_service::app
