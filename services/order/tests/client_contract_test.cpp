// What callers may rely on in order_service::client::Orders, checked on the fake and on the client with the real
// service behind it.
#include <optional>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "services/order/proto/client.hpp"
#include "services/order/proto/fake.hpp"
#include "services/order/tests/order_fixture.hpp"

namespace order_service {
namespace {

using chassis::testing::FakeEnvironment;
using client::Orders;

// It is its own caller here.
chassis::Config own_caller() {
  auto made = config();
  made.calls["order-service"] = {"127.0.0.1:9082", std::chrono::seconds(2)};
  return made;
}

class Subject {
 public:
  explicit Subject(bool fake) : world_(own_caller()) {
    if (fake) {
      auto made = std::make_unique<client::FakeOrders>();
      fake_ = made.get();
      orders_ = std::move(made);
      return;
    }
    neighbours_ = std::make_unique<Neighbours>(world_);
    world_.start(run);
    orders_ = client::connect(world_.env).value();
  }

  base::Result<order::v1::Order> place() {
    order::v1::PlaceOrderRequest request;
    request.set_user_id(ann);
    request.set_currency("EUR");
    auto* item = request.add_items();
    item->set_sku("A1");
    item->set_quantity(2);
    item->set_unit_price_cents(500);
    return ask([this, request](const chassis::CallContext& context) { return orders_->place(context, request); });
  }
  base::Result<order::v1::Order> get(const std::string& id) {
    return ask([this, id](const chassis::CallContext& context) { return orders_->get(context, id); });
  }
  void take_away() {
    if (fake_ != nullptr) fake_->failure = base::fail(base::ErrorCode::unavailable, "order-service is not available");
    if (fake_ == nullptr) world_.stop();
  }

 private:
  using Question = std::function<base::Task<base::Result<order::v1::Order>>(const chassis::CallContext&)>;

  base::Result<order::v1::Order> ask(const Question& question) {
    chassis::CallContext context;
    context.trace = chassis::continue_trace("", "", world_.random);
    context.request_id = "r";
    context.deadline = world_.clock.monotonic() + std::chrono::seconds(1);
    return world_.ask(question(context)).value();
  }

  FakeEnvironment world_;
  client::FakeOrders* fake_ = nullptr;
  std::unique_ptr<Neighbours> neighbours_;
  std::unique_ptr<Orders> orders_;
};

class OrdersContract : public testing::TestWithParam<bool> {};

TEST_P(OrdersContract, PlacesReadsAndFails) {
  Subject subject(GetParam());
  const auto placed = subject.place();
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_EQ(placed.value().status(), "placed");
  EXPECT_EQ(placed.value().total_cents(), 1000);
  const auto read = subject.get(placed.value().id());
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value().SerializeAsString(), placed.value().SerializeAsString());
  const auto unknown = subject.get("none");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::not_found);
  subject.take_away();
  EXPECT_EQ(subject.get(placed.value().id()).error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(subject.place().error().code, base::ErrorCode::unavailable);
}

INSTANTIATE_TEST_SUITE_P(FakeAndReal, OrdersContract, testing::Values(true, false));

}  // namespace
}  // namespace order_service
