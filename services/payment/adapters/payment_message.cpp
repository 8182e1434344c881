#include "services/payment/adapters/payment_message.hpp"

namespace payment_service::adapters {

payment::v1::Payment to_message(const domain::Payment& payment) {
  payment::v1::Payment message;
  message.set_id(payment.id);
  message.set_order_id(payment.order_id);
  message.set_status(std::string(domain::public_name_of(payment.status)));
  message.set_amount_cents(payment.amount_cents);
  message.set_currency(payment.currency);
  message.set_reason(payment.reason);
  message.set_created_at(payment.created_at);
  message.set_updated_at(payment.updated_at);
  return message;
}

payment::v1::PaymentAuthorized to_authorized(const domain::Payment& payment) {
  payment::v1::PaymentAuthorized message;
  message.set_payment_id(payment.id);
  message.set_order_id(payment.order_id);
  message.set_amount_cents(payment.amount_cents);
  message.set_currency(payment.currency);
  return message;
}

payment::v1::PaymentDeclined to_declined(const domain::Payment& payment) {
  payment::v1::PaymentDeclined message;
  message.set_payment_id(payment.id);
  message.set_order_id(payment.order_id);
  message.set_reason(payment.reason);
  return message;
}

payment::v1::PaymentRefunded to_refunded(const domain::Payment& payment) {
  payment::v1::PaymentRefunded message;
  message.set_order_id(payment.order_id);
  message.set_currency(payment.currency);
  if (!payment.is_tombstone()) message.set_payment_id(payment.id);
  if (domain::was_charged(payment.status)) message.set_amount_cents(payment.amount_cents);
  return message;
}

}  // namespace payment_service::adapters
