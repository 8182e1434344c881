#include "cli/invariants/reader.hpp"

#include <gtest/gtest.h>

#include <map>

#include "cli/provider/sample_journal.hpp"

namespace invariants {
namespace {

using base::Json;

spec::Service& add(spec::Cluster& cluster, const std::string& name, std::uint16_t port, const std::string& prefix) {
  auto& service = cluster.services[name];
  service.name = name;
  service.ports["http"] = port;
  if (!prefix.empty()) service.routes = {{"/api" + prefix, prefix, name}};
  return service;
}

class ReaderTest : public ::testing::Test {
 protected:
  ReaderTest() {
    add(cluster, "order-service", 1, "/v2/orders").publishes = {"order.placed"};
    add(cluster, "payment-service", 2, "/v1/payments").publishes = {"payment.authorized"};
    add(cluster, "legacy-payments", 3, "");
    add(cluster, "catalog-service", 4, "/v1/skus").routes.push_back({"/api/v1/reservations", "/v1/reservations", ""});
    add(cluster, "notification-service", 5, "/v1/mailbox");
    says["1/v2/orders?page_size=100"] = R"({"orders": [{"id": "o2", "status": "cancelled", "currency": "EUR",
      "total_cents": 5, "items": [], "created_at": "2026-11-27T10:00:01.000Z"}], "next_page_token": "a b"})";
    says["1/v2/orders?page_size=100&page_token=a%20b"] = R"({"orders": [{"id": "o1", "status": "confirmed",
      "currency": "EUR", "total_cents": 900, "items": [{"sku": "A", "quantity": 1, "unit_price_cents": 300},
      {"sku": "A", "quantity": 2, "unit_price_cents": 300}], "user_id": "u1",
      "created_at": "2026-11-27T10:00:00.000Z"}], "next_page_token": ""})";
    says["2/v1/payments?page_size=100"] = R"({"payments": [{"id": "p1", "order_id": "o1", "status": "authorized",
      "amount_cents": 900, "currency": "EUR"}], "next_page_token": ""})";
    says["3" + provider::journal_target(0)] = provider::testing::journal_text({{"p1", false, "EUR", 900}}, true);
    says["3" + provider::journal_target(2)] = provider::testing::journal_text({{"p1", true, "EUR", 900}});
    says["4/v1/reservations?page_size=100"] = R"({"reservations": [{"order_id": "o1", "status": "reserved",
      "items": [{"sku": "A", "quantity": 3}]}]})";
    says["4/v1/skus?page_size=100"] =
        R"({"skus": [{"sku": "A", "available": 7, "reserved": 3, "received": 10, "version": 2},
      {"sku": "B", "available": 0, "reserved": 0, "received": 0, "version": 0}]})";
    says["4/v1/skus/A/events?page_size=100&after_version=0"] =
        R"({"events": [{"version": 1, "type": "stock_received", "quantity": 10}]})";
    says["4/v1/skus/A/events?page_size=100&after_version=1"] =
        R"({"events": [{"version": 2, "type": "stock_reserved", "quantity": 3},
      {"version": 3, "type": "stock_released", "quantity": 3}]})";
    says["5/v1/mailbox?page_size=100"] = R"({"mails": [{"id": "m", "order_id": "o1", "event": "order.confirmed",
      "user_id": "u1", "body": ""}]})";
    told["order-service outbox"] = Json{{"unsent", 2}, {"oldest_unsent_age_s", 1.5}, {"parked", 1}};
    told["order-service saga {\"do\":\"list\",\"limit\":1000}"] =
        Json{{"sagas", {{{"id", "o2"}, {"state", "compensated"}, {"step", "payment"}, {"updated_at", nullptr}}}},
             {"next", "o2"}};
    told["order-service saga {\"do\":\"list\",\"limit\":1000,\"after\":\"o2\"}"] =
        Json{{"sagas",
              {{{"id", "o1"}, {"state", "running"}, {"step", "stock"}, {"updated_at", "2020-01-01T00:00:00.000Z"}}}},
             {"next", nullptr}};
  }

  base::Result<Facts> read() {
    Doors doors;
    doors.get = [this](std::uint16_t port, const std::string& target) -> base::Result<std::string> {
      const auto found = says.find(std::to_string(port) + target);
      if (found == says.end()) return base::fail(base::ErrorCode::unavailable, "GET " + target + " got nothing");
      return found->second;
    };
    doors.operate = [this](const std::string& service, const std::string& operation,
                           const Json& request) -> base::Result<Json> {
      const auto found =
          told.find(service + " " + operation + (request.is_null() ? "" : " " + base::dump_json(request)));
      if (found == told.end()) return base::fail(base::ErrorCode::not_found, service + " has no " + operation);
      return found->second;
    };
    return Reader(cluster, doors, clock).read(true);
  }

  spec::Cluster cluster;
  base::SystemClock clock;
  std::map<std::string, std::string> says;
  std::map<std::string, Json> told;
};

TEST_F(ReaderTest, ReadsEveryPageOfEverySource) {
  const auto read_facts = read();
  ASSERT_TRUE(read_facts) << read_facts.error().message;
  const auto& facts = read_facts.value();
  ASSERT_EQ(facts.orders.rows.size(), 2U);
  EXPECT_EQ(facts.orders.rows[1].items, (Items{{"A", 3}})) << "the same SKU twice";
  EXPECT_EQ(facts.orders.rows[1].total, 900);
  EXPECT_EQ(facts.orders.rows[1].items_cost, 900);
  EXPECT_EQ(facts.orders.rows[1].user_id, "u1");
  ASSERT_EQ(facts.payments.rows.size(), 1U);
  EXPECT_EQ(facts.payments.rows[0].amount, 900);
  ASSERT_EQ(facts.bookings.rows.size(), 2U);
  EXPECT_TRUE(facts.bookings.rows[1].is_refund);
  EXPECT_EQ(facts.reservations.rows[0].items, (Items{{"A", 3}}));
  EXPECT_EQ(facts.stocks.rows[0].received, 10);
  ASSERT_EQ(facts.stocks.rows[0].history->size(), 2U) << "version 3 came after the counters";
  EXPECT_EQ(facts.stocks.rows[0].history->at(1).quantity, 3);
  EXPECT_EQ(facts.stocks.rows[1].history->size(), 0U);
  EXPECT_EQ(facts.mails.rows[0].user_id, "u1");
  EXPECT_FALSE(facts.mails.rows[0].has_body);
  EXPECT_EQ(facts.mails.rows[0].event, "order.confirmed");
  ASSERT_EQ(facts.outboxes.rows.size(), 1U) << "payment-service has none";
  EXPECT_EQ(facts.outboxes.rows[0].oldest_age_s, 1.5);
  EXPECT_EQ(facts.outboxes.rows[0].parked, 1);
  ASSERT_EQ(facts.sagas.rows.size(), 2U);
  EXPECT_EQ(facts.sagas.rows[0].idle_s, 0);
  EXPECT_GT(facts.sagas.rows[1].idle_s, 86'400.0);
  EXPECT_EQ(facts.events.why_not, "This cluster has no broker.");
  EXPECT_EQ(facts.parked.why_not, "This cluster has no broker.");
}

TEST_F(ReaderTest, WhatTheClusterDoesNotHaveIsAbsent) {
  cluster.services.erase("legacy-payments");
  cluster.services.erase("notification-service");
  cluster.services["catalog-service"].routes.clear();
  told.clear();
  const auto facts = read();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts.value().bookings.why_not, "This cluster has no legacy-payments.");
  EXPECT_EQ(facts.value().mails.why_not, "No service of this cluster has the route /api/v1/mailbox.");
  EXPECT_FALSE(facts.value().stocks.is_there());
  EXPECT_FALSE(facts.value().outboxes.is_there());
  EXPECT_FALSE(facts.value().sagas.is_there());
  EXPECT_TRUE(facts.value().orders.is_there());
}

// It is there and does not answer: nothing can be said then.
TEST_F(ReaderTest, ASilentServiceIsAnError) {
  for (const char* gone :
       {"2/v1/payments?page_size=100", "3/journal?ab=2", "1/v2/orders?page_size=100&page_token=a%20b"}) {
    const auto kept = says;
    says.erase(gone);
    EXPECT_FALSE(read()) << gone;
    says = kept;
  }
  says["5/v1/mailbox?page_size=100"] = R"({"mail": []})";
  const auto facts = read();
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().message, "notification-service answers GET /v1/mailbox without a list mails");
}

}  // namespace
}  // namespace invariants
