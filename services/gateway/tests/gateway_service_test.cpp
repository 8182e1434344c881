// gateway as a whole on a fake environment; what is behind it are handlers of the test.
#include "services/gateway/gateway_service.hpp"

#include <gtest/gtest.h>

#include "services/chassis/testing/fake_environment.hpp"

namespace gateway_service {
namespace {

using base::http::Headers;
using base::http::Request;
using base::http::Response;
using chassis::testing::FakeEnvironment;

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "gateway";
  config.version = "0.1.0";
  config.ports = {{"http", 8080}};
  config.routes = {{"/api/v1/users", "/v1/users", "user-service", "127.0.0.1:8081"},
                   {"/api/users", "/v1/users", "user-service", "127.0.0.1:8081"}};
  return config;
}

class Gateway : public testing::Test {
 protected:
  Gateway() : world(config()) {
    world.start(run);
    world.http.answer_at(8081, [this](Request request) -> base::Task<Response> {
      seen = std::move(request);
      co_return answer;
    });
  }
  FakeEnvironment world;
  Request seen;
  Response answer;
};

TEST_F(Gateway, RewritesThePathAndKeepsQueryBodyAndStatus) {
  answer.status = 201;
  answer.body = "made";
  answer.headers.add("Location", "/v1/users/7");
  const auto got = world.request("POST", "/api/users?x=1", "body");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/users?x=1");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, "made");
  EXPECT_EQ(got.headers.get("location"), "/api/users/7");
}

TEST_F(Gateway, KeepsWhatBelongsToOneConnectionAndWhatClientsClaim) {
  Headers headers;
  headers.add("Connection", "close, X-Secret");
  headers.add("X-Secret", "1");
  headers.add("Keep-Alive", "5");
  headers.add("X-Forwarded-For", "6.6.6.6");
  headers.add("X-Kept", "yes");
  answer.headers.add("Transfer-Encoding", "chunked");
  answer.headers.add("X-Answer", "yes");
  const auto got = world.request("GET", "/api/v1/users/1", "", headers);
  EXPECT_FALSE(seen.headers.has("connection"));
  EXPECT_FALSE(seen.headers.has("x-secret"));
  EXPECT_FALSE(seen.headers.has("keep-alive"));
  EXPECT_NE(seen.headers.get("x-forwarded-for"), "6.6.6.6");
  EXPECT_EQ(seen.headers.get("x-kept"), "yes");
  EXPECT_FALSE(got.headers.has("transfer-encoding"));
  EXPECT_EQ(got.headers.get("x-answer"), "yes");
}

TEST_F(Gateway, MeasuresWhatItWaitsForAServiceByTheRouteThatAsked) {
  world.request("HEAD", "/api/users/7");
  world.request("BREW", "/api/v1/users/7?x=1");
  const auto text = world.request("GET", "/metrics").body;
  const std::string name = "http_client_request_duration_seconds_count";
  for (const char* labels :
       {R"({caller="HEAD /api/users",method="GET",route="/v1/users",service="user-service"} 1)",
        R"({caller="other /api/v1/users",method="other",route="/v1/users",service="user-service"} 1)"}) {
    EXPECT_NE(text.find(name + labels), std::string::npos) << labels << text;
  }
}

TEST_F(Gateway, DescribesWhatCanBeReached) {
  answer.body = R"({"paths":{"/v1/users/{id}":{"get":{"operationId":"GetUser"}}},"components":{}})";
  const auto [status, document] = world.json("GET", "/openapi.json");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(seen.target, "/openapi.json");
  EXPECT_EQ(document["paths"]["/api/v1/users/{id}"]["get"]["operationId"], "GetUser");
  EXPECT_TRUE(document["paths"].contains("/api/users/{id}"));
}

TEST_F(Gateway, DescribesTheOthersWhenAServiceSaysNothing) {
  answer.status = 404;
  const auto [status, document] = world.json("GET", "/openapi.json");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(document["x-undescribed"], base::Json::array({"user-service"}));
}

TEST_F(Gateway, ContinuesTheTrace) {
  Headers headers;
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const auto got = world.request("GET", "/api/v1/users/1", "", headers);
  const auto sent = std::string(seen.headers.get("traceparent"));
  EXPECT_TRUE(sent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")) << sent;
  EXPECT_EQ(sent.find("00f067aa0ba902b7"), std::string::npos);
  EXPECT_EQ(seen.headers.get("x-request-id"), got.headers.get("x-request-id"));
}

TEST_F(Gateway, AnswersForPathsThatHaveNoRouteOrAreAmbiguous) {
  const auto [status, body] = world.json("GET", "/api/v1/nothing");
  EXPECT_EQ(status, 404);
  EXPECT_EQ(body["type"], "urn:msctl:problem:not-found");
  EXPECT_EQ(world.json("GET", "/api/v1/users/%2e%2e/secret").first, 400);
  EXPECT_TRUE(seen.headers.size() == 0);
}

TEST_F(Gateway, AProblemNamesThePathTheClientAskedFor) {
  answer.status = 404;
  answer.headers.add("Content-Type", "application/problem+json");
  answer.body = R"({"type":"t","instance":"/v1/users/7","detail":"d"})";
  const auto [status, body] = world.json("GET", "/api/users/7");
  EXPECT_EQ(status, 404);
  EXPECT_EQ(body["instance"], "/api/users/7");
  EXPECT_EQ(body["detail"], "d");
}

// Three instances of user-service, as a registry tells; which of them listen is up to each test.
class Balanced : public testing::Test {
 protected:
  static chassis::Config discovering() {
    auto made = config();
    made.discovery = {chassis::DiscoveryDriver::consul, "127.0.0.1:8500"};
    return made;
  }
  Balanced() : world(discovering()) {
    world.http.answer_at(8500, [this](Request request) -> base::Task<Response> {
      if (request.target.find("index=") != std::string::npos) co_await world.scheduler.sleep(std::chrono::minutes(1));
      Response response;
      response.headers.add("X-Consul-Index", "5");
      response.body = instances;
      co_return response;
    });
    world.start(run);
    world.advance(std::chrono::milliseconds(10));
  }
  void serve(std::uint16_t port) {
    world.http.answer_at(port, [this, port](Request /*request*/) -> base::Task<Response> {
      served.push_back(port);
      co_return Response{};
    });
  }

  std::string instances = R"([{"Service": {"ID": "a", "Address": "127.0.0.1", "Port": 8181}},
                              {"Service": {"ID": "b", "Address": "127.0.0.1", "Port": 8182}},
                              {"Service": {"ID": "c", "Address": "127.0.0.1", "Port": 8183}}])";
  FakeEnvironment world;
  std::vector<int> served;
};

TEST_F(Balanced, GivesTheInstancesRequestsInTurn) {
  for (const std::uint16_t port : {8181, 8182, 8183}) serve(port);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(world.request("GET", "/api/v1/users/1").status, 200);
  EXPECT_EQ(served, (std::vector<int>{8181, 8182, 8183, 8181, 8182, 8183}));
}

TEST_F(Balanced, TriesTheNextOneWhenOneCannotBeReachedWhateverTheMethod) {
  serve(8182);
  serve(8183);
  for (const char* method : {"POST", "GET", "PATCH"}) EXPECT_EQ(world.request(method, "/api/v1/users/1").status, 200);
  EXPECT_EQ(served, (std::vector<int>{8182, 8182, 8183}));
}

TEST_F(Balanced, SendsAgainAfterALostConnectionOnlyWhatMayBeSentTwice) {
  world.http.lose_at(8181);
  serve(8182);
  serve(8183);
  EXPECT_EQ(world.request("GET", "/api/v1/users/1").status, 200);
  EXPECT_EQ(world.http.lost_at(8181), 1);
  for (int i = 0; i < 2; ++i) world.request("GET", "/api/v1/users/1");
  const auto before = served.size();
  EXPECT_EQ(world.request("POST", "/api/v1/users/1").status, 503);
  EXPECT_EQ(world.http.lost_at(8181), 2);
  EXPECT_EQ(served.size(), before) << "the order may have been placed";
}

TEST_F(Balanced, SaysSoWhenNoneCanBeReached) { EXPECT_EQ(world.json("GET", "/api/v1/users/1").first, 503); }

TEST_F(Balanced, ReadyWhileOneInstanceAnswers) {
  serve(8183);
  EXPECT_EQ(world.json("GET", "/health/ready").second["checks"]["user-service"]["status"], "up");
}

TEST_F(Balanced, GoesBackToTheConfiguredAddressWhenNoInstanceIsKnown) {
  serve(8081);
  instances = "[]";
  world.advance(std::chrono::minutes(2));
  EXPECT_EQ(world.request("GET", "/api/v1/users/1").status, 200);
  EXPECT_EQ(served, std::vector<int>{8081});
}

TEST_F(Gateway, SaysWhichServiceIsDownAndStaysReady) {
  FakeEnvironment alone(config());
  alone.start(run);
  const auto [status, body] = alone.json("GET", "/api/v1/users/1");
  EXPECT_EQ(status, 503);
  EXPECT_EQ(body["detail"], "user-service is not available");
  const auto [ready, health] = alone.json("GET", "/health/ready");
  EXPECT_EQ(ready, 200);
  EXPECT_EQ(health["status"], "degraded");
  EXPECT_EQ(health["checks"]["user-service"]["status"], "down");
}

}  // namespace
}  // namespace gateway_service
