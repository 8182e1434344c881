#include "services/order/adapters/order_message.hpp"

namespace order_service::adapters {

namespace {

template <class Message>
void add_items(const domain::Order& order, Message& message) {
  for (const auto& item : order.items) {
    auto* added = message.add_items();
    added->set_sku(item.sku);
    added->set_quantity(static_cast<std::int32_t>(item.quantity));
    added->set_unit_price_cents(item.unit_price_cents);
  }
}

// What the end of an order tells, whichever end it is.
template <class Message>
Message ended(const domain::Order& order) {
  Message message;
  message.set_order_id(order.id);
  message.set_user_id(order.user_id);
  message.set_currency(order.currency);
  message.set_total_cents(order.total_cents);
  message.set_language(order.language);
  return message;
}

template <class Message>
Message requested(const domain::Order& order) {
  Message message;
  message.set_order_id(order.id);
  message.set_reason(order.reason);
  return message;
}

}  // namespace

order::v1::Order to_message(const domain::Order& order) {
  order::v1::Order message;
  message.set_id(order.id);
  message.set_user_id(order.user_id);
  message.set_status(order.status);
  message.set_currency(order.currency);
  message.set_total_cents(order.total_cents);
  message.set_created_at(order.created_at);
  message.set_updated_at(order.updated_at);
  message.set_reason(order.reason);
  message.set_language(order.language);
  add_items(order, message);
  return message;
}

order::v1::OrderPlaced to_placed(const domain::Order& order) {
  order::v1::OrderPlaced message;
  message.set_order_id(order.id);
  message.set_user_id(order.user_id);
  message.set_currency(order.currency);
  message.set_total_cents(order.total_cents);
  add_items(order, message);
  return message;
}

order::v1::OrderPaid to_paid(const domain::Order& order) {
  order::v1::OrderPaid message;
  message.set_order_id(order.id);
  message.set_user_id(order.user_id);
  for (const auto& item : domain::goods(order.items)) {
    auto* line = message.add_items();
    line->set_sku(item.sku);
    line->set_quantity(item.quantity);
  }
  return message;
}

order::v1::OrderConfirmed to_confirmed(const domain::Order& order) { return ended<order::v1::OrderConfirmed>(order); }

order::v1::OrderCancelled to_cancelled(const domain::Order& order) {
  auto message = ended<order::v1::OrderCancelled>(order);
  message.set_reason(order.reason);
  return message;
}

order::v1::OrderRefundRequested to_refund_requested(const domain::Order& order) {
  return requested<order::v1::OrderRefundRequested>(order);
}

order::v1::OrderReleaseRequested to_release_requested(const domain::Order& order) {
  return requested<order::v1::OrderReleaseRequested>(order);
}

}  // namespace order_service::adapters
