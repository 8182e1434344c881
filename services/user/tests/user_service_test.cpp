// user-service as a whole on a fake environment: REST and gRPC, database in memory, no threads, no real time.
#include "services/user/user_service.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "services/chassis/testing/fake_environment.hpp"

namespace user_service {
namespace {

using chassis::testing::FakeEnvironment;
using namespace std::chrono_literals;

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "user-service";
  config.version = "0.1.0";
  config.ports = {{"http", 8081}, {"grpc", 9081}};
  config.database_url = "sqlite::memory:";
  return config;
}

constexpr const char* ann = R"({"email":"ann@example.com","name":"Ann","password":"correct horse"})";

class UserService : public testing::Test {
 protected:
  UserService() : world(config()) { world.start(run); }
  FakeEnvironment world;
};

// `msctl api check` compares that file with its past. When this fails, the interface has changed: is that compatible?
// Then write the file anew from a running service: curl -s 127.0.0.1:PORT/openapi.json > services/user/openapi.json
TEST_F(UserService, DescribesItselfAsTheFileInTheRepositoryDoes) {
  const auto [status, document] = world.json("GET", "/openapi.json");
  ASSERT_EQ(status, 200);
  std::ifstream in(MSCTL_SOURCE_DIR "/services/user/openapi.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto file = base::parse_json(text);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(base::dump_json_pretty(document), base::dump_json_pretty(file.value()));
}

TEST_F(UserService, CreatesAndReadsAUser) {
  const auto created = world.request("POST", "/v1/users", ann, [] {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json; charset=utf-8");
    return headers;
  }());
  ASSERT_EQ(created.status, 201) << created.body;
  const auto user = base::parse_json(created.body).value();
  const std::string id = user["id"];
  EXPECT_EQ(created.headers.get("location"), "/v1/users/" + id);
  EXPECT_EQ(user["email"], "ann@example.com");
  EXPECT_FALSE(user.contains("password"));
  for (const std::string path : {"/v1/users/", "/users/"}) {
    const auto [status, read] = world.json("GET", path + id);
    EXPECT_EQ(status, 200);
    EXPECT_EQ(read, user);
  }
}

TEST_F(UserService, RefusesATakenEmailWhateverItsCase) {
  EXPECT_EQ(world.json("POST", "/v1/users", ann).first, 201);
  const auto [status, body] =
      world.json("POST", "/v1/users", R"({"email":"ANN@example.com","name":"B","password":"12345678"})");
  EXPECT_EQ(status, 409);
  EXPECT_EQ(body["type"], "urn:msctl:problem:conflict");
  EXPECT_EQ(body["errors"][0]["field"], "email");
}

struct Refusal {
  std::string method, target, body;
  int status;
  std::string field;
};

class Refused : public UserService, public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, HasStatusShapeAndField) {
  const auto& given = GetParam();
  const auto [status, body] = world.json(given.method, given.target, given.body);
  EXPECT_EQ(status, given.status) << body;
  for (const char* key : {"type", "title", "status", "detail", "instance", "request_id", "trace_id"}) {
    EXPECT_TRUE(body.contains(key)) << key << " in " << body;
  }
  if (!given.field.empty()) {
    EXPECT_EQ(body["errors"][0]["field"], given.field) << body;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Refused,
    testing::Values(Refusal{"POST", "/v1/users", "{", 400, ""}, Refusal{"POST", "/v1/users", "[]", 400, "body"},
                    Refusal{"POST", "/v1/users", R"({"email":1})", 400, "email"},
                    Refusal{"POST", "/v1/users", R"({"name":null})", 400, "name"},
                    Refusal{"POST", "/v1/users", R"({"nmae":"x"})", 400, "nmae"},
                    Refusal{"POST", "/v1/users", R"({"name":"a","name":"b"})", 400, ""},
                    Refusal{"POST", "/v1/users", R"({"email":"x","name":"A","password":"12345678"})", 422, "email"},
                    Refusal{"POST", "/v1/users", R"({"email":"a@b.cd","name":"","password":"12345678"})", 422, "name"},
                    Refusal{"POST", "/v1/users", R"({"email":"a@b.cd","name":"A","password":"1234567"})", 422,
                            "password"},
                    Refusal{"GET", "/v1/users/01234567-89ab-7def-8123-0123456789ab", "", 404, ""},
                    Refusal{"GET", "/v1/users/x?surprise=1", "", 400, "surprise"}, Refusal{"GET", "/", "", 404, ""},
                    Refusal{"POST", "/v1/users?name=Mallory", ann, 400, "name"},
                    Refusal{"DELETE", "/v1/users", "", 405, ""}));

TEST_F(UserService, SaysWhichMethodsAPathKnows) {
  EXPECT_EQ(world.request("DELETE", "/v1/users/x").headers.get("allow"), "GET, HEAD");
}

TEST_F(UserService, ItsOwnPagesAreOnlyRead) {
  for (const char* path : {"/health", "/health/ready", "/metrics"}) {
    const auto answer = world.request("DELETE", path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.headers.get("allow"), "GET, HEAD");
  }
}

TEST_F(UserService, WantsJson) {
  base::http::Headers headers;
  headers.add("Content-Type", "text/plain");
  EXPECT_EQ(world.request("POST", "/v1/users", ann, headers).status, 415);
  EXPECT_EQ(world.request("POST", "/v1/users", ann).status, 415);
}

TEST_F(UserService, AnswersHealth) {
  const auto [status, body] = world.json("GET", "/health/ready");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(body["status"], "ready");
  EXPECT_EQ(body["checks"]["database"]["status"], "up");
  EXPECT_EQ(body["version"], "0.1.0");
  for (const char* path : {"/health", "/health/live", "/health/startup", "/live", "/ready"}) {
    EXPECT_EQ(world.json("GET", path).first, 200) << path;
  }
}

TEST_F(UserService, ContinuesTheCallersTraceAndRequestId) {
  base::http::Headers headers;
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  headers.add("X-Request-Id", "abc-1");
  const auto answer = world.request("GET", "/v1/users/x", "", headers);
  EXPECT_EQ(answer.headers.get("x-request-id"), "abc-1");
  const auto body = base::parse_json(answer.body).value();
  EXPECT_EQ(body["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(world.log.lines.back()["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(UserService, CountsRequestsByRouteNotByPath) {
  world.request("GET", "/v1/users/1");
  world.request("GET", "/v1/users/2");
  const auto text = world.request("GET", "/metrics").body;
  EXPECT_NE(text.find(R"(http_server_requests_total{method="GET",route="/v1/users/{id}",status="404"} 2)"),
            std::string::npos)
      << text;
}

TEST_F(UserService, DrainsOnShutdown) {
  world.stop();
  ASSERT_TRUE(world.outcome.has_value());
  EXPECT_TRUE(*world.outcome);
  EXPECT_EQ(world.lifecycle.states, (std::vector<std::string>{"ready", "stopping"}));
  EXPECT_FALSE(world.http.serves(8081));
}

}  // namespace
}  // namespace user_service
