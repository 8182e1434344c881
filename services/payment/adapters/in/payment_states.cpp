#include "services/payment/adapters/in/payment_states.hpp"

namespace payment_service::adapters {
namespace {

using base::Json;
using chassis::CallContext;
using chassis::text_param;
using domain::Status;
namespace db = chassis::db;

constexpr const char* usual_payment = "01890a5d-ac96-774b-bcce-b302099a8059";
constexpr const char* usual_order =
    "01890a5d-ac96-774b-bcce-b302099a805b";  // none that a state of order-service places
constexpr const char* own_lease = "provider state";

base::Result<std::int64_t> number_param(const Json& params, const std::string& key, std::int64_t fallback) {
  const auto found = params.find(key);
  if (found == params.end()) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  return base::fail(base::ErrorCode::invalid, "the state's parameter \"" + key + "\" must be a whole number");
}

base::Result<domain::Payment> payment_of(const Json& params, const std::string& usual_status) {
  domain::Payment payment;
  TRY(payment.id, text_param(params, "id", usual_payment));
  TRY(payment.order_id, text_param(params, "order_id", usual_order));
  TRY(const auto status, text_param(params, "status", usual_status));
  const auto known = domain::status_of(status);
  if (!known) return base::fail(base::ErrorCode::invalid, "there is no status \"" + status + "\" of a payment");
  payment.status = *known;
  TRY(payment.amount_cents, number_param(params, "amount_cents", 1000));
  TRY(payment.currency, text_param(params, "currency", "EUR"));
  TRY(payment.reason, text_param(params, "reason", *known == Status::declined ? "card_refused" : ""));
  TRY(payment.created_at, text_param(params, "created_at", "2026-01-02T03:04:05.000Z"));
  return payment;
}

Json values_of(const domain::Payment& payment) { return {{"id", payment.id}, {"order_id", payment.order_id}}; }

// States are told ids, orders draw theirs: a payment with another id is an order's, and without it nobody knew what the
// provider's booking is for.
base::Result<void> make_room(db::Transaction& tx, const std::string& id, const std::string& order_id) {
  TRY(tx.exec("DELETE FROM payments WHERE id = $1", {id}));
  TRY(const auto others, tx.exec("SELECT id FROM payments WHERE order_id = $1", {order_id}));
  if (others.rows.empty()) return base::success();
  return base::fail(base::ErrorCode::conflict, "order " + order_id + " has the payment " + others.rows.front().text(0) +
                                                   ": name another order_id in the state's parameters");
}

// In place of what another state made.
base::Task<base::Result<void>> put(StateParts parts, CallContext context, domain::Payment payment) {
  db::Work work = [payment = std::move(payment), context](db::Transaction& tx) -> base::Result<void> {
    TRY(make_room(tx, payment.id, payment.order_id));
    TRY(
        tx.exec("INSERT INTO payments (id, order_id, status, amount_cents, currency, reason, created_at, updated_at,"
                " traceparent, tracestate, request_id, waits_since, due_at, lease, attempt_until, tries)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, '', $9, 0, 0, $10, 0, 0)",
                {payment.id, payment.order_id, std::string(domain::name_of(payment.status)), payment.amount_cents,
                 payment.currency, payment.reason, payment.created_at, context.trace.traceparent(), context.request_id,
                 own_lease}));
    return base::success();
  };
  co_return co_await parts.database.write(context.deadline, std::move(work));
}

base::Task<base::Result<Json>> payment_exists(StateParts parts, CallContext context, Json params) {
  CO_TRY(auto payment, payment_of(params, "authorized"));
  auto values = values_of(payment);
  CO_TRY(co_await put(parts, std::move(context), std::move(payment)));
  co_return values;
}

base::Task<base::Result<Json>> no_payment(StateParts parts, CallContext context, Json params) {
  CO_TRY(const auto payment, payment_of(params, "voided"));
  db::Work work = [id = payment.id, order_id = payment.order_id](db::Transaction& tx) -> base::Result<void> {
    return make_room(tx, id, order_id);
  };
  CO_TRY(co_await parts.database.write(context.deadline, std::move(work)));
  co_return values_of(payment);
}

// As the worker would settle it, with the event.
base::Task<base::Result<Json>> settled(StateParts parts, CallContext context, Json params, Status from,
                                       domain::Input input) {
  params["status"] = domain::name_of(from);
  CO_TRY(auto payment, payment_of(params, ""));
  CO_TRY(auto reason, text_param(params, "reason", "card_refused"));
  auto values = values_of(payment);
  CO_TRY(co_await put(parts, context, payment));
  ports::Job job;
  job.payment = std::move(payment);
  job.context = std::move(context);
  job.lease = own_lease;
  CO_TRY(co_await parts.jobs.settle(job, input, std::move(reason)));
  co_return values;
}

base::Task<base::Result<Json>> is_authorized(StateParts parts, CallContext context, Json params) {
  co_return co_await settled(parts, std::move(context), std::move(params), Status::pending, domain::Input::charged);
}

base::Task<base::Result<Json>> is_declined(StateParts parts, CallContext context, Json params) {
  co_return co_await settled(parts, std::move(context), std::move(params), Status::pending, domain::Input::declined);
}

base::Task<base::Result<Json>> is_refunded(StateParts parts, CallContext context, Json params) {
  co_return co_await settled(parts, std::move(context), std::move(params), Status::refund_pending,
                             domain::Input::paid_back);
}

}  // namespace

void add_states(chassis::States& states, const StateParts& parts) {
  const auto with = [parts](auto state) -> chassis::States::Change {
    return [parts, state](CallContext context, Json params) {
      return state(parts, std::move(context), std::move(params));
    };
  };
  states.on("a payment exists", with(payment_exists), with(no_payment));
  for (const char* name : {"no such payment", "no payment exists"}) states.on(name, with(no_payment));
  states.on("a payment is authorized", with(is_authorized), with(no_payment));
  states.on("a payment is declined", with(is_declined), with(no_payment));
  states.on("a payment is refunded", with(is_refunded), with(no_payment));
}

}  // namespace payment_service::adapters
