#include <gtest/gtest.h>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

using base::http::Request;
using base::http::Response;
using testing::FakeWorld;
using testing::json;

Response refusal(int status, const std::string& type) {
  auto response =
      json(status, {{"type", type}, {"title", "No"}, {"status", status}, {"detail", "no"}}, "application/problem+json");
  if (status == 405) response.headers.set("Allow", "GET");
  return response;
}

std::string type_of(int status) { return "urn:msctl:problem:" + std::to_string(status); }

Response as_it_should(const Request& request) {
  if (request.method == "PUT") return refusal(405, type_of(405));
  if (request.method == "POST" && request.body.find("broken") != std::string::npos) return refusal(400, type_of(400));
  if (request.method == "POST") return json(201, {{"id", "u1"}});
  if (request.target.find("..") != std::string::npos) return refusal(400, type_of(400));
  if (request.target.ends_with("/u1")) return json(200, {{"id", "u1"}});
  return refusal(404, type_of(404));
}

struct Case {
  const char* what;
  std::function<void(Response&, std::uint16_t, const Request&)> change;
  const char* evidence;
};

class Api : public ::testing::Test {
 protected:
  Finding with(const std::function<void(Response&, std::uint16_t, const Request&)>& change) {
    FakeWorld world;
    world.add_shop();
    world.answer = [&](std::uint16_t port, const Request& request) -> base::Result<Response> {
      auto response = as_it_should(request);
      change(response, port, request);
      return response;
    };
    const auto finding = api::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }
};

TEST_F(Api, PassesWhenAllRefuseInOneShape) {
  const auto finding = with([](auto&&...) {});
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_NE(finding.evidence.find("Not there yet: a second live version"), std::string::npos);
}

TEST_F(Api, FailsOnEachDeviation) {
  const std::vector<Case> cases{
      {"another type at one service",
       [](Response& response, std::uint16_t port, const Request&) {
         if (port == 8082 && response.status == 404) response = refusal(404, "about:blank");
       },
       "order-service calls an unknown path"},
      {"plain text",
       [](Response& response, std::uint16_t port, const Request&) {
         if (port == 8081 && response.status == 404) response.headers.set("Content-Type", "text/plain");
       },
       "user-service, asked for an unknown path, answers with text/plain"},
      {"no Allow", [](Response& response, std::uint16_t, const Request&) { response.headers.remove("Allow"); },
       "does not say what is allowed"},
      {"no detail",
       [](Response& response, std::uint16_t, const Request&) {
         if (response.status == 400) response.body = R"({"type":"x","title":"y","status":400})";
       },
       "answers without detail"},
      {"another status in the body",
       [](Response& response, std::uint16_t, const Request&) {
         if (response.status == 404) response.body = R"({"type":"x","title":"y","detail":"z","status":400})";
       },
       "has another status in its body"},
      {"an alias that is gone",
       [](Response& response, std::uint16_t, const Request& request) {
         if (request.target.starts_with("/api/users/")) response = refusal(404, type_of(404));
       },
       "404 by /api/users"},
  };
  for (const auto& one : cases) {
    const auto finding = with(one.change);
    EXPECT_EQ(finding.status, Status::failed) << one.what;
    EXPECT_NE(finding.evidence.find(one.evidence), std::string::npos) << one.what << ": " << finding.evidence;
  }
}

}  // namespace
}  // namespace verify
