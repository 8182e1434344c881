// What the gateway asks of user-service.
#include <gtest/gtest.h>

#include "services/chassis/contract/suite.hpp"
#include "services/chassis/testing/fake_environment.hpp"
#include "services/gateway/gateway_service.hpp"

namespace gateway_service {
namespace {

using base::Json;
using namespace chassis::contract;

constexpr const char* id = "01890a5d-ac96-774b-bcce-b302099a8057";

struct UserPair {
  static constexpr const char* consumer = "gateway";
  static constexpr const char* provider = "user-service";
};

chassis::Config config() {
  chassis::Config config;
  config.name = config.instance = "gateway";
  config.ports = {{"http", 8080}};
  config.routes = {{"/api/v1/users", "/v1/users", "user-service", "127.0.0.1:8081"}};
  return config;
}

class GatewayUserContract : public Suite<UserPair> {
 protected:
  GatewayUserContract() : world(config()) {
    world.http.answer_at(8081, contract.http());
    world.start(run);
  }

  static Value user() {
    return object({{"id", uuid(id)},
                   {"email", like("ann@example.com")},
                   {"name", like("Ann")},
                   {"created_at", datetime("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-01-02T03:04:05.000Z")}});
  }

  chassis::testing::FakeEnvironment world;
};

TEST_F(GatewayUserContract, ReadsAUser) {
  contract.given("a user exists", {{"id", id}})
      .upon_receiving("a request for a user")
      .with_request("GET", std::string("/v1/users/") + id)
      .will_respond_with(200)
      .with_json(user());
  const auto [status, found] = world.json("GET", std::string("/api/v1/users/") + id);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(found["email"], "ann@example.com");
}

TEST_F(GatewayUserContract, NamesTheProblemByItsOwnPath) {
  contract.given("no user exists", {{"id", id}})
      .upon_receiving("a request for a user that does not exist")
      .with_request("GET", std::string("/v1/users/") + id)
      .will_respond_with(404)
      .with_json(object({{"type", "urn:msctl:problem:not-found"},
                         {"status", 404},
                         {"title", like("There is no such resource")},
                         {"detail", like("no such user")},
                         {"instance", std::string("/v1/users/") + id}}),
                 "application/problem+json");
  const auto [status, problem] = world.json("GET", std::string("/api/v1/users/") + id);
  EXPECT_EQ(status, 404);
  EXPECT_EQ(problem["instance"], std::string("/api/v1/users/") + id);
}

TEST_F(GatewayUserContract, TellsWhereANewUserIs) {
  contract.given("no user exists", {{"email", "bo@example.com"}})
      .upon_receiving("a request to make a user")
      .with_request("POST", "/v1/users")
      .with_json(object({{"email", "bo@example.com"}, {"name", "Bo"}, {"password", "correct horse"}}))
      .will_respond_with(201)
      .with_header("Location", regex("/v1/users/[0-9a-f-]{36}", std::string("/v1/users/") + id))
      .with_json(object({{"id", uuid(id)}, {"email", "bo@example.com"}, {"name", "Bo"}}));
  base::http::Headers headers;
  headers.add("Content-Type", "application/json");
  const auto answer = world.request("POST", "/api/v1/users",
                                    R"({"email":"bo@example.com","name":"Bo","password":"correct horse"})", headers);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.headers.get("location"), std::string("/api/v1/users/") + id);
}

TEST_F(GatewayUserContract, PassesOnWhichFieldsWereRefused) {
  contract.upon_receiving("a request to make a user with a broken address")
      .with_request("POST", "/v1/users")
      .with_json(object({{"email", "nobody"}, {"name", "Bo"}, {"password", "correct horse"}}))
      .will_respond_with(422)
      .with_json(object({{"type", "urn:msctl:problem:validation-failed"},
                         {"status", 422},
                         {"errors", each_like(object({{"field", "email"}, {"message", like("must be an address")}}))}}),
                 "application/problem+json");
  const auto [status, problem] =
      world.json("POST", "/api/v1/users", R"({"email":"nobody","name":"Bo","password":"correct horse"})");
  EXPECT_EQ(status, 422);
  EXPECT_EQ(problem["errors"][0]["field"], "email");
}

}  // namespace
}  // namespace gateway_service
