#include "services/chassis/contract/contract.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "base/http/client.hpp"
#include "base/pact/match.hpp"
#include "base/run_task.hpp"
#include "services/chassis/api/testdata/sample.pb.h"
#include "services/chassis/contract/mock_server.hpp"
#include "services/chassis/contract/pact_file.hpp"

namespace chassis::contract {
namespace {

namespace fs = std::filesystem;
using base::Json;
using base::http::Request;
using base::http::Response;

Response ask(Contract& contract, const Request& request) { return base::run_task(contract.http()(request)); }

Request get(const std::string& target) { return {"GET", target, {}, {}}; }

TEST(Contract, AnswersWhatWasDeclaredAndIsContent) {
  Contract contract("web", "shop");
  contract.given("there is tea")
      .upon_receiving("a request for tea")
      .with_request("GET", "/tea")
      .will_respond_with(200)
      .with_json(object({{"name", like("green")}}));
  const auto answer = ask(contract, get("/tea"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"name":"green"})");
  EXPECT_EQ(answer.headers.get("content-type"), "application/json");
  EXPECT_EQ(contract.verdict(), "");
}

TEST(Contract, NamesWhatDiffersWhenSomethingElseIsAsked) {
  Contract contract("web", "shop");
  contract.upon_receiving("a page").with_request("GET", "/tea").with_query("page", "1").will_respond_with(200);
  const auto answer = ask(contract, get("/tea?page=2"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.headers.get("content-type"), "application/problem+json");
  const auto problem = base::parse_json(answer.body).value();
  EXPECT_EQ(problem["nearest"], "a page");
  EXPECT_EQ(problem["errors"][0]["field"], "query page");
  const auto verdict = contract.verdict();
  EXPECT_NE(verdict.find("GET /tea?page=2 is in no contract. Nearest is \"a page\""), std::string::npos) << verdict;
  EXPECT_NE(verdict.find("query page: expected the text \"1\", got the text \"2\""), std::string::npos) << verdict;
}

TEST(Contract, IsNotContentUntilAllWasAskedFor) {
  Contract contract("web", "shop");
  contract.upon_receiving("tea").with_request("GET", "/tea").will_respond_with(200);
  contract.given("milk is there").upon_receiving("milk").with_request("GET", "/milk").will_respond_with(200);
  ask(contract, get("/tea"));
  EXPECT_EQ(contract.verdict(), "never asked for: \"milk\" given milk is there");
}

TEST(Contract, MatchersOfRequestsDecide) {
  Contract contract("web", "shop");
  contract.upon_receiving("an order")
      .with_request("POST", regex("/orders/\\d+", "/orders/1"))
      .with_header("X-Count", integer(1))
      .with_json(object({{"items", each_like(object({{"n", integer(1)}}), 1, 3)},
                         {"tags", array_containing({regex("a+", "a")})},
                         {"by_name", each_key(regex("[a-z]+", "x"), object({{"x", 1}}))},
                         {"when", any_of({date("yyyy-MM-dd", "2026-01-02"), null()})}}))
      .will_respond_with_any("success", 202);
  const auto post = [&](const std::string& path, const char* body) {
    Request request{"POST", path, {}, body};
    request.headers.add("Content-Type", "application/json");
    request.headers.add("X-Count", "12");
    return ask(contract, request).status;
  };
  EXPECT_EQ(post("/orders/77", R"({"items":[{"n":2},{"n":3}],"tags":["b","aaa"],"by_name":{"yy":1},"when":null})"),
            202);
  EXPECT_EQ(contract.verdict(), "");
  EXPECT_EQ(post("/orders/x", R"({"items":[{"n":2}],"tags":["a"],"by_name":{},"when":null})"), 500);
  EXPECT_EQ(post("/orders/1", R"({"items":[{"n":2.5}],"tags":["a"],"by_name":{},"when":null})"), 500);
  EXPECT_EQ(post("/orders/1", R"({"items":[],"tags":["a"],"by_name":{},"when":null})"), 500);
  EXPECT_EQ(post("/orders/1", R"({"items":[{"n":2}],"tags":["b"],"by_name":{},"when":null})"), 500);
  EXPECT_EQ(post("/orders/1", R"({"items":[{"n":2}],"tags":["a"],"by_name":{"Y":1},"when":null})"), 500);
  EXPECT_EQ(post("/orders/1", R"({"items":[{"n":2}],"tags":["a"],"by_name":{},"when":"soon"})"), 500);
}

TEST(Contract, FormsAreComparedByField) {
  Contract contract("web", "shop");
  contract.upon_receiving("a form")
      .with_request("POST", "/form")
      .with_form({{"name", like("Ann")}, {"n", integer(1)}})
      .will_respond_with(204);
  Request request{"POST", "/form", {}, "n=7&name=Bo"};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(ask(contract, request).status, 204);
  request.body = "n=x&name=Bo";
  EXPECT_EQ(ask(contract, request).status, 500);
}

TEST(Contract, ServesOverARealSocket) {
  Contract contract("web", "shop");
  contract.upon_receiving("tea").with_request("GET", "/tea").will_respond_with(200).with_body("text/plain", "green");
  {
    const MockServer server(contract.http());
    base::http::Target target;
    target.port = server.port();
    const auto answer = base::http::send_blocking(target, get("/tea"), std::chrono::seconds(5));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer.value().body, "green");
  }
  EXPECT_EQ(contract.verdict(), "");
}

TEST(Contract, EventsAreHandedOutAsTheyWouldCome) {
  Contract contract("mailer", "shop");
  contract.given("an order is placed")
      .upon_receiving("order.placed")
      .with_event()
      .with_metadata("ce-type", "order.placed")
      .with_json(object({{"order_id", uuid("01890a5d-ac96-774b-bcce-b302099a8058")}}));
  EXPECT_NE(contract.verdict(), "");
  const auto event = contract.event("order.placed");
  EXPECT_EQ(event.metadata["ce-type"], "order.placed");
  EXPECT_EQ(event.body, R"({"order_id":"01890a5d-ac96-774b-bcce-b302099a8058"})");
  EXPECT_EQ(contract.verdict(), "");
  EXPECT_EQ(contract.event("another").body, "");
  EXPECT_EQ(contract.verdict(), "the event \"another\" is in no contract");
}

class RpcContractTest : public testing::Test {
 protected:
  base::Result<std::string> call(const std::string& name) {
    chassis::test::Inner request;
    request.set_name(name);
    rpc::Call made{"/test.v1.ThingService/GetThing", request.SerializeAsString(), {}, {}};
    made.metadata.add("x-tenant", "acme");
    return base::run_task(contract.rpc().at(made.method)(made));
  }
  Asking& asking(const char* state) {
    return contract.given(state).upon_receiving(std::string("a call with ") + state);
  }

  Contract contract{"web", "things"};
};

TEST_F(RpcContractTest, AnswersByTheMessage) {
  asking("a thing")
      .with_call<chassis::test::Inner, chassis::test::Sample>("test.v1.ThingService/GetThing")
      .with_request(object({{"name", regex("[a-z]+", "a")}}))
      .with_metadata("x-tenant", "acme")
      .will_respond_with(object({{"id", "a"}, {"note", like("A thing")}}));
  const auto answer = call("b");
  ASSERT_TRUE(answer) << answer.error().message;
  chassis::test::Sample thing;
  ASSERT_TRUE(thing.ParseFromString(answer.value()));
  EXPECT_EQ(thing.note(), "A thing");
  EXPECT_EQ(contract.verdict(), "");
  EXPECT_FALSE(call("7"));
  EXPECT_NE(contract.verdict().find("body $.name: expected a match of `[a-z]+`"), std::string::npos)
      << contract.verdict();
}

TEST_F(RpcContractTest, FailsAsDeclaredAndWritesThePluginsForm) {
  asking("no thing")
      .with_call<chassis::test::Inner, chassis::test::Sample>("test.v1.ThingService/GetThing")
      .with_request(object({{"name", "a"}}))
      .will_fail_with(base::ErrorCode::not_found, "no such thing");
  const auto answer = call("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::not_found);
  EXPECT_EQ(answer.error().message, "no such thing");
  const auto text = base::pact::write_pact(contract.pact()).value();
  const auto file = base::parse_json(text).value();
  const auto& one = file["interactions"][0];
  EXPECT_EQ(one["type"], "Synchronous/Messages");
  EXPECT_EQ(one["transport"], "grpc");
  EXPECT_EQ(one["response"][0]["metadata"]["grpc-status"], "NOT_FOUND");
  EXPECT_EQ(one["request"]["contents"]["contentType"], "application/protobuf;message=.chassis.test.Inner");
  const std::string key = one["pluginConfiguration"]["protobuf"]["descriptorKey"];
  EXPECT_EQ(one["pluginConfiguration"]["protobuf"]["service"], ".test.v1.ThingService/GetThing");
  EXPECT_EQ(key.size(), 32U);
  EXPECT_TRUE(file["metadata"]["plugins"][0]["configuration"].contains(key));
}

TEST_F(RpcContractTest, AnswersAHealthCheckAsGrpcDoes) {
  contract.upon_receiving("a question whether it is well").with_health_check();
  rpc::Call made{"/grpc.health.v1.Health/Check", {}, {}, {}};
  const auto answer = base::run_task(contract.rpc().at(made.method)(made));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer.value(), std::string("\x08\x01"));
  EXPECT_EQ(contract.verdict(), "");
}

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "contract-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

base::pact::Pact pact_of(const char* description, int status) {
  Contract contract("web", "shop");
  contract.upon_receiving(description).with_request("GET", "/tea").will_respond_with(status);
  return contract.pact();
}

TEST(PactFileTest, IsWrittenOnlyWhenAskedAndStaysTheSame) {
  const Folder folder;
  PactFile file(folder.path, "web", "shop");
  ASSERT_TRUE(file.add(pact_of("tea", 200)));
  const auto missing = file.finish(false);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("web-shop.json is missing"), std::string::npos) << missing.error().message;
  ASSERT_TRUE(file.finish(true));
  EXPECT_TRUE(file.finish(false));
  const auto written = fs::last_write_time(file.path());
  EXPECT_TRUE(file.finish(true));
  EXPECT_EQ(fs::last_write_time(file.path()), written);

  PactFile other(folder.path, "web", "shop");
  ASSERT_TRUE(other.add(pact_of("tea", 204)));
  const auto stale = other.finish(false);
  ASSERT_FALSE(stale);
  EXPECT_NE(stale.error().message.find("`        \"status\": 200`, the tests say `        \"status\": 204`"),
            std::string::npos)
      << stale.error().message;
  EXPECT_NE(stale.error().message.find("MSCTL_WRITE_PACTS=1"), std::string::npos);
}

TEST(PactFileTest, TwoTestsMayNotSayDifferentThingsByOneName) {
  PactFile file("/nowhere", "web", "shop");
  ASSERT_TRUE(file.add(pact_of("tea", 200)));
  EXPECT_TRUE(file.add(pact_of("tea", 200)));
  const auto conflict = file.add(pact_of("tea", 404));
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().message, "two interactions are called \"tea\" and differ at $.response.status");
  EXPECT_TRUE(file.add(pact_of("no tea", 404)));
}

TEST(PactFileTest, AnotherDescriptorAloneChangesNothing) {
  const Folder folder;
  PactFile file(folder.path, "web", "things");
  Contract contract("web", "things");
  contract.upon_receiving("a call")
      .with_call<chassis::test::Inner, chassis::test::Sample>("test.v1.ThingService/GetThing")
      .with_request(object({{"name", "a"}}))
      .will_respond_with(object({{"id", "a"}}));
  ASSERT_TRUE(file.add(contract.pact()));
  ASSERT_TRUE(file.finish(true));
  std::ifstream stream(file.path());
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto key = base::parse_json(text)
                       .value()["interactions"][0]["pluginConfiguration"]["protobuf"]["descriptorKey"]
                       .get<std::string>();
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key)) text.replace(at, key.size(), "older");
  std::ofstream(file.path()) << text;
  EXPECT_TRUE(file.finish(false));
  text.replace(text.find("a call"), 6, "a cull");
  std::ofstream(file.path()) << text;
  EXPECT_FALSE(file.finish(false));
}

}  // namespace
}  // namespace chassis::contract
