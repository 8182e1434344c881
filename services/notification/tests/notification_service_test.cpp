// notification-service as a whole: what it hears, keeps, answers and hands over.
#include "services/notification/tests/notification_fixture.hpp"

namespace notification_service {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class NotificationService : public NotificationFixture {};

// `msctl api check` compares that file with its past. When this fails, the interface has changed: is that compatible?
// Then write the file anew from a running service: curl -s 127.0.0.1:PORT/openapi.json >
// services/notification/openapi.json
TEST_F(NotificationService, DescribesItselfAsTheFileInTheRepositoryDoes) {
  const auto [status, document] = world.json("GET", "/openapi.json");
  ASSERT_EQ(status, 200);
  std::ifstream in(MSCTL_SOURCE_DIR "/services/notification/openapi.json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto file = base::parse_json(text);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(base::dump_json_pretty(document), base::dump_json_pretty(file.value()));
}

TEST_F(NotificationService, TellsOfAnOrderInTheUsersLanguage) {
  orders.confirm("o-1", "de-AT");
  world.advance(100ms);
  ASSERT_EQ(mails().size(), 1U);
  const auto mail = mails().front();
  EXPECT_EQ(mail["user_id"], "ann");
  EXPECT_EQ(mail["order_id"], "o-1");
  EXPECT_EQ(mail["event"], "order.confirmed");
  EXPECT_EQ(mail["language"], "de");
  EXPECT_EQ(mail["subject"], "Ihre Bestellung o-1 ist bestätigt");
  EXPECT_THAT(mail["body"].get<std::string>(), HasSubstr("über 1.234,50 EUR ist bezahlt"));
  EXPECT_EQ(mail["message_id"], mail["id"].get<std::string>() + "@shop.example");
  EXPECT_EQ(world.json("GET", "/v1/mailbox/" + mail["id"].get<std::string>()).second, mail);
  EXPECT_EQ(world.json("GET", "/mailbox/" + mail["id"].get<std::string>()).second, mail);
}

TEST_F(NotificationService, SaysWhyAnOrderWasCancelled) {
  orders.cancel("o-1", "sold_out");
  orders.cancel("o-2", "a reason that came later");
  world.advance(100ms);
  EXPECT_THAT(mails("order_id=o-1").at(0)["body"].get<std::string>(), HasSubstr("What you ordered is sold out"));
  const std::string other = mails("order_id=o-2").at(0)["body"];
  EXPECT_THAT(other, HasSubstr("your order o-2 over EUR 1,234.50 is cancelled"));
  EXPECT_THAT(other, ::testing::Not(HasSubstr("sold out")));
}

TEST_F(NotificationService, HandsItOverRightAfterItWasKept) {
  world.advance(900ms);  // the worker sleeps
  orders.confirm("o-1");
  world.advance(50ms);
  ASSERT_EQ(mails().size(), 1U);
  const auto mail = mails().front();
  EXPECT_NE(mail["delivered_at"], "");
  const auto files = delivered();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.begin()->first, mail["message_id"]);
  EXPECT_THAT(files.begin()->second, HasSubstr("To: ann@shop.example\r\n"));
  EXPECT_THAT(files.begin()->second, HasSubstr("Message-ID: <" + mail["message_id"].get<std::string>() + ">\r\n"));
  EXPECT_THAT(world.request("GET", "/metrics").body, HasSubstr(R"(mail_deliveries_total{outcome="delivered"} 1)"));
}

TEST_F(NotificationService, AnEventThatComesTwiceIsToldOnce) {
  for (int i = 0; i < 3; ++i) {
    orders.confirm("o-1");
    orders.cancel("o-2", "sold_out");
    world.advance(50ms);
  }
  EXPECT_EQ(mails().size(), 2U);
  world.advance(10s);
  EXPECT_EQ(delivered().size(), 2U);
}

TEST_F(NotificationService, ASpoolThatIsAwayDelaysMails) {
  std::ofstream(spool.path() / "mail") << "no folder";
  orders.confirm("o-1");
  world.advance(1s);
  ASSERT_EQ(mails().size(), 1U);
  EXPECT_EQ(mails().front()["delivered_at"], "");
  const auto [status, ready] = world.json("GET", "/health/ready");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(ready["checks"]["spool"]["status"], "down");

  std::filesystem::remove(spool.path() / "mail");
  world.advance(500ms);
  EXPECT_TRUE(delivered().empty()) << "the pause after the first attempt is 2 s";
  world.advance(3s);
  EXPECT_EQ(delivered().size(), 1U);
  EXPECT_NE(mails().front()["delivered_at"], "");
}

TEST_F(NotificationService, AClockThatIsSetBackDelaysNoMail) {
  std::ofstream(spool.path() / "mail") << "no folder";
  world.clock.wall_off = std::chrono::hours(8760);
  orders.confirm("o-1");
  world.advance(1s);
  world.clock.wall_off = 0s;
  std::filesystem::remove(spool.path() / "mail");
  world.advance(6min);
  EXPECT_EQ(delivered().size(), 1U);
}

TEST_F(NotificationService, WhatCannotBeToldIsParked) {
  auto data = OrderEvents::data("o-1", "en");
  data["currency"] = "euros";
  orders.publish("order.confirmed", "e-1", data);
  world.advance(1s);
  EXPECT_TRUE(mails().empty());
  const auto parked = world.brokers.stored("NOTIFICATION-SERVICE-PARKED");
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_THAT(std::string(parked.front().headers.get("Parked-Reason")), HasSubstr("currency"));
}

TEST_F(NotificationService, FiltersAndPages) {
  for (int i = 0; i < 5; ++i) {
    orders.confirm("o-" + std::to_string(i));
    world.advance(50ms);
  }
  auto of_bob = OrderEvents::data("o-9", "en");
  of_bob["user_id"] = "bob";
  orders.publish("order.confirmed", "e-9", of_bob);
  world.advance(50ms);
  EXPECT_EQ(mails().size(), 6U);
  EXPECT_EQ(mails("user_id=bob").size(), 1U);
  EXPECT_EQ(mails("user_id=ann&order_id=o-3").size(), 1U);
  EXPECT_EQ(mails("user_id=bob&order_id=o-3").size(), 0U);

  std::vector<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto [status, page] =
        world.json("GET", "/v1/mailbox?page_size=2&user_id=ann" + (token.empty() ? "" : "&page_token=" + token));
    ASSERT_EQ(status, 200) << page;
    for (const auto& mail : page["mails"]) seen.push_back(mail["order_id"]);
    token = page["next_page_token"];
    ++pages;
  } while (!token.empty());
  EXPECT_THAT(seen, ::testing::ElementsAre("o-4", "o-3", "o-2", "o-1", "o-0"));
  EXPECT_EQ(pages, 3);
}

TEST_F(NotificationService, RefusesOddPages) {
  EXPECT_EQ(world.json("GET", "/v1/mailbox?page_size=101").first, 422);
  EXPECT_EQ(world.json("GET", "/v1/mailbox?page_size=-1").first, 422);
  EXPECT_EQ(world.json("GET", "/v1/mailbox?page_token=x").first, 400);
  EXPECT_EQ(world.json("GET", "/v1/mailbox/none").first, 404);
}

TEST_F(NotificationService, CanBeBroughtIntoTheStatesOfContracts) {
  const auto bring = [this](const std::string& state, const std::string& params) {
    base::http::Headers headers;
    headers.add("Content-Type", "application/json");
    headers.add("Authorization", "Bearer secret");
    const auto body = R"({"state":")" + state + R"(","params":)" + params + "}";
    return world.request("POST", "/_test/provider-states", body, headers).status;
  };
  EXPECT_EQ(bring("a mail exists", R"({"id":"m-1","user_id":"bob","event":"order.cancelled","language":"de"})"), 200);
  const auto mail = world.json("GET", "/v1/mailbox/m-1").second;
  EXPECT_EQ(mail["user_id"], "bob");
  EXPECT_THAT(mail["body"].get<std::string>(), HasSubstr("ist ausverkauft"));
  world.advance(5s);
  EXPECT_TRUE(delivered().empty()) << "no state of a contract sends a mail";
  EXPECT_EQ(bring("no such mail", R"({"id":"m-1"})"), 200);
  EXPECT_EQ(world.json("GET", "/v1/mailbox/m-1").first, 404);
  EXPECT_EQ(bring("a mail exists", "{}"), 200);
  EXPECT_EQ(bring("a user has no mail", "{}"), 200);
  EXPECT_TRUE(mails().empty());
}

TEST_F(NotificationService, DrainsOnShutdown) {
  world.stop();
  ASSERT_TRUE(world.outcome.has_value());
  EXPECT_TRUE(*world.outcome);
}

std::string refusal(std::map<std::string, std::string> settings) {
  chassis::Config bad = config("/x");
  bad.settings = chassis::Settings(std::move(settings));
  chassis::testing::FakeEnvironment world(std::move(bad));
  world.start(run);
  world.settle();
  return world.outcome && !*world.outcome ? world.outcome->error().message : "started";
}

TEST(NotificationSettings, AreReadBeforeAnythingStarts) {
  EXPECT_EQ(refusal({}), "MAIL_SPOOL: expected the whole path of a folder, got ''; set it under env in service.yaml");
  EXPECT_THAT(refusal({{"MAIL_SPOOL", "mail"}}), HasSubstr("got 'mail'"));
  EXPECT_THAT(refusal({{"MAIL_SPOOL", "/x"}, {"MAIL_DOMAIN", "a b"}}), HasSubstr("MAIL_DOMAIN"));
}

}  // namespace
}  // namespace notification_service
