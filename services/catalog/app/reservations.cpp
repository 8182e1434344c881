#include "services/catalog/app/reservations.hpp"

#include "base/refused.hpp"

namespace catalog_service::app {

using base::ErrorCode;

base::Task<base::Result<void>> Reservations::reserve(chassis::CallContext context, std::string order_id,
                                                     std::vector<domain::Item> items) {
  if (auto broken = domain::check(order_id, items); !broken.empty())
    co_return base::refused(ErrorCode::invalid, std::move(broken));
  auto sums = domain::summed(items);
  co_return co_await store_.reserve(context, std::move(order_id), std::move(sums), base::to_rfc3339(clock_.wall()));
}

base::Task<base::Result<void>> Reservations::release(chassis::CallContext context, std::string order_id) {
  if (auto broken = domain::check_order(order_id); !broken.empty())
    co_return base::refused(ErrorCode::invalid, std::move(broken));
  co_return co_await store_.release(context, std::move(order_id), base::to_rfc3339(clock_.wall()));
}

base::Task<base::Result<domain::Reservation>> Reservations::get(chassis::CallContext context, std::string order_id) {
  CO_TRY(auto found, co_await store_.find(context, order_id));
  if (!found) co_return base::fail(base::ErrorCode::not_found, "nothing is known of the order " + order_id);
  co_return std::move(*found);
}

base::Task<base::Result<base::Page<domain::Reservation>>> Reservations::list(chassis::CallContext context,
                                                                             base::PageRequest wanted) {
  CO_TRY(const auto cut, base::page_cut(wanted));
  CO_TRY(auto found, co_await store_.list(context, cut.after, cut.size + 1));
  co_return base::page_of(std::move(found), cut, &domain::Reservation::order_id);
}

}  // namespace catalog_service::app
