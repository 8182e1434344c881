#include "services/order/adapters/out/sql_order_store.hpp"

#include "services/chassis/api/json_mapping.hpp"
#include "services/chassis/ledger/ledger.hpp"
#include "services/order/adapters/order_message.hpp"
#include "services/order/adapters/out/order_rows.hpp"

namespace order_service::adapters {

namespace db = chassis::db;
namespace saga = chassis::saga;

namespace {

using Moved = std::optional<saga::Transition>;
using Found = std::optional<domain::Order>;

// What a cancellation left behind.
struct Cancelled {
  Moved moved;
  Found order;
};

constexpr const char* other_payment = "payment_mismatch";

bool is_for(const ports::Charge& charge, const domain::Order& order) {
  return charge.amount_cents == order.total_cents && charge.currency == order.currency;
}

base::Json answer_with(const domain::Order& order) { return chassis::to_json(to_message(order)); }

}  // namespace

base::Task<base::Result<void>> SqlOrderStore::place(const chassis::CallContext& context, domain::Order order) {
  std::function<base::Result<Moved>(db::Transaction&)> work = [this, order = std::move(order),
                                                               context](db::Transaction& tx) -> base::Result<Moved> {
    TRY(insert_order(tx, order));
    TRY(auto begun, saga_.begin(tx, context, order.id));
    TRY(chassis::ledger::keep(tx, context, answer_with(order)));
    return Moved(std::move(begun));
  };
  CO_TRY(const auto begun, co_await database_.write(context.deadline, std::move(work)));
  saga_.committed(begun);
  co_return base::success();
}

base::Task<base::Result<void>> SqlOrderStore::hear(const chassis::CallContext& context, ports::Answer answer) {
  auto event = saga::answer_of(saga_.definition(), answer.event);
  if (!event) co_return base::fail(base::ErrorCode::internal, answer.event + " is no answer in the saga of an order");
  event->reason = std::move(answer.reason);
  event->detail = std::move(answer.detail);
  std::function<base::Result<Moved>(db::Transaction&)> work = [this, answer = std::move(answer), event = *event,
                                                               context](db::Transaction& tx) -> base::Result<Moved> {
    const saga::Event mismatch{saga::What::cancel, 0, other_payment, {}};
    bool is_paid = true;
    if (answer.charge) {
      TRY(const auto order, find_order(tx, answer.order_id));
      is_paid = !order || is_for(*answer.charge, *order);
    }
    TRY(auto moved, saga_.advance(tx, context, answer.order_id, is_paid ? event : mismatch));
    // Nobody has asked for it yet, so the payment was paid back before the order was paid by it.
    if (!moved && event.what == saga::What::compensated) {
      TRY(moved, saga_.advance(tx, context, answer.order_id, mismatch));
    }
    TRY(chassis::ledger::keep(tx, context));
    return moved;
  };
  CO_TRY(const auto moved, co_await database_.write(context.deadline, std::move(work)));
  saga_.committed(moved);
  co_return base::success();
}

base::Task<base::Result<std::optional<domain::Order>>> SqlOrderStore::cancel(const chassis::CallContext& context,
                                                                             std::string id, std::string reason) {
  const saga::Event event{saga::What::cancel, 0, reason, {}};
  std::function<base::Result<Cancelled>(db::Transaction&)> work =
      [this, id = std::move(id), event, context](db::Transaction& tx) -> base::Result<Cancelled> {
    Cancelled cancelled;
    TRY(cancelled.order, find_order(tx, id));
    if (!cancelled.order) return cancelled;
    if (!domain::may_be_cancelled(*cancelled.order)) {
      return base::fail(base::ErrorCode::conflict, "order " + id + " is confirmed and cannot be cancelled any more");
    }
    TRY(cancelled.moved, saga_.advance(tx, context, id, event));
    TRY(cancelled.order, find_order(tx, id));
    TRY(chassis::ledger::keep(tx, context, answer_with(*cancelled.order)));
    return cancelled;
  };
  CO_TRY(auto cancelled, co_await database_.write(context.deadline, std::move(work)));
  saga_.committed(cancelled.moved);
  co_return std::move(cancelled.order);
}

base::Task<base::Result<std::optional<domain::Order>>> SqlOrderStore::find(const chassis::CallContext& context,
                                                                           std::string id) {
  std::function<base::Result<Found>(db::Transaction&)> work = [id = std::move(id)](db::Transaction& tx) {
    return find_order(tx, id);
  };
  co_return co_await database_.read(context.deadline, std::move(work));
}

base::Task<base::Result<std::vector<domain::Order>>> SqlOrderStore::list(const chassis::CallContext& context,
                                                                         std::string user_id, std::string before,
                                                                         int limit) {
  std::function<base::Result<std::vector<domain::Order>>(db::Transaction&)> work =
      [user_id = std::move(user_id), before = std::move(before), limit](db::Transaction& tx) {
        return list_orders(tx, user_id, before, limit);
      };
  co_return co_await database_.read(context.deadline, std::move(work));
}

}  // namespace order_service::adapters
