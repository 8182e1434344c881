#include "services/payment/adapters/out/sql_payment_store.hpp"

#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/payment/adapters/payment_message.hpp"

namespace payment_service::adapters {

namespace db = chassis::db;

using base::ErrorCode;
using base::Result;
using chassis::CallContext;
using domain::Payment;

base::Task<Result<void>> SqlPaymentStore::write(const CallContext& context, db::Work work) {
  CO_TRY(co_await database_.write(context.deadline, std::move(work)));
  committed_();
  co_return base::success();
}

base::Task<Result<void>> SqlPaymentStore::create(const CallContext& context, Payment payment) {
  db::Work work = [this, payment = std::move(payment), context](db::Transaction& tx) -> Result<void> {
    TRY(const bool is_new, table_.insert(tx, payment, context));
    if (!is_new) return base::fail(ErrorCode::conflict, "there is a payment of the order " + payment.order_id);
    return chassis::ledger::keep(tx, context, chassis::to_json(to_message(payment)));
  };
  co_return co_await write(context, std::move(work));
}

base::Task<Result<void>> SqlPaymentStore::ensure(const CallContext& context, Payment payment) {
  db::Work work = [this, payment = std::move(payment), context](db::Transaction& tx) -> Result<void> {
    TRY(table_.insert(tx, payment, context));
    TRY(tx.exec("UPDATE payments SET of_order = 1 WHERE order_id = $1", {payment.order_id}));
    return chassis::ledger::keep(tx, context);
  };
  co_return co_await write(context, std::move(work));
}

base::Task<Result<Payment>> SqlPaymentStore::refund(const CallContext& context, std::string id) {
  std::function<Result<Payment>(db::Transaction&)> work = [this, id = std::move(id),
                                                           context](db::Transaction& tx) -> Result<Payment> {
    TRY(auto found, PaymentTable::find(tx, "id", id));
    if (!found) return base::fail(ErrorCode::not_found, "there is no payment " + id);
    if (found->payment.status == domain::Status::declined) {
      return base::fail(ErrorCode::conflict, "nothing was charged: the payment was declined");
    }
    TRY(const auto ordered, tx.exec("SELECT 1 FROM payments WHERE id = $1 AND of_order = 1", {id}));
    if (!ordered.rows.empty()) {
      return base::fail(ErrorCode::conflict, "this is the payment of order " + found->payment.order_id +
                                                 ", which has it paid back itself: cancel the order instead");
    }
    TRY(auto payment, table_.ask_refund(tx, std::move(*found), context));
    TRY(chassis::ledger::keep(tx, context, chassis::to_json(to_message(payment))));
    return payment;
  };
  CO_TRY(auto payment, co_await database_.write(context.deadline, std::move(work)));
  committed_();
  co_return payment;
}

base::Task<Result<void>> SqlPaymentStore::refund_order(const CallContext& context, Payment tombstone) {
  db::Work work = [this, tombstone = std::move(tombstone), context](db::Transaction& tx) -> Result<void> {
    TRY(table_.insert(tx, tombstone, context));
    TRY(auto found, PaymentTable::find(tx, "order_id", tombstone.order_id));
    if (!found) return base::fail(ErrorCode::internal, "the payment that was there is gone");
    TRY(table_.ask_refund(tx, std::move(*found), context));
    return chassis::ledger::keep(tx, context);
  };
  co_return co_await write(context, std::move(work));
}

base::Task<Result<std::optional<Payment>>> SqlPaymentStore::find(const CallContext& context, std::string id) {
  using Found = std::optional<Payment>;
  std::function<Result<Found>(db::Transaction&)> work = [id = std::move(id)](db::Transaction& tx) -> Result<Found> {
    TRY(auto found, PaymentTable::find(tx, "id", id));
    return found ? Found(std::move(found->payment)) : Found();
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

base::Task<Result<std::vector<Payment>>> SqlPaymentStore::list(const CallContext& context, ports::PageOf page) {
  using List = std::vector<Payment>;
  std::function<Result<List>(db::Transaction&)> work = [page = std::move(page)](db::Transaction& tx) -> Result<List> {
    // UUIDv7 ids sort by time, and a page cut by id neither repeats nor skips when payments come in between.
    const std::string of_order = page.order_id.empty() ? "$2 = ''" : "order_id = $2";
    TRY(const auto found, tx.exec("SELECT " + PaymentTable::columns() + " FROM payments WHERE id > $1 AND " + of_order +
                                      " ORDER BY id LIMIT $3",
                                  {page.after, page.order_id, std::int64_t{page.limit}}));
    List payments;
    for (const auto& row : found.rows) payments.push_back(PaymentTable::read(row).payment);
    return payments;
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

}  // namespace payment_service::adapters
