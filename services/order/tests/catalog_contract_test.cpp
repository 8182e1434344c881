// What order-service asks of catalog-service over gRPC, and needs of its events.
#include <gtest/gtest.h>

#include "services/chassis/contract/suite.hpp"
#include "services/order/tests/answers_contract.hpp"

namespace order_service {
namespace {

using namespace chassis::contract;
using catalog::v1::GetPricesRequest;
using catalog::v1::GetPricesResponse;

struct CatalogPair {
  static constexpr const char* consumer = "order-service";
  static constexpr const char* provider = "catalog-service";
};

Value goods() { return each_like(object({{"sku", like("A1")}, {"quantity", integer(1)}})); }

class OrderCatalogContract : public Suite<CatalogPair> {
 protected:
  OrderCatalogContract() : world(config()), neighbours(world) { neighbours.catalog.reset(); }

  // Places an order with catalog-service being what the contract says.
  std::pair<int, base::Json> place(const std::string& sku = "A1") {
    catalog = world.rpc.serve("127.0.0.1", 9083, contract.rpc()).value();
    world.start(run);
    auto body = base::parse_json(order_body(ann)).value();
    body["items"][0]["sku"] = sku;
    return world.json("POST", "/v1/orders", base::dump_json(body));
  }
  void expect(const std::string& state, const std::string& type, std::vector<std::pair<std::string, Value>> data = {}) {
    contract.given(state)
        .upon_receiving("a " + type + " event")
        .with_event()
        .with_json(answer_event("catalog-service", type, std::move(data)), "application/cloudevents+json");
  }
  // An order that is paid and hears of its stock by the contract alone.
  std::string pay(Shop& shop) {
    shop.participants.stock = Mood::silent;
    const auto order = shop.place();
    shop.run();
    EXPECT_EQ(shop.status(order), "paid");
    return order;
  }
  void deliver(Shop& shop, const std::string& type, const std::string& order) {
    order_service::deliver(shop, contract, "catalog-service", type, order);
  }

  chassis::testing::FakeEnvironment world;
  Neighbours neighbours;
  std::unique_ptr<chassis::rpc::Server> catalog;
};

TEST_F(OrderCatalogContract, TakesOrdersAtThePriceOfTheDay) {
  contract.given("a sku exists", {{"sku", "A1"}, {"price_cents", 500}, {"currency", "EUR"}})
      .upon_receiving("a call for the price of a SKU")
      .with_call<GetPricesRequest, GetPricesResponse>("catalog.v1.CatalogService/GetPrices")
      .with_request(object({{"skus", "A1"}}))
      .will_respond_with(
          object({{"prices", list({object({{"sku", "A1"}, {"price_cents", 500}, {"currency", "EUR"}})})}}));
  EXPECT_EQ(place().first, 201);
}

TEST_F(OrderCatalogContract, RefusesOrdersOfWhatIsNotSold) {
  contract.given("no such sku", {{"sku", "NOT-SOLD"}})
      .upon_receiving("a call for the price of a SKU that is not sold")
      .with_call<GetPricesRequest, GetPricesResponse>("catalog.v1.CatalogService/GetPrices")
      .with_request(object({{"skus", "NOT-SOLD"}}))
      .will_respond_with(object({}));
  const auto [status, problem] = place("NOT-SOLD");
  EXPECT_EQ(status, 422);
  EXPECT_EQ(problem["errors"][0]["field"], "items[0].sku");
}

TEST_F(OrderCatalogContract, ConfirmsWhatIsReserved) {
  expect("stock is reserved", "stock.reserved", {{"items", goods()}});
  Shop shop("120000");
  const auto order = pay(shop);
  deliver(shop, "stock.reserved", order);
  EXPECT_EQ(shop.status(order), "confirmed");
}

TEST_F(OrderCatalogContract, PaysBackWhatIsRejected) {
  expect("stock is rejected", "stock.rejected", {{"reason", not_empty("sold_out")}, {"sku", like("A1")}});
  Shop shop("120000");
  const auto order = pay(shop);
  deliver(shop, "stock.rejected", order);
  EXPECT_EQ(shop.status(order), "cancelling");
  EXPECT_EQ(shop.order(order)["reason"], "sold_out");
}

TEST_F(OrderCatalogContract, PaysBackOnceNothingIsReserved) {
  expect("stock is released", "stock.released", {{"items", goods()}});
  Shop shop("120000");
  const auto order = pay(shop);
  ASSERT_EQ(shop.post("/v2/orders/" + order + "/cancel", "{}", "c-1").status, 200);
  deliver(shop, "stock.released", order);
  EXPECT_EQ(shop.told_of(order).back(), "order.refund_requested");
}

}  // namespace
}  // namespace order_service
