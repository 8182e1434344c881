#include "services/chassis/states/states.hpp"

#include <gtest/gtest.h>

#include "services/chassis/api/states_door.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis {
namespace {

using base::Json;
using testing::FakeEnvironment;
using namespace std::chrono_literals;

constexpr const char* secret = "0123456789abcdef";

Config config_with(const std::string& states_secret) {
  Config config;
  config.name = config.instance = "shop";
  config.states_secret = states_secret;
  return config;
}

base::http::Request request_of(const std::string& method, const std::string& target, const std::string& body = {}) {
  base::http::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  request.headers.add("Authorization", std::string("Bearer ") + secret);
  return request;
}

class Door : public ::testing::Test {
 protected:
  Door() : world(config_with(secret)), recording(world.brokers, published), door(world.env, &states) {
    world.env.published = &published;
    states.on(
        "a user exists", [this](CallContext, Json params) { return set_up(std::move(params)); },
        [this](CallContext, Json) { return tear_down(); });
    states.on("nothing to undo", [this](CallContext, Json params) { return set_up(std::move(params)); });
    states.on("an order is placed", [this](CallContext context, Json) { return publish(context.deadline); });
  }

  base::Task<base::Result<Json>> set_up(Json params) {
    CO_TRY(const auto id, text_param(params, "id", "1"));
    users.push_back(id);
    Json values{{"id", id}};
    co_return values;
  }
  base::Task<base::Result<Json>> tear_down() {
    users.clear();
    co_return Json();
  }
  base::Task<base::Result<Json>> publish(base::Monotonic deadline) {
    CO_TRY(const auto broker, recording.connect("nats://127.0.0.1:1"));
    broker::Stream stream{"SHOP", {"shop.events.>"}};
    CO_TRY(co_await broker->ensure_stream(deadline, std::move(stream)));
    std::vector<broker::Message> messages(2);
    messages[0].subject = "shop.events.order.placed";
    messages[0].id = "e1";
    messages[0].body = R"({"type":"order.placed"})";
    messages[0].headers.add("Content-Type", "application/cloudevents+json");
    messages[1].subject = "shop.events.stock.reserved";
    messages[1].id = "e2";
    messages[1].body = "{}";
    const auto results = co_await broker->publish(deadline, std::move(messages));
    if (!results.front()) co_return results.front().error();
    co_return Json();
  }

  base::http::Response ask(base::http::Request request) {
    EXPECT_TRUE(door.takes(request));
    return world.ask(door.answer(std::move(request))).value();
  }
  base::http::Response post(const std::string& path, const std::string& body) {
    return ask(request_of("POST", path, body));
  }
  static Json json(const base::http::Response& answer) { return base::parse_json(answer.body).value(); }

  FakeEnvironment world;
  broker::Published published;
  broker::RecordingBrokers recording;
  States states;
  StatesDoor door;
  std::vector<std::string> users;
};

constexpr const char* path = "/_test/provider-states";

TEST_F(Door, IsNotThereWithoutTheSwitch) {
  FakeEnvironment closed(config_with(""));
  const StatesDoor none(closed.env, &states);
  for (const char* target : {path, "/_test/messages", "/_test/provider-states?secret="}) {
    EXPECT_FALSE(none.takes(request_of("POST", target))) << target;
  }
  EXPECT_FALSE(door.takes(request_of("POST", "/v1/users")));
  EXPECT_FALSE(door.takes(request_of("POST", "/_test/provider-states/")));
}

TEST_F(Door, NeedsTheSecret) {
  for (const char* given : {"", "Bearer ", "Bearer 0123456789abcdeF", "Bearer 0123456789abcdef0", "0123456789abcdef"}) {
    auto request = request_of("POST", path, R"({"state":"a user exists"})");
    request.headers.set("Authorization", given);
    EXPECT_EQ(ask(std::move(request)).status, 403) << given;
  }
  EXPECT_TRUE(users.empty());
  auto request = request_of("POST", std::string(path) + "?secret=" + secret, R"({"state":"a user exists"})");
  request.headers.clear();
  EXPECT_EQ(ask(std::move(request)).status, 200);
}

TEST_F(Door, SetsUpAndTearsDownInTheFormsOfVerifiers) {
  struct Case {
    const char* body;
    int status;
    std::vector<std::string> after;
  };
  const std::vector<Case> cases{
      {R"({"consumer":"c","state":"a user exists","states":["a user exists"],"params":{"id":"7"},"action":"setup"})",
       200,
       {"7"}},
      {R"({"state":"a user exists","action":"teardown"})", 200, {}},
      {R"({"state":"a user exists","params":null})", 200, {"1"}},
      {R"({"state":"nothing to undo","action":"teardown"})", 200, {"1"}},
      {R"({"states":[{"name":"a user exists","params":{"id":"8"}},{"name":"nothing to undo"}]})", 200, {"1", "8", "1"}},
      {R"({"states":["a user exists"],"params":{"id":"9"}})", 200, {"1", "8", "1", "9"}},
      {R"({"state":"no such thing"})", 404, {"1", "8", "1", "9"}},
      {R"({"state":"","action":"setup"})", 200, {"1", "8", "1", "9"}},
      {R"({"state":"a user exists","params":{"id":7}})", 422, {"1", "8", "1", "9"}},
      {R"({"state":"a user exists","params":[]})", 400, {"1", "8", "1", "9"}},
      {R"({"state":"a user exists","action":"explode"})", 400, {"1", "8", "1", "9"}},
      {R"({"state":7})", 400, {"1", "8", "1", "9"}},
      {R"([])", 400, {"1", "8", "1", "9"}},
      {R"({)", 400, {"1", "8", "1", "9"}},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(post(path, one.body).status, one.status) << one.body;
    EXPECT_EQ(users, one.after) << one.body;
  }
  EXPECT_EQ(json(post(path, R"({"state":"a user exists","params":{"id":"7"}})")), Json({{"id", "7"}}));
  EXPECT_NE(json(post(path, R"({"state":"x"})"))["detail"].get<std::string>().find("\"a user exists\""),
            std::string::npos);
  EXPECT_EQ(ask(request_of("DELETE", path)).status, 405);
  EXPECT_EQ(json(ask(request_of("GET", path)))["states"].size(), 3U);
}

TEST_F(Door, AServiceWithoutStatesSaysSo) {
  const StatesDoor none(world.env, nullptr);
  const auto answer = world.ask(none.answer(request_of("POST", path, R"({"state":"x"})"))).value();
  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body.find("there are none"), std::string::npos);
}

TEST_F(Door, GivesTheEventThatWasPublishedSinceTheSetUp) {
  ASSERT_EQ(post(path, R"({"state":"an order is placed"})").status, 200);
  const auto named = post("/_test/messages", R"({"description":"an order.placed event"})");
  EXPECT_EQ(named.status, 200);
  EXPECT_EQ(named.body, R"({"type":"order.placed"})");
  EXPECT_EQ(named.headers.get("content-type"), "application/cloudevents+json");
  // {"subject":"shop.events.order.placed","id":"e1",…
  EXPECT_TRUE(
      named.headers.get("pact-message-metadata").starts_with("eyJzdWJqZWN0Ijoic2hvcC5ldmVudHMub3JkZXIucGxhY2VkIi"));
  const auto typed = post("/_test/messages", R"({"description":"an order.placed event","type":"stock.reserved"})");
  EXPECT_EQ(typed.body, "{}") << "the type says more than the description";
  EXPECT_EQ(post("/_test/messages", "[]").status, 400);
}

TEST_F(Door, WaitsForTheEventAndGivesUp) {
  ASSERT_EQ(post(path, R"({"state":"a user exists"})").status, 200);
  auto asked = request_of("POST", "/_test/messages", R"({"description":"an order.placed event"})");
  std::optional<base::http::Response> answer = world.ask(door.answer(asked));
  EXPECT_FALSE(answer.has_value());
  int status = 0;
  auto wait = [](const StatesDoor& of, base::http::Request what, int& into) -> base::Task<> {
    const auto got = co_await of.answer(std::move(what));
    into = got.status;
  };
  world.scheduler.spawn(wait(door, asked, status));
  world.settle();
  world.advance(4s);
  EXPECT_EQ(status, 0);
  world.advance(2s);
  EXPECT_EQ(status, 404);
}

TEST(Published, KeepsTheNewest) {
  broker::Published published;
  for (int i = 0; i < 300; ++i) {
    broker::Message message;
    message.id = std::to_string(i);
    published.add(std::move(message));
  }
  EXPECT_EQ(published.count(), 300U);
  EXPECT_EQ(published.after(0).size(), broker::Published::kept);
  EXPECT_EQ(published.after(0).front().id, "44");
  EXPECT_EQ(published.after(298).front().id, "298");
  EXPECT_TRUE(published.after(300).empty());
  EXPECT_TRUE(published.after(999).empty());
}

}  // namespace
}  // namespace chassis
