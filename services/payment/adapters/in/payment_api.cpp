#include "services/payment/adapters/in/payment_api.hpp"

#include "services/payment/adapters/payment_message.hpp"
#include "services/payment/proto/payment.pb.h"

namespace payment_service::adapters {
namespace {

using payment::v1::CreatePaymentRequest;
using payment::v1::GetPaymentRequest;
using payment::v1::ListPaymentsRequest;
using payment::v1::ListPaymentsResponse;
using payment::v1::Payment;
using payment::v1::RefundPaymentRequest;

base::Task<base::Result<Payment>> create(app::Payments& payments, chassis::CallContext context,
                                         CreatePaymentRequest request) {
  domain::NewPayment wanted{request.order_id(), request.amount_cents(), request.currency()};
  CO_TRY(const auto payment, co_await payments.create(std::move(context), std::move(wanted)));
  co_return to_message(payment);
}

base::Task<base::Result<Payment>> get(app::Payments& payments, chassis::CallContext context,
                                      GetPaymentRequest request) {
  CO_TRY(const auto payment, co_await payments.get(std::move(context), request.id()));
  co_return to_message(payment);
}

base::Task<base::Result<ListPaymentsResponse>> list(app::Payments& payments, chassis::CallContext context,
                                                    ListPaymentsRequest request) {
  app::PageRequest wanted{request.order_id(), request.page_size(), request.page_token()};
  CO_TRY(const auto page, co_await payments.list(std::move(context), std::move(wanted)));
  ListPaymentsResponse message;
  for (const auto& payment : page.items) *message.add_payments() = to_message(payment);
  message.set_next_page_token(page.next_token);
  co_return message;
}

base::Task<base::Result<Payment>> refund(app::Payments& payments, chassis::CallContext context,
                                         RefundPaymentRequest request) {
  CO_TRY(const auto payment, co_await payments.refund(std::move(context), request.id()));
  co_return to_message(payment);
}

}  // namespace

void add_routes(chassis::Api& api, app::Payments& payments) {
  const chassis::RouteOptions once{chassis::OnceKey::required};
  api.route("POST /v1/payments", "CreatePayment", payments, create, chassis::created("/v1/payments/{id}"),
            {"Keeps a payment, which is authorised some time after", {"order_id", "amount_cents", "currency"}}, once);
  api.route("GET /v1/payments/{id}", "GetPayment", payments, get, {}, {"One payment"});
  api.route("GET /v1/payments", "ListPayments", payments, list, {}, {"Payments, oldest first"});
  api.route("POST /v1/payments/{id}/refund", "RefundPayment", payments, refund, {},
            {"Asks to pay all of it back, which is done some time after"}, once);
}

}  // namespace payment_service::adapters
