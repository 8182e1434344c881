#include "services/payment/proto/client.hpp"

namespace payment_service::client {
namespace {

using payment::v1::Payment;

class RpcPayments final : public Payments {
 public:
  explicit RpcPayments(chassis::ServiceClient service) : service_(std::move(service)) {}

  base::Task<base::Result<Payment>> create(const chassis::CallContext& context,
                                           payment::v1::CreatePaymentRequest request, std::string once) override {
    co_return co_await service_.unary<Payment>("/payment.v1.PaymentService/CreatePayment", context, request,
                                               std::move(once));
  }

  base::Task<base::Result<Payment>> get(const chassis::CallContext& context, std::string id) override {
    payment::v1::GetPaymentRequest request;
    request.set_id(std::move(id));
    co_return co_await service_.unary<Payment>("/payment.v1.PaymentService/GetPayment", context, request);
  }

  base::Task<base::Result<Payment>> refund(const chassis::CallContext& context, std::string id,
                                           std::string once) override {
    payment::v1::RefundPaymentRequest request;
    request.set_id(std::move(id));
    co_return co_await service_.unary<Payment>("/payment.v1.PaymentService/RefundPayment", context, request,
                                               std::move(once));
  }

 private:
  chassis::ServiceClient service_;
};

}  // namespace

base::Result<std::unique_ptr<Payments>> connect(chassis::Environment& env) {
  TRY(auto service, chassis::ServiceClient::connect(env, "payment-service"));
  return std::unique_ptr<Payments>(std::make_unique<RpcPayments>(std::move(service)));
}

}  // namespace payment_service::client
