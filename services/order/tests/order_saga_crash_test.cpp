// order-service dies at each of its writes, before or after the commit, and the saga goes on in the next process.
#include "services/order/tests/shop.hpp"

namespace order_service {
namespace {

using Types = std::vector<std::string>;

class OrderSagaCrash : public testing::TestWithParam<bool> {
 protected:
  // A life that may end at that write, and then another. Whether it ended.
  static bool has_died(Shop& shop, int at_write) {
    shop.start({at_write, GetParam()});
    static_cast<void>(shop.post("/v2/orders", order_body(ann), "k-1"));
    shop.run();
    if (!shop.is_dead()) return false;
    shop.start({});
    EXPECT_EQ(shop.post("/v2/orders", order_body(ann), "k-1").status, 201) << "the client tries again";
    shop.run();
    // What was delivered to the dead one and not settled is delivered again after a while.
    shop.advance(std::chrono::seconds(32));
    shop.run();
    return true;
  }
  static std::string only_order(Shop& shop) {
    const auto orders = shop.world().json("GET", "/v2/orders").second["orders"];
    EXPECT_EQ(orders.size(), 1U);
    return orders.empty() ? "" : orders[0]["id"];
  }
};

TEST_P(OrderSagaCrash, NothingIsLostAndNothingIsDoneTwice) {
  int at_write = 1;
  for (;; ++at_write) {
    SCOPED_TRACE("dies at write " + std::to_string(at_write));
    Shop shop("120000");
    if (!has_died(shop, at_write)) break;
    const auto id = only_order(shop);
    EXPECT_EQ(shop.status(id), "confirmed");
    EXPECT_EQ(shop.told_of(id), (Types{"order.placed", "order.paid", "order.confirmed"}));
    EXPECT_EQ(shop.participants.charged.at(id), 1000);
    EXPECT_TRUE(shop.participants.reserved.contains(id));
    EXPECT_TRUE(shop.participants.refunded.empty());
    if (HasFailure()) return;
  }
  EXPECT_GT(at_write, 5) << "the relay, the ledger and the saga write more often than that";
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfterTheCommit, OrderSagaCrash, testing::Values(false, true),
                         [](const auto& instance) { return instance.param ? "After" : "Before"; });

}  // namespace
}  // namespace order_service
