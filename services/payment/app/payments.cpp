#include "services/payment/app/payments.hpp"

#include "base/ids.hpp"
#include "base/refused.hpp"

namespace payment_service::app {
namespace {

using base::Error;
using base::ErrorCode;

Error invalid(std::vector<base::FieldError> fields) { return base::refused(ErrorCode::invalid, std::move(fields)); }

}  // namespace

domain::Payment Payments::made(domain::NewPayment wanted) const {
  domain::Payment payment;
  payment.id = base::uuid_v7(clock_, random_);
  payment.order_id = std::move(wanted.order_id);
  payment.amount_cents = wanted.amount_cents;
  payment.currency = std::move(wanted.currency);
  payment.created_at = payment.updated_at = base::to_rfc3339(clock_.wall());
  return payment;
}

base::Task<base::Result<domain::Payment>> Payments::create(chassis::CallContext context, domain::NewPayment wanted) {
  if (auto broken = domain::check(wanted); !broken.empty()) co_return invalid(std::move(broken));
  auto payment = made(std::move(wanted));
  CO_TRY(co_await store_.create(context, payment));
  co_return payment;
}

base::Task<base::Result<domain::Payment>> Payments::get(chassis::CallContext context, std::string id) {
  CO_TRY(auto found, co_await store_.find(context, id));
  if (!found) co_return base::fail(ErrorCode::not_found, "there is no payment " + id);
  co_return std::move(*found);
}

base::Task<base::Result<Page>> Payments::list(chassis::CallContext context, PageRequest wanted) {
  CO_TRY(const auto cut, base::page_cut({wanted.size, wanted.token}, base::is_uuid));
  ports::PageOf portion;
  portion.after = cut.after;
  portion.order_id = std::move(wanted.order_id);
  portion.limit = cut.size + 1;
  CO_TRY(auto payments, co_await store_.list(context, std::move(portion)));
  co_return base::page_of(std::move(payments), cut, &domain::Payment::id);
}

base::Task<base::Result<domain::Payment>> Payments::refund(chassis::CallContext context, std::string id) {
  co_return co_await store_.refund(context, std::move(id));
}

base::Task<base::Result<void>> Payments::order_placed(chassis::CallContext context, domain::NewPayment wanted) {
  if (auto broken = domain::check(wanted); !broken.empty()) co_return invalid(std::move(broken));
  auto payment = made(std::move(wanted));
  co_return co_await store_.ensure(context, std::move(payment));
}

base::Task<base::Result<void>> Payments::refund_requested(chassis::CallContext context, std::string order_id) {
  if (order_id.empty()) co_return invalid({{"order_id", "must be the id of an order"}});
  auto tombstone = made({std::move(order_id), 0, {}});
  tombstone.status = domain::Status::voided;
  co_return co_await store_.refund_order(context, std::move(tombstone));
}

}  // namespace payment_service::app
