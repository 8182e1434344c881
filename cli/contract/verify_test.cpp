#include "cli/contract/verify.hpp"

#include <gmock/gmock.h>

#include "base/pact/file.hpp"

namespace contract {
namespace {

using base::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FakeProvider final : public Provider {
 public:
  base::Result<base::http::Response> send(base::http::Request request) override {
    calls.push_back(request.method + " " + request.target);
    last = request;
    if (answer) return *answer;
    return base::fail(base::ErrorCode::unavailable, "connection refused");
  }
  base::Result<Json> change_state(const std::string& consumer, const base::pact::ProviderState& state,
                                  bool teardown) override {
    calls.push_back(std::string(teardown ? "undo " : "make ") + state.name + " for " + consumer);
    if (state.name == broken_state && teardown == broken_teardown) {
      return base::fail(base::ErrorCode::invalid, "it cannot be");
    }
    return teardown ? Json() : values;
  }
  base::Result<base::pact::ActualMessage> message(const base::pact::Interaction&) override {
    if (!event) return base::fail(base::ErrorCode::not_found, "no event came");
    return *event;
  }
  base::Result<base::pact::ActualMessage> reply(const base::pact::Interaction&,
                                                const base::pact::Message& request) override {
    calls.push_back("ask " + request.contents.bytes);
    if (!event) return base::fail(base::ErrorCode::unsupported, "it answers no messages");
    return *event;
  }
  base::Result<RpcAnswer> call(const base::pact::Pact&, const base::pact::Interaction&,
                               const base::pact::GenerateContext&) override {
    if (!rpc) return base::fail(base::ErrorCode::unsupported, "no descriptors");
    return *rpc;
  }

  std::optional<base::http::Response> answer;
  std::optional<base::pact::ActualMessage> event;
  std::optional<RpcAnswer> rpc;
  Json values{{"id", "42"}};
  std::string broken_state;
  bool broken_teardown = false;
  std::vector<std::string> calls;
  base::http::Request last;
};

class Verifying : public ::testing::Test {
 protected:
  Result run(const std::string& interaction) {
    const auto read =
        base::pact::read_pact(R"({"consumer":{"name":"shop"},"provider":{"name":"users"},"interactions":[)" +
                                  interaction + R"(],"metadata":{"pactSpecification":{"version":"4.0"}}})",
                              "test");
    EXPECT_TRUE(read) << read.error().message;
    const VerifyOptions options{random, clock, added};
    return verify(read.value(), read.value().interactions.at(0), "test.json", provider, options);
  }
  static base::http::Response json(int status, const std::string& body) {
    base::http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json");
    response.body = body;
    return response;
  }

  base::SystemRandom random;
  base::SystemClock clock;
  base::http::Headers added;
  FakeProvider provider;
};

const std::string get_user = R"({"type":"Synchronous/HTTP","description":"a user",
  "providerStates":[{"name":"one","params":{"a":"1"}},{"name":"two"}],
  "request":{"method":"GET","path":"/v1/users/7","headers":{"Authorization":["Bearer own"]},
    "generators":{"path":{"type":"ProviderState","expression":"/v1/users/${id}","dataType":"STRING"}}},
  "response":{"status":200,"body":{"contentType":"application/json","content":{"name":"Ann"}},
    "matchingRules":{"body":{"$.name":{"matchers":[{"match":"type"}]}}}}})";

TEST_F(Verifying, SetsStatesUpReplaysAndUndoes) {
  provider.answer = json(200, R"({"name":"Bo","more":1})");
  added.add("authorization", "Bearer other");
  added.add("X-Added", "yes");
  const Result result = run(get_user);
  EXPECT_EQ(result.outcome, Outcome::passed) << result.why;
  EXPECT_THAT(provider.calls, ElementsAre("make one for shop", "make two for shop", "GET /v1/users/42",
                                          "undo two for shop", "undo one for shop"));
  EXPECT_EQ(provider.last.headers.get("Authorization"), "Bearer own") << "the consumer's own header is never lost";
  EXPECT_EQ(provider.last.headers.get("X-Added"), "yes");
  EXPECT_EQ(result.states, "one (a=1), and two");
}

TEST_F(Verifying, NothingCanBeSentBesideTheRequest) {
  provider.answer = json(200, "{}");
  const auto with = [](const std::string& request) {
    return R"({"type":"Synchronous/HTTP","description":"x","request":)" + request + R"(,"response":{"status":200}})";
  };
  for (const char* request : {R"({"path":"/","headers":{"A":["x\r\nEvil: 1"]}})", R"({"headers":{"A b":["x"]}})",
                              R"({"method":"GET / HTTP/1.1\r\nX: y"})"}) {
    const Result result = run(with(request));
    EXPECT_EQ(result.outcome, Outcome::unverifiable) << request;
    EXPECT_THAT(result.why, HasSubstr("so the request cannot be sent"));
  }
  EXPECT_TRUE(provider.calls.empty());
  EXPECT_EQ(run(with(R"({"path":"/a\r\nX: y","headers":{"Transfer-Encoding":["chunked"]}})")).outcome, Outcome::passed);
  EXPECT_EQ(provider.last.target, "/a%0D%0AX:%20y");
  EXPECT_FALSE(provider.last.headers.has("transfer-encoding"));
}

TEST_F(Verifying, NamesTheFieldThatIsWrong) {
  provider.answer = json(200, R"({"name":7})");
  const Result result = run(get_user);
  EXPECT_EQ(result.outcome, Outcome::mismatched);
  ASSERT_EQ(result.mismatches.size(), 1U);
  EXPECT_EQ(result.mismatches[0].path, "$.name");
  EXPECT_THAT(result.why, HasSubstr("$.name in the body"));
  EXPECT_TRUE(result.fails());
}

TEST_F(Verifying, TellsStatesSilenceAndMismatchesApart) {
  EXPECT_EQ(run(get_user).outcome, Outcome::unreachable);
  provider.answer = json(500, "{}");
  EXPECT_EQ(run(get_user).outcome, Outcome::mismatched);
  provider.answer = json(200, R"({"name":"x"})");
  provider.broken_state = "two";
  provider.calls.clear();
  EXPECT_EQ(run(get_user).outcome, Outcome::state_failed);
  EXPECT_THAT(provider.calls, ElementsAre("make one for shop", "make two for shop", "undo one for shop"))
      << "nothing is replayed, and what was made is undone";
  provider.broken_teardown = true;
  const Result undone = run(get_user);
  EXPECT_EQ(undone.outcome, Outcome::state_failed);
  EXPECT_THAT(undone.why, HasSubstr("afterwards: "));
}

TEST_F(Verifying, ComparesMessages) {
  const std::string placed = R"({"type":"Asynchronous/Messages","description":"placed",
    "contents":{"contentType":"application/json","content":{"id":"1"}},"metadata":{"subject":"orders"}})";
  EXPECT_THAT(run(placed).why, HasSubstr("no event came"));
  base::pact::ActualMessage event;
  event.contents = base::pact::json_body(Json{{"id", "1"}, {"more", true}});
  event.metadata = Json{{"subject", "orders"}};
  provider.event = event;
  EXPECT_EQ(run(placed).outcome, Outcome::passed) << run(placed).why;
  provider.event->metadata["subject"] = "other";
  provider.event->contents = base::pact::json_body(Json::object());
  const Result broken = run(placed);
  EXPECT_EQ(broken.outcome, Outcome::mismatched);
  EXPECT_EQ(broken.mismatches.size(), 2U);
}

TEST_F(Verifying, ComparesCalls) {
  const std::string call = R"({"type":"Synchronous/Messages","description":"GetUser","transport":"grpc",
    "request":{"contents":{"content":""}},"response":[{"contents":{"content":""}}]})";
  const std::string refused = R"({"type":"Synchronous/Messages","description":"GetUser","transport":"grpc",
    "request":{"contents":{"content":""}},
    "response":[{"contents":{"content":""},"metadata":{"grpc-status":"NOT_FOUND"}}]})";
  EXPECT_EQ(run(call).outcome, Outcome::unverifiable);
  provider.rpc = RpcAnswer{Json{{"id", "7"}}, Json{{"id", "7"}}};
  EXPECT_EQ(run(call).outcome, Outcome::passed) << run(call).why;
  EXPECT_THAT(run(refused).why, HasSubstr("expected gRPC status NOT_FOUND, got OK"));
  provider.rpc->actual = Json{{"id", "8"}};
  EXPECT_EQ(run(call).mismatches.at(0).path, "$.id");
  provider.rpc->status = "NOT_FOUND";
  EXPECT_EQ(run(refused).outcome, Outcome::passed);
  EXPECT_EQ(run(call).mismatches.at(0).where, base::pact::Place::status);
}

// By the official verifier: what the messages URL answers is the response.
TEST_F(Verifying, AsksForTheAnswerOfASynchronousMessage) {
  const std::string sync = R"({"type":"Synchronous/Messages","description":"a price",
    "providerStates":[{"name":"one"}],
    "request":{"contents":{"contentType":"application/json","content":{"id":"1"}},
      "generators":{"body":{"$.id":{"type":"ProviderState","expression":"${id}"}}}},
    "response":[{"contents":{"contentType":"application/json","content":{"price":1}},"metadata":{"unit":"EUR"}}]})";
  EXPECT_EQ(run(sync).outcome, Outcome::unverifiable);
  EXPECT_EQ(run(sync).why, "it answers no messages");
  provider.event.emplace();
  provider.event->contents = base::pact::json_body(Json{{"price", 1}});
  provider.event->metadata = Json{{"unit", "EUR"}};
  provider.calls.clear();
  EXPECT_EQ(run(sync).outcome, Outcome::passed) << run(sync).why;
  EXPECT_EQ(provider.calls.at(1), R"(ask {"id":"42"})");
  provider.event->contents = base::pact::json_body(Json{{"price", 2}});
  provider.event->metadata = Json::object();
  EXPECT_EQ(run(sync).mismatches.size(), 2U);
}

TEST_F(Verifying, OneAnswerCannotBeSeveralResponses) {
  provider.rpc = RpcAnswer{Json{{"id", "7"}}, Json{{"id", "7"}}};
  provider.event.emplace();
  provider.event->contents = base::pact::json_body(Json::object());
  for (const char* transport : {"grpc", "http"}) {
    const Result result = run(R"({"type":"Synchronous/Messages","description":"GetUser","transport":")" +
                              std::string(transport) + R"(","request":{},"response":[{},{}]})");
    EXPECT_EQ(result.outcome, Outcome::unverifiable) << transport;
    EXPECT_THAT(result.why, HasSubstr("it expects 2 responses"));
  }
}

TEST_F(Verifying, WhatIsNotKnownIsNeverPassed) {
  const Result result = run(R"({"type":"Carrier/Pigeon","description":"a letter"})");
  EXPECT_EQ(result.outcome, Outcome::unverifiable);
  EXPECT_THAT(result.why, HasSubstr("Carrier/Pigeon"));
  EXPECT_TRUE(result.fails());
}

TEST_F(Verifying, AGeneratorThatIsNotKnownIsNeverPassed) {
  provider.answer = json(200, "{}");
  provider.rpc = RpcAnswer{};
  const std::string unknown = R"("generators":{"body":{"$.a":{"type":"Telepathy"}}})";
  for (const auto& interaction :
       {R"({"type":"Synchronous/HTTP","description":"x","request":{"generators":{"wibble":{"$":{"type":"Uuid"}}}}})" +
            std::string(),
        R"({"type":"Synchronous/HTTP","description":"x","request":{},"response":{)" + unknown + "}}",
        R"({"type":"Asynchronous/Messages","description":"x",)" + unknown + "}",
        R"({"type":"Synchronous/Messages","description":"x","transport":"grpc","request":{},"response":[{)" + unknown +
            "}]}"}) {
    const Result result = run(interaction);
    EXPECT_EQ(result.outcome, Outcome::unverifiable) << interaction;
    EXPECT_THAT(result.why, HasSubstr("which is not known"));
  }
}

TEST_F(Verifying, PendingDoesNotFail) {
  const Result result = run(R"({"type":"Carrier/Pigeon","description":"a letter","pending":true})");
  EXPECT_TRUE(result.pending);
  EXPECT_FALSE(result.fails());
}

TEST(SelectionOf, PairAndPartOfADescription) {
  base::pact::Pact pact;
  pact.consumer = "shop";
  pact.provider = "users";
  base::pact::Interaction interaction;
  interaction.description = "a user by id";
  EXPECT_TRUE(Selection{}.takes(pact));
  EXPECT_TRUE((Selection{"shop", "users", ""}.takes(pact)));
  EXPECT_FALSE((Selection{"users", "", ""}.takes(pact)));
  EXPECT_FALSE((Selection{"", "shop", ""}.takes(pact)));
  EXPECT_TRUE((Selection{"", "", "by id"}.takes(interaction)));
  EXPECT_FALSE((Selection{"", "", "by name"}.takes(interaction)));
}

}  // namespace
}  // namespace contract
