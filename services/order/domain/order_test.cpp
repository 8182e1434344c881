#include "services/order/domain/order.hpp"

#include <gtest/gtest.h>

namespace order_service::domain {
namespace {

NewOrder good() { return {"u1", "EUR", {{"A1", 2, 500}, {"B-2", 1, 250}}}; }

std::string broken_fields(const NewOrder& order) {
  std::string fields;
  for (const auto& error : check(order)) fields += error.field + " ";
  return fields;
}

TEST(CheckOrder, AcceptsAGoodOne) { EXPECT_EQ(broken_fields(good()), ""); }

TEST(CheckOrder, NamesTheItemAndTheField) {
  NewOrder order = good();
  order.items[1] = {"", 0, -1};
  EXPECT_EQ(broken_fields(order), "items[1].sku items[1].quantity items[1].unit_price_cents ");
}

TEST(CheckOrder, WantsUserCurrencyAndItems) {
  EXPECT_EQ(broken_fields({}), "user_id currency items ");
  NewOrder order = good();
  order.currency = "eur";
  EXPECT_EQ(broken_fields(order), "currency ");
  order = good();
  order.items.assign(101, {"A1", 1, 1});
  EXPECT_EQ(broken_fields(order), "items ");
}

TEST(CheckOrder, RefusesATotalThatOverflows) {
  NewOrder order = good();
  order.items.assign(100, {"A1", 1'000'000, 1'000'000'000'000});
  EXPECT_EQ(broken_fields(order), "items ");
}

TEST(Total, SumsTheItems) {
  EXPECT_EQ(total(good().items), 1250);
  EXPECT_EQ(total({}), 0);
}

}  // namespace
}  // namespace order_service::domain
