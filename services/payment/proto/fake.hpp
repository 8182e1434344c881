#pragma once
// payment-service for the tests of its callers: keeps what it was given as pending, or fails as it was told. What the
// provider would decide, the test sets in `payments`.

#include <map>
#include <optional>
#include <string>

#include "services/payment/proto/client.hpp"

namespace payment_service::client {

class FakePayments final : public Payments {
 public:
  using Answer = base::Result<payment::v1::Payment>;

  base::Task<Answer> create(const chassis::CallContext& /*context*/, payment::v1::CreatePaymentRequest request,
                            std::string once) override {
    if (failure) co_return *failure;
    if (const auto before = created_.find(once); before != created_.end()) co_return before->second;
    for (const auto& [id, known] : payments) {
      if (known.order_id() == request.order_id()) {
        co_return base::fail(base::ErrorCode::conflict, "the order has a payment: " + id);
      }
    }
    payment::v1::Payment payment;
    payment.set_id("payment-" + std::to_string(payments.size() + 1));
    payment.set_order_id(request.order_id());
    payment.set_status("pending");
    payment.set_amount_cents(request.amount_cents());
    payment.set_currency(request.currency());
    payments[payment.id()] = created_[once] = payment;
    co_return payment;
  }
  base::Task<Answer> get(const chassis::CallContext& /*context*/, std::string id) override {
    if (failure) co_return *failure;
    const auto found = payments.find(id);
    if (found == payments.end()) co_return unknown(id);
    co_return found->second;
  }
  base::Task<Answer> refund(const chassis::CallContext& /*context*/, std::string id, std::string /*once*/) override {
    if (failure) co_return *failure;
    const auto found = payments.find(id);
    if (found == payments.end()) co_return unknown(id);
    auto& payment = found->second;
    if (payment.status() == "declined") co_return base::fail(base::ErrorCode::conflict, "it was declined");
    if (payment.status() == "authorized") payment.set_status("refund_pending");
    if (payment.status() == "pending") payment.set_status("voided");
    co_return payment;
  }

  std::map<std::string, payment::v1::Payment> payments;
  std::optional<base::Error> failure;

 private:
  static base::Error unknown(const std::string& id) {
    return base::fail(base::ErrorCode::not_found, "there is no payment " + id);
  }

  std::map<std::string, payment::v1::Payment> created_;  // by key, as it was answered
};

}  // namespace payment_service::client
