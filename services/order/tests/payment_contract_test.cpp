// What order-service needs of payment-service's events.
#include "services/chassis/contract/suite.hpp"
#include "services/order/tests/answers_contract.hpp"

namespace order_service {
namespace {

using namespace chassis::contract;

struct PaymentPair {
  static constexpr const char* consumer = "order-service";
  static constexpr const char* provider = "payment-service";
};

using Members = std::vector<std::pair<std::string, Value>>;

Members payment(Members more) {
  more.insert(more.begin(), {"payment_id", uuid("01890a5d-ac96-774b-bcce-b302099a805a")});
  return more;
}
Members money() { return payment({{"amount_cents", integer(1000)}, {"currency", like("EUR")}}); }

class OrderPaymentContract : public Suite<PaymentPair> {
 protected:
  OrderPaymentContract() : shop("120000"), order(shop.place()) {}

  void expect(const std::string& state, const std::string& type, Members data) {
    contract.given(state)
        .upon_receiving("a " + type + " event")
        .with_event()
        .with_json(answer_event("payment-service", type, std::move(data)), "application/cloudevents+json");
  }
  void deliver(const std::string& type) { order_service::deliver(shop, contract, "payment-service", type, order); }

  Shop shop;
  const std::string order;
};

TEST_F(OrderPaymentContract, GoesOnWhenItIsPaid) {
  expect("a payment is authorized", "payment.authorized", money());
  deliver("payment.authorized");
  EXPECT_EQ(shop.status(order), "paid");
}

TEST_F(OrderPaymentContract, IsCancelledWhenItIsDeclined) {
  expect("a payment is declined", "payment.declined", payment({{"reason", not_empty("insufficient_funds")}}));
  deliver("payment.declined");
  EXPECT_EQ(shop.order(order)["reason"], "payment_declined");
}

TEST_F(OrderPaymentContract, IsCancelledWhenItIsPaidBack) {
  expect("a payment is refunded", "payment.refunded", money());
  ASSERT_EQ(shop.post("/v2/orders/" + order + "/cancel", "{}", "c-1").status, 200);
  deliver("payment.refunded");
  EXPECT_EQ(shop.status(order), "cancelled");
}

}  // namespace
}  // namespace order_service
