// What an order costs is what catalog-service says.
#include "services/order/tests/order_fixture.hpp"

namespace order_service {
namespace {

using base::Json;

class OrderPrice : public OrderFixture {
 protected:
  struct Line {
    std::string sku;
    std::int64_t price;
  };
  std::pair<int, Json> place(const std::vector<Line>& lines, const std::string& currency = "EUR") {
    Json order{{"user_id", ann}, {"currency", currency}, {"items", Json::array()}};
    for (const auto& line : lines) {
      order["items"].push_back({{"sku", line.sku}, {"quantity", 1}, {"unit_price_cents", line.price}});
    }
    return world.json("POST", "/v1/orders", base::dump_json(order));
  }
};

TEST_F(OrderPrice, TheRightOneIsTaken) {
  neighbours.prices = {{"A1", 500}, {"B2", 0}};
  const auto [status, order] = place({{"A1", 500}, {"B2", 0}, {"A1", 500}});
  EXPECT_EQ(status, 201) << order;
  EXPECT_EQ(order["total_cents"], 1000);
}

TEST_F(OrderPrice, WhatIsNotSoldIs422) {
  const auto [status, problem] = place({{"A1", 500}, {"B2", 100}});
  EXPECT_EQ(status, 422);
  ASSERT_EQ(problem["errors"].size(), 1U);
  EXPECT_EQ(problem["errors"][0]["field"], "items[1].sku");
  EXPECT_EQ(problem["errors"][0]["message"], "is not sold");
}

TEST_F(OrderPrice, AnotherCurrencyIs422) {
  const auto [status, problem] = place({{"A1", 500}}, "USD");
  EXPECT_EQ(status, 422);
  EXPECT_EQ(problem["errors"][0]["field"], "currency");
}

TEST_F(OrderPrice, APriceThatHasChangedIs409AndTold) {
  neighbours.prices["A1"] = 550;
  const auto [status, problem] = place({{"A1", 500}});
  EXPECT_EQ(status, 409);
  EXPECT_EQ(problem["type"], "urn:msctl:problem:conflict");
  EXPECT_EQ(problem["errors"][0]["field"], "items[0].unit_price_cents");
  EXPECT_EQ(problem["errors"][0]["message"], "is 550 now");
  EXPECT_EQ(place({{"A1", 550}}).first, 201);
}

TEST_F(OrderPrice, NothingIsPlacedWhileItCannotBeKnown) {
  neighbours.catalog.reset();
  const auto [status, problem] = place({{"A1", 500}});
  EXPECT_EQ(status, 503);
  EXPECT_NE(problem["detail"].get<std::string>().find("catalog-service"), std::string::npos) << problem;
  EXPECT_EQ(world.json("GET", "/v2/orders").second["orders"].size(), 0U);
  neighbours.start_catalog();
  EXPECT_EQ(place({{"A1", 500}}).first, 201);
}

TEST_F(OrderPrice, TheLanguageIsKept) {
  const std::string body = R"({"user_id":")" + std::string(ann) +
                           R"(","currency":"EUR","language":"pt-BR","items":[{"sku":"A1","quantity":1,)"
                           R"("unit_price_cents":500}]})";
  EXPECT_EQ(world.json("POST", "/v1/orders", body).second["language"], "pt-BR");
  EXPECT_EQ(place({{"A1", 500}}).second["language"], "en");
}

TEST_F(OrderPrice, ListsTheOrdersOfEverybodyInTheNewerVersionOnly) {
  for (int i = 0; i < 3; ++i) {
    place({{"A1", 500}});
    world.advance(std::chrono::milliseconds(2));
  }
  const auto [status, page] = world.json("GET", "/v2/orders?page_size=2");
  ASSERT_EQ(status, 200);
  EXPECT_EQ(page["orders"].size(), 2U);
  EXPECT_GT(page["orders"][0]["id"], page["orders"][1]["id"]);
  const std::string token = page["next_page_token"];
  EXPECT_EQ(world.json("GET", "/v2/orders?page_size=2&page_token=" + token).second["orders"].size(), 1U);
  EXPECT_EQ(world.json("GET", "/v1/orders").first, 422);
}

}  // namespace
}  // namespace order_service
