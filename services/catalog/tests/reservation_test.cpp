// catalog-service as a whole: what it does when orders are paid, or want their goods back.
#include <random>

#include <gmock/gmock.h>

#include "services/catalog/tests/catalog_fixture.hpp"
#include "services/chassis/event_schema/event_schema.hpp"

namespace catalog_service {

const chassis::EventSchemas& event_schemas();  // generated
namespace {

using namespace std::chrono_literals;
using base::Json;
using ::testing::ElementsAre;

class Reservations : public CatalogFixture {
 protected:
  Json reservation(const std::string& order) { return world.json("GET", "/v1/reservations/" + order).second; }
};

TEST_F(Reservations, APaidOrdersGoodsAreSetAside) {
  stocked("X", 10);
  paid("e1", "o1", Json::array({{{"sku", "X"}, {"quantity", 3}}, {{"sku", "A1"}, {"quantity", 1}}}));
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o1 [{"sku":"X","quantity":3},{"sku":"A1","quantity":1}])"));
  EXPECT_EQ(stock("X"), "7/3/10@2");
  const auto kept = reservation("o1");
  EXPECT_EQ(kept["status"], "reserved");
  EXPECT_EQ(kept["items"].size(), 2U);
  const auto events = world.json("GET", "/v1/skus/X/events").second["events"];
  EXPECT_EQ(events[1]["type"], "stock_reserved");
  EXPECT_EQ(events[1]["order_id"], "o1");
}

TEST_F(Reservations, TellsInTheFormThatItsSchemasSay) {
  paid("e1", "o1", "A1", 1);
  paid("e2", "o2", "SOLD-OUT", 1);
  release("e3", "o1");
  release("e4", "o3");
  const auto events = world.brokers.stored("CATALOG-SERVICE");
  ASSERT_EQ(events.size(), 4U);
  for (const auto& message : events) {
    const auto event = base::parse_json(message.body).value();
    EXPECT_EQ(event["source"], "/catalog-service");
    EXPECT_EQ(message.subject, "catalog-service.events." + event["type"].get<std::string>());
    const auto good = event_schemas().check(event["dataschema"], event["data"]);
    EXPECT_TRUE(good) << good.error().message;
  }
}

TEST_F(Reservations, AllOrNone) {
  stocked("X", 10);
  paid("e1", "o1", Json::array({{{"sku", "X"}, {"quantity", 3}}, {{"sku", "SOLD-OUT"}, {"quantity", 1}}}));
  paid("e2", "o2", Json::array({{{"sku", "X"}, {"quantity", 3}}, {{"sku", "NO-SUCH-SKU"}, {"quantity", 1}}}));
  EXPECT_THAT(told(), ElementsAre("stock.rejected o1 sold_out SOLD-OUT", "stock.rejected o2 unknown_sku NO-SUCH-SKU"));
  EXPECT_EQ(stock("X"), "10/0/10@1");
  EXPECT_EQ(reservation("o1")["status"], "rejected");
  EXPECT_EQ(reservation("o1")["reason"], "sold_out");
}

TEST_F(Reservations, TheLastOneGoesToOne) {
  for (const char* order : {"o1", "o2", "o3"}) paid(std::string("e-") + order, order, "LAST-ONE", 1);
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o1 [{"sku":"LAST-ONE","quantity":1}])",
                                  "stock.rejected o2 sold_out LAST-ONE", "stock.rejected o3 sold_out LAST-ONE"));
  release("e4", "o1");
  paid("e5", "o4", "LAST-ONE", 1);
  EXPECT_EQ(told().back(), R"(stock.reserved o4 [{"sku":"LAST-ONE","quantity":1}])");
  EXPECT_EQ(stock("LAST-ONE"), "0/1/1@4");
}

TEST_F(Reservations, TheSameSkuTwiceIsSummed) {
  stocked("X", 10);
  const auto twice = Json::array({{{"sku", "X"}, {"quantity", 4}}, {{"sku", "X"}, {"quantity", 4}}});
  paid("e1", "o1", twice);
  paid("e2", "o2", twice);
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o1 [{"sku":"X","quantity":8}])", "stock.rejected o2 sold_out X"));
  EXPECT_EQ(stock("X"), "2/8/10@2");
}

TEST_F(Reservations, GreatQuantitiesDoNotWrapAround) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  paid("e1", "o1", "A1", 1'000'000);
  paid("e2", "o2", Json::array({{{"sku", "A1"}, {"quantity", most}}, {{"sku", "A1"}, {"quantity", most}}}));
  EXPECT_THAT(told(),
              ElementsAre(R"(stock.reserved o1 [{"sku":"A1","quantity":1000000}])", "stock.rejected o2 sold_out A1"));
  EXPECT_EQ(stock("A1"), "99000000/1000000/100000000@2");
}

TEST_F(Reservations, AnEventThatComesTwiceHasItsEffectOnce) {
  stocked("X", 10);
  paid("e1", "o1", "X", 3);
  paid("e1", "o1", "X", 3);
  release("e2", "o1");
  release("e2", "o1");
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o1 [{"sku":"X","quantity":3}])",
                                  R"(stock.released o1 [{"sku":"X","quantity":3}])"));
  EXPECT_EQ(stock("X"), "10/0/10@3");
}

TEST_F(Reservations, EachRequestIsAnsweredAndChangesNothingTheSecondTime) {
  stocked("X", 10);
  paid("e1", "o1", "X", 3);
  paid("e2", "o1", "X", 3);
  release("e3", "o1");
  release("e4", "o1");
  paid("e5", "o1", "X", 3);
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o1 [{"sku":"X","quantity":3}])",
                                  R"(stock.reserved o1 [{"sku":"X","quantity":3}])",
                                  R"(stock.released o1 [{"sku":"X","quantity":3}])",
                                  R"(stock.released o1 [{"sku":"X","quantity":3}])", "stock.rejected o1 released "));
  EXPECT_EQ(stock("X"), "10/0/10@3");
  EXPECT_EQ(reservation("o1")["status"], "released");
}

TEST_F(Reservations, AReleaseThatOvertakesLeavesAMark) {
  stocked("X", 10);
  release("e1", "o1");
  EXPECT_EQ(reservation("o1")["status"], "released");
  paid("e2", "o1", "X", 3);
  release("e3", "o1");
  EXPECT_THAT(told(), ElementsAre("stock.released o1 []", "stock.rejected o1 released ", "stock.released o1 []"));
  EXPECT_EQ(stock("X"), "10/0/10@1");
  EXPECT_EQ(reservation("o1")["status"], "rejected");
  EXPECT_EQ(reservation("o1")["reason"], "released");
}

TEST_F(Reservations, WhatNoOrderCanBeIsParkedAndHarmsNobody) {
  paid("e1", "o1", "A1", 0);
  paid("e2", "o2", Json::array());
  paid("e3", "", "A1", 1);
  publish("e4", "order.paid", {{"order_id", 7}});
  release("e5", "");
  paid("e6", "o6", "A1", 1);
  EXPECT_THAT(told(), ElementsAre(R"(stock.reserved o6 [{"sku":"A1","quantity":1}])"));
  EXPECT_EQ(world.brokers.stored("CATALOG-SERVICE-PARKED").size(), 5U);
}

TEST_F(Reservations, AreListedByOrder) {
  for (const char* order : {"o3", "o1", "o2"}) paid(std::string("e-") + order, order, "A1", 1);
  const auto [status, page] = world.json("GET", "/v1/reservations?page_size=2");
  ASSERT_EQ(status, 200) << page;
  EXPECT_EQ(page["reservations"][0]["order_id"], "o1");
  EXPECT_EQ(page["reservations"][1]["order_id"], "o2");
  const std::string next = page["next_page_token"];
  const auto rest = world.json("GET", "/v1/reservations?page_size=2&page_token=" + next).second;
  ASSERT_EQ(rest["reservations"].size(), 1U);
  EXPECT_EQ(rest["reservations"][0]["order_id"], "o3");
  EXPECT_EQ(rest["next_page_token"], "");
}

TEST_F(Reservations, ABrokerThatIsAwayLosesNoAnswer) {
  paid("e1", "o1", "A1", 1);
  world.brokers.set(chassis::broker::MemoryBrokers::Health::down);
  world.advance(60s);
  world.brokers.set(chassis::broker::MemoryBrokers::Health::up);
  world.advance(10s);
  paid("e2", "o2", "A1", 1);
  world.advance(10s);
  EXPECT_EQ(told().size(), 2U);
}

// Many orders of one SKU, so that several snapshots are made on the way; each event twice, in any order.
TEST_F(Reservations, AHotSkuIsConservedOverSnapshots) {
  stocked("HOT", 200);
  struct Delivery {
    std::string event, order;
    bool is_release;
  };
  std::vector<Delivery> all;
  for (int i = 0; i < 250; ++i) {
    const auto order = "o" + std::to_string(i);
    for (int twice = 0; twice < 2; ++twice) {
      all.push_back({"paid-" + order, order, false});
      if (i % 3 == 0) all.push_back({"release-" + order, order, true});
    }
  }
  std::mt19937 random(7);
  std::shuffle(all.begin(), all.end(), random);
  for (const auto& [event, order, is_release] : all) {
    if (is_release) release(event, order);
    if (!is_release) paid(event, order, "HOT", 1);
  }
  const auto sku = world.json("GET", "/v1/skus/HOT").second;
  EXPECT_EQ(sku["received"], 200);
  EXPECT_EQ(sku["available"].get<int>() + sku["reserved"].get<int>(), 200);
  EXPECT_GT(sku["version"].get<int>(), 200) << "two snapshots";
  std::map<std::string, int> statuses;
  for (int i = 0; i < 250; ++i) ++statuses[reservation("o" + std::to_string(i))["status"]];
  EXPECT_EQ(statuses["reserved"], sku["reserved"].get<int>());
  EXPECT_EQ(told().size(), 250U + 84U) << "one answer an event";
}

}  // namespace
}  // namespace catalog_service
