#include "services/catalog/domain/stock.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace catalog_service::domain {
namespace {

using base::ErrorCode;

Stock after(const std::vector<StockEvent>& events) {
  Stock stock;
  for (const auto& event : events) stock = apply(stock, event).value();
  return stock;
}

TEST(Stock, FollowsFromWhatHappened) {
  EXPECT_EQ(after({}), (Stock{0, 0, 0, 0}));
  EXPECT_EQ(after({{Change::received, 10}}), (Stock{1, 10, 0, 10}));
  EXPECT_EQ(after({{Change::received, 10}, {Change::reserved, 4, "o"}}), (Stock{2, 6, 4, 10}));
  EXPECT_EQ(after({{Change::received, 10}, {Change::reserved, 4, "o"}, {Change::released, 4, "o"}}),
            (Stock{3, 10, 0, 10}));
}

TEST(Stock, WhatCannotHaveHappenedIsADefect) {
  const Stock stock{7, 5, 3, 8};
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const auto& event :
       {StockEvent{Change::reserved, 6, "o"}, StockEvent{Change::released, 4, "o"}, StockEvent{Change::received, 0},
        StockEvent{Change::received, -1}, StockEvent{Change::received, most}, StockEvent{Change::reserved, most, "o"},
        StockEvent{Change::received, max_stock - 7}}) {
    const auto next = apply(stock, event);
    ASSERT_FALSE(next) << event.quantity;
    EXPECT_EQ(next.error().code, ErrorCode::internal);
    EXPECT_EQ(next.error().message.find("stock event 8 "), 0U) << next.error().message;
  }
}

TEST(Stock, ReservesWhatThereIsAndNoMore) {
  const Stock stock{1, 5, 0, 5};
  EXPECT_EQ(reserve(stock, 5, "o"), (StockEvent{Change::reserved, 5, "o"}));
  EXPECT_EQ(reserve(stock, 6, "o"), std::nullopt);
  EXPECT_EQ(reserve(stock, 0, "o"), std::nullopt);
  EXPECT_EQ(reserve(stock, -5, "o"), std::nullopt);
  EXPECT_EQ(reserve({}, 1, "o"), std::nullopt);
}

TEST(Stock, ReceivesUpToALimit) {
  EXPECT_EQ(receive({}, max_stock).value(), (StockEvent{Change::received, max_stock}));
  const Stock stock{2, 1, 2, 3};
  EXPECT_TRUE(receive(stock, max_stock - 3));
  for (const std::int64_t quantity :
       {std::int64_t{0}, std::int64_t{-1}, max_stock - 2, std::numeric_limits<std::int64_t>::max()}) {
    const auto refused = receive(stock, quantity);
    ASSERT_FALSE(refused) << quantity;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_EQ(refused.error().fields.at(0).field, "quantity");
  }
}

// Whatever is asked for in whatever order, nothing comes from nowhere and nothing is lost; and reading the events again
// from any snapshot leads to where deciding them led.
TEST(Stock, IsConservedAndReplayable) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(bound)); };
    Stock stock;
    std::vector<StockEvent> history;
    std::vector<Stock> states{stock};
    std::vector<std::int64_t> held;
    std::int64_t came_in = 0;
    for (int i = 0; i < 120; ++i) {
      std::optional<StockEvent> event;
      const auto what = below(3);
      if (what == 0) event = receive(stock, 1 + below(20)).value();
      if (what == 1) event = reserve(stock, 1 + below(25), "o");
      if (what == 2 && !held.empty()) {
        event = release(held.back(), "o");
        held.pop_back();
      }
      if (!event) continue;
      if (event->change == Change::received) came_in += event->quantity;
      if (event->change == Change::reserved) held.push_back(event->quantity);
      stock = apply(stock, *event).value();
      history.push_back(*event);
      states.push_back(stock);
      ASSERT_EQ(stock.available + stock.reserved, came_in) << "seed " << seed;
      ASSERT_EQ(stock.received, came_in);
      ASSERT_GE(stock.available, 0);
      ASSERT_GE(stock.reserved, 0);
    }
    for (std::size_t from = 0; from < states.size(); from += 10) {
      Stock replayed = states[from];
      for (std::size_t i = from; i < history.size(); ++i) replayed = apply(replayed, history[i]).value();
      ASSERT_EQ(replayed, stock) << "seed " << seed << " from " << from;
    }
  }
}

}  // namespace
}  // namespace catalog_service::domain
