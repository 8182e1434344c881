#include "cli/load/attribution.hpp"

#include <gmock/gmock.h>

namespace load {
namespace {

using base::Json;
using ::testing::HasSubstr;

const Callers callers{{"order", {"gateway"}}, {"user", {"gateway", "order"}}};
const ServiceNames names{{"gateway", "gateway"}, {"order", "order"}, {"user", "user"}};

// 100 orders of 110 ms: gateway 2 ms, order 5 ms, user 3 ms, and 100 ms on the way from order to user.
const Readings orders{{"gateway", read_exposition(R"(
http_server_request_duration_seconds_count{method="POST",route="/api/orders"} 100
http_server_request_duration_seconds_sum{method="POST",route="/api/orders"} 11
http_client_request_duration_seconds_count{caller="POST /api/orders",method="POST",route="/orders",service="order"} 100
http_client_request_duration_seconds_sum{caller="POST /api/orders",method="POST",route="/orders",service="order"} 10.8
)")},
                      {"order", read_exposition(R"(
http_server_request_duration_seconds_count{method="POST",route="/orders"} 100
http_server_request_duration_seconds_sum{method="POST",route="/orders"} 10.8
rpc_client_call_duration_seconds_count{caller="POST /orders",method="/u.U/Get",service="user"} 100
rpc_client_call_duration_seconds_sum{caller="POST /orders",method="/u.U/Get",service="user"} 10.3
)")},
                      {"user", read_exposition(R"(
rpc_server_call_duration_seconds_count{method="/u.U/Get"} 100
rpc_server_call_duration_seconds_sum{method="/u.U/Get"} 0.3
)")}};

Json attributed(const Readings& after, double seen_count = 0, double seen_us = 0, Json sampled = Json::array()) {
  Json cluster = Json::object();
  attribute(cluster, routes_between({}, after, names),
            {calls_between({}, after, names), measured_callers(after, names), callers, std::move(sampled), seen_count,
             seen_us});
  return cluster;
}

Json row(const Json& cluster, const std::string& service, const std::string& endpoint) {
  for (const auto& one : cluster["routes"]) {
    if (one["service"] == service && one["endpoint"] == endpoint) return one;
  }
  ADD_FAILURE() << service << " " << endpoint << " is not in " << cluster["routes"].dump();
  return Json::object();
}

TEST(Attribution, TheWayIsBilledToWhoWasAskedAndToNobodyElse) {
  const Json cluster = attributed(orders);
  EXPECT_EQ(row(cluster, "gateway", "POST /api/orders")["own_us"], 2'000);
  EXPECT_FALSE(row(cluster, "gateway", "POST /api/orders").contains("way_us"));
  EXPECT_EQ(row(cluster, "order", "POST /orders")["own_us"], 5'000);
  EXPECT_EQ(row(cluster, "order", "POST /orders")["way_us"], 0);
  const Json user = row(cluster, "user", "grpc /u.U/Get");
  EXPECT_EQ(user["own_us"], 3'000);
  EXPECT_EQ(user["way_us"], 100'000);
  EXPECT_EQ(user["share"], 0.9364);
  EXPECT_EQ(cluster["routes"][0], user);
  EXPECT_EQ(cluster["summary"],
            "most of the time (91 %) was spent on the way to user: grpc /u.U/Get asked by order POST /orders");
  EXPECT_EQ(cluster["calls"].size(), 2U);
}

TEST(Attribution, AllPartsAddUpToWhatLoadSaw) {
  const Json cluster = attributed(orders, 100, 100 * 112'000);
  EXPECT_EQ(cluster["entry"]["way_us"], 2'000);
  double all = cluster["entry"]["way_us"].get<double>();
  double share = cluster["entry"]["share"].get<double>();
  for (const auto& one : cluster["routes"]) {
    all += one["own_us"].get<double>() + one.value("way_us", 0.0);
    share += one["share"].get<double>();
  }
  EXPECT_NEAR(all, 112'000, 1);
  EXPECT_NEAR(share, 1, 0.001);
  // Somebody else asked too, or there was a warm-up: nothing is made of it.
  EXPECT_FALSE(attributed(orders, 80, 80 * 112'000).contains("entry"));
}

TEST(Attribution, ARouteOfTheGatewayIsSharedByTheEndpointsBelowIt) {
  Readings after{{"gateway", read_exposition(R"(
http_server_request_duration_seconds_count{method="GET",route="/api/u"} 4
http_server_request_duration_seconds_sum{method="GET",route="/api/u"} 4
http_client_request_duration_seconds_count{caller="GET /api/u",method="GET",route="/u",service="user"} 4
http_client_request_duration_seconds_sum{caller="GET /api/u",method="GET",route="/u",service="user"} 4
)")},
                 {"user", read_exposition(R"(
http_server_request_duration_seconds_count{method="GET",route="/u"} 1
http_server_request_duration_seconds_sum{method="GET",route="/u"} 1
http_server_request_duration_seconds_count{method="GET",route="/u/{id}"} 3
http_server_request_duration_seconds_sum{method="GET",route="/u/{id}"} 1
http_server_request_duration_seconds_count{method="GET",route="/users"} 9
http_server_request_duration_seconds_sum{method="GET",route="/users"} 9
)")}};
  const Json cluster = attributed(after);
  EXPECT_EQ(row(cluster, "user", "GET /u")["way_us"], 500'000);
  EXPECT_EQ(cluster["summary"], "most of the time (85 %) was spent in user itself, above all GET /users");
  EXPECT_EQ(row(cluster, "user", "GET /u/{id}")["way_us"], 500'000);
  EXPECT_FALSE(row(cluster, "user", "GET /users").contains("way_us"));
}

TEST(Attribution, AServiceWithoutMetricsIsKnownByWhatItsCallersWaited) {
  Readings after = orders;
  after.erase("user");
  const Json cluster = attributed(after);
  const Json user = row(cluster, "user", "grpc /u.U/Get");
  EXPECT_TRUE(user["unmeasured"].get<bool>());
  EXPECT_EQ(user["count"], 100);
  EXPECT_EQ(user["way_us"], 103'000);
  EXPECT_FALSE(user.contains("mean_us") || user.contains("own_us"));
  EXPECT_THAT(cluster["summary"].get<std::string>(), HasSubstr("on the way to or in user"));
}

TEST(Attribution, AServiceThatMeasuresNoCallsIsKnownByItsLogs) {
  Readings after = orders;
  std::erase_if(after["order"], [](const auto& sample) { return sample.first.first.starts_with("rpc_client"); });
  EXPECT_FALSE(row(attributed(after), "order", "POST /orders").contains("own_us"));
  const Json sampled{{{"service", "order"}, {"endpoint", "POST /orders"}, {"own_us", 105'000.0}}};
  const Json order = row(attributed(after, 0, 0, sampled), "order", "POST /orders");
  EXPECT_EQ(order["own_us"], 105'000);
  EXPECT_EQ(order["own_from"], "logs");
  EXPECT_EQ(row(attributed(after), "user", "grpc /u.U/Get")["own_us"], 3'000);
}

TEST(Attribution, CallsThatAreNotToldByEndpointArePassedOver) {
  Readings after = orders;
  Series unlabelled;
  for (const auto& [key, value] : after["order"]) {
    auto plain = key;
    plain.second.erase("caller");
    unlabelled[plain] = value;
  }
  after["order"] = unlabelled;
  const Json cluster = attributed(after);
  EXPECT_EQ(cluster["calls"].size(), 1U);
  EXPECT_FALSE(row(cluster, "order", "POST /orders").contains("own_us"));
  EXPECT_FALSE(row(cluster, "user", "grpc /u.U/Get").contains("way_us"));
}

TEST(Attribution, CallsThatNobodyAskedForAreNotTakenOffAnEndpoint) {
  Readings after = orders;
  after["order"]
       [{"rpc_client_call_duration_seconds_count", {{"caller", ""}, {"method", "/u.U/Get"}, {"service", "user"}}}] = 50;
  after["order"]
       [{"rpc_client_call_duration_seconds_sum", {{"caller", ""}, {"method", "/u.U/Get"}, {"service", "user"}}}] = 5;
  EXPECT_EQ(row(attributed(after), "order", "POST /orders")["own_us"], 5'000);
}

TEST(Attribution, NothingAskedSaysNothing) {
  const Json cluster = attributed({});
  EXPECT_TRUE(cluster["routes"].empty() && cluster["calls"].empty());
  EXPECT_FALSE(cluster.contains("summary") || cluster.contains("entry"));
}

}  // namespace
}  // namespace load
