// What callers may rely on in payment_service::client::Payments, checked on the fake and on the client with the real
// service behind it.
#include "services/payment/proto/client.hpp"

#include "services/payment/proto/fake.hpp"
#include "services/payment/tests/payment_fixture.hpp"

namespace payment_service {
namespace {

using client::Payments;
using payment::v1::Payment;

class PaymentsContract : public PaymentFixture, public testing::WithParamInterface<bool> {
 protected:
  PaymentsContract() : PaymentFixture(own()) {
    if (GetParam()) {
      auto made = std::make_unique<client::FakePayments>();
      fake = made.get();
      payments = std::move(made);
    } else {
      timed_http.away.insert(provider_port);  // until authorize()
      payments = client::connect(world.env).value();
    }
  }
  static chassis::Config own() {
    auto own = config();
    own.calls["payment-service"] = {"127.0.0.1:9083", std::chrono::seconds(2)};  // it is its own caller here
    return own;
  }
  base::Result<Payment> ask(const std::function<base::Task<base::Result<Payment>>(const chassis::CallContext&)>& what) {
    chassis::CallContext context;
    context.trace = chassis::continue_trace("", "", world.random);
    context.request_id = "r";
    context.deadline = world.clock.monotonic() + std::chrono::seconds(1);
    return world.ask(what(context)).value();
  }
  base::Result<Payment> create(const std::string& order, const std::string& once) {
    payment::v1::CreatePaymentRequest request;
    request.set_order_id(order);
    request.set_amount_cents(1250);
    request.set_currency("EUR");
    return ask([&](const chassis::CallContext& context) { return payments->create(context, request, once); });
  }
  base::Result<Payment> get(const std::string& id) {
    return ask([&](const chassis::CallContext& context) { return payments->get(context, id); });
  }
  base::Result<Payment> refund(const std::string& id) {
    return ask([&](const chassis::CallContext& context) { return payments->refund(context, id, "refund-" + id); });
  }
  void authorize(const std::string& id) {
    if (fake != nullptr) fake->payments[id].set_status("authorized");
    timed_http.away.clear();
    world.advance(std::chrono::seconds(5));
  }
  void take_away() {
    if (fake != nullptr) fake->failure = base::fail(base::ErrorCode::unavailable, "payment-service is not available");
    if (fake == nullptr) world.stop();
  }

  client::FakePayments* fake = nullptr;
  std::unique_ptr<Payments> payments;
};

TEST_P(PaymentsContract, CreatesReadsRefundsAndFails) {
  const auto made = create("o-1", "k-1");
  ASSERT_TRUE(made) << made.error().message;
  const auto id = made.value().id();
  EXPECT_EQ(made.value().status(), "pending");
  EXPECT_EQ(get(id).value().SerializeAsString(), made.value().SerializeAsString());
  EXPECT_EQ(create("o-1", "k-2").error().code, base::ErrorCode::conflict);
  EXPECT_EQ(create("o-1", "k-1").value().SerializeAsString(), made.value().SerializeAsString()) << "the same request";
  EXPECT_EQ(get("none").error().code, base::ErrorCode::not_found);
  EXPECT_EQ(refund("none").error().code, base::ErrorCode::not_found);
  authorize(id);
  EXPECT_EQ(get(id).value().status(), "authorized");
  EXPECT_EQ(refund(id).value().status(), "refund_pending");
  take_away();
  EXPECT_EQ(get(id).error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(create("o-2", "k-3").error().code, base::ErrorCode::unavailable);
}

INSTANTIATE_TEST_SUITE_P(FakeAndReal, PaymentsContract, testing::Values(true, false));

}  // namespace
}  // namespace payment_service
