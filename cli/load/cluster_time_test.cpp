#include "cli/load/cluster_time.hpp"

#include <gmock/gmock.h>

namespace load {
namespace {

constexpr const char* before = R"(# HELP http_server_requests_total Requests
http_server_requests_total{method="GET",route="GET /v1/x",status="200"} 10
http_server_request_duration_seconds_count{method="GET",route="GET /v1/x"} 10
http_server_request_duration_seconds_sum{method="GET",route="GET /v1/x"} 1
http_server_request_duration_seconds_count{method="GET",route="health"} 10
)";
constexpr const char* after = R"(
http_server_requests_total{method="GET",route="GET /v1/x",status="200"} 13
http_server_requests_total{method="GET",route="GET /v1/x",status="503"} 2
http_server_request_duration_seconds_count{method="GET",route="GET /v1/x"} 15
http_server_request_duration_seconds_sum{method="GET",route="GET /v1/x"} 2.5
http_server_request_duration_seconds_count{method="GET",route="health"} 99
rpc_server_call_duration_seconds_count{method="/u.U/Get"} 4
rpc_server_call_duration_seconds_sum{method="/u.U/Get"} 0.2
)";

TEST(Exposition, LabelsEscapesAndNonsense) {
  const auto series =
      read_exposition("a 1\nb{x=\"q\\\"\\n\",y=\"\"} 2.5 1700000000\nc{broken 3\nd nan\ne\n# f 1\ng{} +Inf\n");
  EXPECT_EQ(series.size(), 3U);
  EXPECT_EQ(series.at({"b", {{"x", "q\"\n"}, {"y", ""}}}), 2.5);
}

TEST(ClusterTime, RoutesAreTheDifferenceOfTwoReadings) {
  const auto routes =
      routes_between({{"web", read_exposition(before)}}, {{"web", read_exposition(after)}}, {{"web", "web"}});
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0]["endpoint"], "GET /v1/x");
  EXPECT_EQ(routes[0]["count"], 5);
  EXPECT_EQ(routes[0]["errors"], 2);
  EXPECT_EQ(routes[0]["mean_us"], 300'000);
  EXPECT_EQ(routes[1]["endpoint"], "grpc /u.U/Get");
}

TEST(ClusterTime, InstancesOfAServiceAddUpAndARestartBeginsAnew) {
  const auto routes = routes_between({{"web", read_exposition(after)}},
                                     {{"web", read_exposition(before)}, {"web.2", read_exposition(before)}},
                                     {{"web", "web"}, {"web.2", "web"}});
  ASSERT_EQ(routes.size(), 1U);
  EXPECT_EQ(routes[0]["count"], 20);
}

TEST(ClusterTime, OwnTimeIsWithoutWhatWasAsked) {
  const std::vector<Span> spans{{"t1", "gateway", "POST /o", 100},
                                {"t1", "order", "POST /o", 80},
                                {"t1", "user", "grpc Get", 30},
                                {"t2", "gateway", "POST /o", 50},
                                {"t2", "order", "POST /o", 60}};
  const auto own = own_times(spans, {{"order", {"gateway"}}, {"user", {"order"}}});
  ASSERT_EQ(own.size(), 3U);
  EXPECT_EQ(own[0]["service"], "order");
  EXPECT_EQ(own[0]["own_us"], 55);  // 80 - 30 and 60
  EXPECT_EQ(own[1]["service"], "user");
  EXPECT_EQ(own[2]["own_us"], 10);  // 100 - 80, and never below 0
}

TEST(ClusterTime, OfSeveralThatMayAskTheInnermostDid) {
  const Callers callers{{"order", {"gateway"}}, {"user", {"gateway", "order"}}};
  const std::vector<Span> spans{{"t1", "gateway", "POST /o", 100},
                                {"t1", "order", "POST /o", 80},
                                {"t1", "user", "grpc Get", 30},
                                {"t2", "gateway", "GET /u", 50},
                                {"t2", "user", "GET /u", 20}};
  std::map<std::string, double> own;
  for (const auto& one : own_times(spans, callers))
    own[one["endpoint"].get<std::string>()] += one["own_us"].get<double>();
  EXPECT_EQ(own["POST /o"], 20 + 50);  // gateway 100 - 80, order 80 - 30
  EXPECT_EQ(own["GET /u"], 30 + 20);
}

TEST(ClusterTime, CallersFollowFromCallsAndRoutes) {
  spec::Cluster cluster;
  cluster.services["gateway"].gateway = true;
  cluster.services["order"].calls.push_back({"user"});
  cluster.services["order"].routes.push_back({"/o", "/o", "order"});
  const auto callers = callers_in(cluster);
  EXPECT_EQ(callers.at("user"), std::set<std::string>{"order"});
  EXPECT_EQ(callers.at("order"), std::set<std::string>{"gateway"});
}

}  // namespace
}  // namespace load
