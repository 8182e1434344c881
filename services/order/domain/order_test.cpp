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

TEST(CheckOrder, RefusesATotalThatCannotBeChargedAtOnce) {
  NewOrder order = good();
  order.items = {{"A1", 1'000, 1'000'000'000'000}};
  EXPECT_EQ(broken_fields(order), "");
  order.items.push_back({"A2", 1, 1});
  EXPECT_EQ(broken_fields(order), "items ");
  order.items.assign(100, {"A1", 1'000'000, 1'000'000'000'000});
  EXPECT_EQ(broken_fields(order), "items ");
}

TEST(CheckOrder, WantsATagOfALanguage) {
  NewOrder order = good();
  for (const char* tag : {"en", "pt-BR", "zh-Hant-TW"}) {
    order.language = tag;
    EXPECT_EQ(broken_fields(order), "") << tag;
  }
  for (const std::string& tag :
       {std::string(), std::string("-en"), std::string("en-"), std::string("en_GB"), std::string(36, 'a')}) {
    order.language = tag;
    EXPECT_EQ(broken_fields(order), "language ") << tag;
  }
}

std::string told(const std::vector<base::FieldError>& errors) {
  std::string text;
  for (const auto& error : errors) text += error.field + " " + error.message + "; ";
  return text;
}

TEST(CheckPrices, WhatIsNotSoldIsNamed) {
  EXPECT_EQ(told(check_sold(good(), {{"A1", {500, "EUR"}}, {"B-2", {250, "EUR"}}})), "");
  EXPECT_EQ(told(check_sold(good(), {{"A1", {500, "EUR"}}})), "items[1].sku is not sold; ");
  EXPECT_EQ(told(check_sold(good(), {{"A1", {500, "USD"}}})),
            "items[1].sku is not sold; currency must be USD, in which the prices are; ");
}

TEST(CheckPrices, APriceThatHasChangedIsTold) {
  EXPECT_EQ(told(check_prices(good(), {{"A1", {500, "EUR"}}, {"B-2", {250, "EUR"}}})), "");
  EXPECT_EQ(told(check_prices(good(), {{"A1", {499, "EUR"}}, {"B-2", {260, "EUR"}}})),
            "items[0].unit_price_cents is 499 now; items[1].unit_price_cents is 260 now; ");
}

TEST(MayBeCancelled, UntilItIsConfirmed) {
  Order order;
  for (const char* status : {placed, paid, cancelling, cancelled}) {
    order.status = status;
    EXPECT_TRUE(may_be_cancelled(order)) << status;
  }
  order.status = confirmed;
  EXPECT_FALSE(may_be_cancelled(order));
}

TEST(Goods, NamesEachSkuOnce) {
  const auto merged = goods({{"A1", 2, 500}, {"B-2", 1, 250}, {"A1", 3, 500}});
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].quantity, 5);
  EXPECT_EQ(merged[1].sku, "B-2");
}

TEST(Total, SumsTheItems) {
  EXPECT_EQ(total(good().items), 1250);
  EXPECT_EQ(total({}), 0);
}

}  // namespace
}  // namespace order_service::domain
