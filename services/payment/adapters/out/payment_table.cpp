#include "services/payment/adapters/out/payment_table.hpp"

#include "base/ids.hpp"
#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/outbox/outbox.hpp"
#include "services/payment/adapters/payment_message.hpp"

namespace payment_service::adapters {

namespace db = chassis::db;

using base::Result;
using domain::Input;
using domain::Status;
using domain::Tell;

namespace {

Result<void> write(db::Transaction& tx, const Kept& kept) {
  TRY(
      tx.exec("UPDATE payments SET status = $2, reason = $3, updated_at = $4, traceparent = $5, tracestate = $6,"
              " request_id = $7, waits_since = $8, due_at = $9, lease = $10, attempt_until = $11, tries = $12"
              " WHERE id = $1",
              {kept.payment.id, std::string(domain::name_of(kept.payment.status)), kept.payment.reason,
               kept.payment.updated_at, kept.traceparent, kept.tracestate, kept.request_id, kept.waits_since,
               kept.due_at, kept.lease, kept.attempt_until, kept.tries}));
  return base::success();
}

// The schemas' names, not addresses to fetch; a later version gets another one.
struct Told {
  const char* type;
  const char* schema;
  base::Json data;
};

Told told_of(const domain::Payment& payment, Tell tell) {
  switch (tell) {
    case Tell::authorized:
      return {"payment.authorized", "urn:msctl:event:payment.authorized:1", chassis::to_json(to_authorized(payment))};
    case Tell::declined:
      return {"payment.declined", "urn:msctl:event:payment.declined:1", chassis::to_json(to_declined(payment))};
    case Tell::refunded:
    case Tell::nothing:
      break;
  }
  return {"payment.refunded", "urn:msctl:event:payment.refunded:1", chassis::to_json(to_refunded(payment))};
}

}  // namespace

const std::string& PaymentTable::columns() {
  static const std::string names =
      "id, order_id, status, amount_cents, currency, reason, created_at, updated_at, traceparent, tracestate,"
      " request_id, waits_since, due_at, lease, attempt_until, tries";
  return names;
}

Kept PaymentTable::read(const db::Row& row) {
  Kept kept;
  kept.payment = {row.text(0),    row.text(1), domain::status_of(row.text(2)).value_or(Status::voided),
                  row.integer(3), row.text(4), row.text(5),
                  row.text(6),    row.text(7)};
  kept.traceparent = row.text(8);
  kept.tracestate = row.text(9);
  kept.request_id = row.text(10);
  kept.waits_since = row.integer(11);
  kept.due_at = row.integer(12);
  kept.lease = row.text(13);
  kept.attempt_until = row.integer(14);
  kept.tries = row.integer(15);
  return kept;
}

std::int64_t PaymentTable::now_ms() const { return clock_.wall().time_since_epoch().count(); }

Result<bool> PaymentTable::insert(db::Transaction& tx, const domain::Payment& payment,
                                  const chassis::CallContext& context) const {
  const auto due = domain::has_work(payment.status) ? now_ms() : 0;
  TRY(const auto added,
      tx.exec("INSERT INTO payments (" + columns() +
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, '', 0, 0)"
                  " ON CONFLICT (order_id) DO NOTHING",
              {payment.id, payment.order_id, std::string(domain::name_of(payment.status)), payment.amount_cents,
               payment.currency, payment.reason, payment.created_at, payment.updated_at, context.trace.traceparent(),
               context.trace.tracestate, context.request_id, due}));
  return added.changed == 1;
}

Result<std::optional<Kept>> PaymentTable::find(db::Transaction& tx, const std::string& column,
                                               const std::string& value) {
  TRY(const auto found, tx.exec("SELECT " + columns() + " FROM payments WHERE " + column + " = $1", {value}));
  if (found.rows.empty()) return std::optional<Kept>();
  return std::optional<Kept>(read(found.rows.front()));
}

// An attempt in doubt stays one as long as that is what the payment waits for; else everything begins anew.
void PaymentTable::enter(Kept& kept, Status next) const {
  const bool was_waiting = domain::has_work(kept.payment.status);
  kept.payment.status = next;
  kept.payment.updated_at = base::to_rfc3339(clock_.wall());
  if (next == Status::void_pending) return;
  kept.due_at = domain::has_work(next) ? now_ms() : 0;
  if (!was_waiting) kept.waits_since = kept.due_at;
  kept.lease.clear();
  kept.attempt_until = 0;
  kept.tries = 0;
}

Result<domain::Payment> PaymentTable::apply(db::Transaction& tx, Kept kept, Input input, const std::string& reason,
                                            const chassis::CallContext& context) const {
  const auto [next, to_tell] = domain::step(kept.payment.status, input);
  if (next != kept.payment.status) {
    enter(kept, next);
    if (next == Status::declined) kept.payment.reason = reason;
    TRY(write(tx, kept));
  }
  TRY(tell(tx, kept.payment, to_tell, context));
  return std::move(kept.payment);
}

Result<domain::Payment> PaymentTable::ask_refund(db::Transaction& tx, Kept kept,
                                                 const chassis::CallContext& context) const {
  const auto input = kept.attempt_until > 0 ? Input::refund_asked_in_doubt : Input::refund_asked;
  kept.traceparent = context.trace.traceparent();
  kept.tracestate = context.trace.tracestate;
  kept.request_id = context.request_id;
  return apply(tx, std::move(kept), input, {}, context);
}

Result<void> PaymentTable::tell(db::Transaction& tx, const domain::Payment& payment, Tell tell,
                                const chassis::CallContext& context) const {
  if (tell == Tell::nothing) return base::success();
  auto told = told_of(payment, tell);
  const chassis::outbox::Event event{
      base::uuid_v7(clock_, random_),  told.type,   "/" + service_,      payment.order_id,
      base::to_rfc3339(clock_.wall()), told.schema, std::move(told.data)};
  return chassis::outbox::append(tx, service_, event, context, schemas_);
}

}  // namespace payment_service::adapters
