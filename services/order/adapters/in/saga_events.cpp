#include "services/order/adapters/in/saga_events.hpp"

#include "services/catalog/proto/catalog.pb.h"
#include "services/payment/proto/payment.pb.h"

namespace order_service::adapters {
namespace {

using chassis::CallContext;
using chassis::consumer::Event;
using Heard = base::Task<base::Result<void>>;

// An answer that refuses nothing is its type alone.
template <class Message>
Heard on_answer(app::Orders& orders, CallContext context, Event event, Message message) {
  ports::Answer answer{message.order_id(), std::move(event.type), {}, {}};
  co_return co_await orders.hear(std::move(context), std::move(answer));
}

// Somebody else may have made a payment for the order before payment-service heard of it: what was charged counts.
Heard on_authorized(app::Orders& orders, CallContext context, Event event, payment::v1::PaymentAuthorized message) {
  ports::Answer answer{message.order_id(), std::move(event.type), {}, {}};
  answer.charge = ports::Charge{message.amount_cents(), message.currency()};
  co_return co_await orders.hear(std::move(context), std::move(answer));
}

// The user hears that it was declined; why is between them and their bank.
Heard on_declined(app::Orders& orders, CallContext context, Event event, payment::v1::PaymentDeclined message) {
  ports::Answer answer{message.order_id(), std::move(event.type), "payment_declined", message.reason()};
  co_return co_await orders.hear(std::move(context), std::move(answer));
}

Heard on_rejected(app::Orders& orders, CallContext context, Event event, catalog::v1::StockRejected message) {
  ports::Answer answer{message.order_id(), std::move(event.type), message.reason(), message.sku()};
  co_return co_await orders.hear(std::move(context), std::move(answer));
}

}  // namespace

void add_answers(chassis::Consumer& consumer, app::Orders& orders) {
  consumer.on("payment.authorized", orders, on_authorized);
  consumer.on("payment.declined", orders, on_declined);
  consumer.on("payment.refunded", orders, on_answer<payment::v1::PaymentRefunded>);
  consumer.on("stock.reserved", orders, on_answer<catalog::v1::StockReserved>);
  consumer.on("stock.rejected", orders, on_rejected);
  consumer.on("stock.released", orders, on_answer<catalog::v1::StockReleased>);
}

}  // namespace order_service::adapters
