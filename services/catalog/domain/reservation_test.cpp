#include "services/catalog/domain/reservation.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace catalog_service::domain {
namespace {

const std::vector<Item> wanted{{"A1", 2}, {"B-2", 1}};
const Stocks plenty{{"A1", {1, 5, 0, 5}}, {"B-2", {1, 5, 0, 5}}};

TEST(OnPaid, SetsAllAside) {
  const auto ruling = on_paid({}, "o", wanted, plenty);
  EXPECT_EQ(ruling.reservation, (Reservation{"o", reserved, "", "", wanted}));
  EXPECT_EQ(ruling.answer, (Answer{reserved, "", "", wanted}));
  ASSERT_EQ(ruling.events.size(), 2U);
  EXPECT_EQ(ruling.events.at("A1"), (StockEvent{Change::reserved, 2, "o"}));
  EXPECT_EQ(ruling.events.at("B-2"), (StockEvent{Change::reserved, 1, "o"}));
}

struct Refusal {
  std::vector<Item> items;
  std::string reason;
  std::string sku;
};

class OnPaidRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(OnPaidRefuses, AllOfIt) {
  const auto& [items, reason, sku] = GetParam();
  const auto ruling = on_paid({}, "o", items, plenty);
  EXPECT_EQ(ruling.reservation, (Reservation{"o", rejected, reason, sku, items}));
  EXPECT_EQ(ruling.answer, (Answer{rejected, reason, sku}));
  EXPECT_TRUE(ruling.events.empty());
}

INSTANTIATE_TEST_SUITE_P(All, OnPaidRefuses,
                         testing::Values(Refusal{{{"A1", 6}}, sold_out, "A1"},
                                         Refusal{{{"A1", 1}, {"B-2", 6}}, sold_out, "B-2"},
                                         Refusal{{{"A1", 1}, {"X", 1}}, unknown_sku, "X"},
                                         Refusal{{{"X", 1}, {"A1", 6}}, unknown_sku, "X"},
                                         Refusal{{{"A1", 6}, {"X", 1}}, sold_out, "A1"}));

TEST(OnPaid, GivesTheSameAnswerAgain) {
  for (const auto& stocks : {plenty, Stocks()}) {
    const Reservation held{"o", reserved, "", "", wanted, "then"};
    EXPECT_EQ(on_paid(held, "o", wanted, stocks).reservation, held);
    EXPECT_EQ(on_paid(held, "o", wanted, stocks).answer, (Answer{reserved, "", "", wanted}));
    EXPECT_TRUE(on_paid(held, "o", wanted, stocks).events.empty());
    const Reservation refused{"o", rejected, sold_out, "B-2", wanted, "then"};
    EXPECT_EQ(on_paid(refused, "o", wanted, stocks).reservation, refused);
    EXPECT_EQ(on_paid(refused, "o", wanted, stocks).answer, (Answer{rejected, sold_out, "B-2"}));
    const Reservation given_back{"o", released, "", "", wanted, "then"};
    EXPECT_EQ(on_paid(given_back, "o", wanted, stocks).reservation, given_back);
    EXPECT_EQ(on_paid(given_back, "o", wanted, stocks).answer, (Answer{rejected, released}));
    EXPECT_TRUE(on_paid(given_back, "o", wanted, stocks).events.empty());
  }
}

TEST(OnPaid, AReleaseThatCameFirstForbidsIt) {
  const auto mark = on_release({}, "o").reservation;
  EXPECT_EQ(mark, (Reservation{"o", released}));
  const auto ruling = on_paid(mark, "o", wanted, plenty);
  EXPECT_EQ(ruling.reservation, (Reservation{"o", rejected, released, "", wanted}));
  EXPECT_EQ(ruling.answer, (Answer{rejected, released}));
  EXPECT_TRUE(ruling.events.empty());
}

TEST(OnRelease, GivesBackOnceAndAnswersEachTime) {
  const Reservation held{"o", reserved, "", "", wanted, "then"};
  const auto first = on_release(held, "o");
  EXPECT_EQ(first.reservation, (Reservation{"o", released, "", "", wanted, ""}));
  EXPECT_EQ(first.answer, (Answer{released, "", "", wanted}));
  ASSERT_EQ(first.events.size(), 2U);
  EXPECT_EQ(first.events.at("A1"), (StockEvent{Change::released, 2, "o"}));
  const auto second = on_release(first.reservation, "o");
  EXPECT_EQ(second.reservation, first.reservation);
  EXPECT_EQ(second.answer, first.answer);
  EXPECT_TRUE(second.events.empty());
}

TEST(OnRelease, OfWhatWasNeverHeldIsOfNothing) {
  EXPECT_EQ(on_release({}, "o").answer, (Answer{released}));
  const Reservation refused{"o", rejected, sold_out, "A1", wanted, "then"};
  EXPECT_EQ(on_release(refused, "o").reservation, refused);
  EXPECT_EQ(on_release(refused, "o").answer, (Answer{released}));
  EXPECT_TRUE(on_release(refused, "o").events.empty());
}

TEST(Summed, OneItemASku) {
  EXPECT_EQ(summed({{"B", 1}, {"A", 2}, {"B", 3}}), (std::vector<Item>{{"B", 4}, {"A", 2}}));
}

TEST(Summed, StopsAboveWhatAnybodyHas) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const auto sums = summed({{"A", most}, {"A", most}, {"B", 1'000'000}});
  EXPECT_EQ(sums, (std::vector<Item>{{"A", max_stock + 1}, {"B", 1'000'000}}));
  EXPECT_EQ(on_paid({}, "o", sums, {{"A", {1, max_stock, 0, max_stock}}}).answer, (Answer{rejected, sold_out, "A"}));
}

TEST(CheckOrder, NamesWhatCannotBe) {
  const auto fields = [](const std::string& order_id, const std::vector<Item>& items) {
    std::string text;
    for (const auto& error : check(order_id, items)) text += error.field + " ";
    return text;
  };
  EXPECT_EQ(fields("o", {{"A", 1}}), "");
  EXPECT_EQ(fields("", {}), "order_id items ");
  EXPECT_EQ(fields("a\nb", {{"A", 1}}), "order_id ");
  EXPECT_EQ(fields(std::string(256, 'o'), {{"A", 1}, {"B", 0}, {"C", -1}}),
            "order_id items[1].quantity items[2].quantity ");
}

}  // namespace
}  // namespace catalog_service::domain
