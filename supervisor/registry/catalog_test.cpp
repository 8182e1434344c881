#include "supervisor/registry/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "supervisor/registry/fake_clock.hpp"

namespace registry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CheckDefinition ttl_check(Ms ttl, const std::string& id = {}) {
  CheckDefinition check;
  check.id = id;
  check.ttl = ttl;
  return check;
}

CheckDefinition http_check(const std::string& id = {}) {
  CheckDefinition check;
  check.id = id;
  check.kind = CheckKind::http;
  check.port = 80;
  check.path = "/health";
  return check;
}

ServiceDefinition service(const std::string& id, const std::string& name, std::vector<CheckDefinition> checks = {}) {
  ServiceDefinition definition;
  definition.id = id;
  definition.name = name;
  definition.address = "127.0.0.1";
  definition.port = 8080;
  definition.checks = std::move(checks);
  return definition;
}

InstanceRegistration instance(const std::string& id, const std::string& name) {
  InstanceRegistration registration;
  registration.id = id;
  registration.name = name;
  registration.port = 9000;
  registration.meta = {{"port_grpc", "9001"}};
  return registration;
}

class CatalogTest : public testing::Test {
 protected:
  std::vector<std::string> passing(const std::string& name) const {
    std::vector<std::string> ids;
    for (const auto* each : catalog.instances_of(name)) {
      if (catalog.status_of(*each) == Status::passing) ids.push_back(each->definition.id);
    }
    return ids;
  }
  std::vector<std::string> all(const std::string& name) const {
    std::vector<std::string> ids;
    for (const auto* each : catalog.instances_of(name)) ids.push_back(each->definition.id);
    return ids;
  }
  std::vector<Question> after(Ms by) {
    clock.since_start += by;
    return catalog.advance();
  }
  std::string output_of(const std::string& check) const {
    for (const auto* each : catalog.checks()) {
      if (each->definition.id == check) return each->output;
    }
    return "no such check";
  }

  FakeClock clock;
  Catalog catalog{clock, {}};
};

TEST_F(CatalogTest, AServiceWithoutChecksPasses) {
  ASSERT_TRUE(catalog.register_service(service("", "web")));
  EXPECT_THAT(passing("web"), ElementsAre("web"));
}

TEST_F(CatalogTest, ATtlCheckIsCriticalUntilItPassesAndWhenItsTimeIsOver) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s)})));
  EXPECT_THAT(passing("web"), IsEmpty());
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, "fine"));
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  after(29s);
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, "fine"));
  EXPECT_EQ(catalog.next_deadline(), clock.monotonic() + 30s);
  after(29s);
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  after(1s);
  EXPECT_THAT(passing("web"), IsEmpty());
  EXPECT_EQ(output_of("service:w1"), "TTL expired (last output before timeout follows): fine");
  EXPECT_THAT(all("web"), ElementsAre("w1")) << "it was given no time to go after";
}

TEST_F(CatalogTest, AServiceThatStaysCriticalGoes) {
  auto check = ttl_check(30s);
  check.deregister_after = 60s;
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {check})));
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, ""));
  after(30s);
  EXPECT_EQ(catalog.next_deadline(), clock.monotonic() + 60s);
  after(59s);
  EXPECT_THAT(all("web"), ElementsAre("w1"));
  after(1s);
  EXPECT_THAT(all("web"), IsEmpty());
  EXPECT_EQ(catalog.update_check("service:w1", Status::passing, "").error().code, base::ErrorCode::not_found);
}

TEST_F(CatalogTest, AsksHttpChecksAtOnceAndEveryInterval) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {http_check()})));
  auto due = after(0s);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].check_id, "service:w1");
  EXPECT_EQ(due[0].path, "/health");
  EXPECT_EQ(due[0].timeout, 10s);
  EXPECT_THAT(after(60s), IsEmpty()) << "one question at a time";
  catalog.answered(due[0], Status::passing, "200");
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  EXPECT_EQ(catalog.next_deadline(), clock.monotonic() + 10s);
  EXPECT_EQ(after(10s).size(), 1U);
}

TEST_F(CatalogTest, AnAnswerToAnOlderRegistrationIsIgnored) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {http_check()})));
  const auto old = after(0s);
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {http_check()})));
  catalog.answered(old.at(0), Status::passing, "200");
  EXPECT_THAT(passing("web"), IsEmpty());
  EXPECT_EQ(after(0s).size(), 1U);
}

TEST_F(CatalogTest, CountsSuccessesAndFailuresInARow) {
  auto check = http_check();
  check.failures = 3;
  check.successes = 2;
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {check})));
  const auto answer = [&](Status status) { catalog.answered(after(10s).at(0), status, ""); };
  answer(Status::passing);
  EXPECT_THAT(passing("web"), IsEmpty());
  answer(Status::passing);
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  answer(Status::critical);
  answer(Status::critical);
  answer(Status::passing);
  answer(Status::critical);
  answer(Status::critical);
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  answer(Status::critical);
  EXPECT_THAT(passing("web"), IsEmpty());
}

TEST_F(CatalogTest, RegisteringAgainKeepsTheStatusUnlessOneIsGiven) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s)})));
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, ""));
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(20s)})));
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  auto check = ttl_check(20s);
  check.initial = Status::warning;
  check.initial_given = true;
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {check})));
  EXPECT_THAT(passing("web"), IsEmpty());
}

TEST_F(CatalogTest, OtherChecksStayUnlessTheyAreReplaced) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s, "a")})));
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s, "b")})));
  EXPECT_EQ(catalog.checks().size(), 2U);
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s, "c")}), true));
  ASSERT_EQ(catalog.checks().size(), 1U);
  EXPECT_EQ(catalog.checks()[0]->definition.id, "c");
}

TEST_F(CatalogTest, MaintenanceTakesAServiceOutAndPutsItBack) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web")));
  ASSERT_TRUE(catalog.set_maintenance("w1", true, "new disk"));
  EXPECT_THAT(passing("web"), IsEmpty());
  EXPECT_EQ(catalog.checks().at(0)->definition.id, "_service_maintenance:w1");
  EXPECT_EQ(catalog.checks().at(0)->definition.notes, "new disk");
  ASSERT_TRUE(catalog.set_maintenance("w1", false, ""));
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
  EXPECT_EQ(catalog.set_maintenance("w2", true, "").error().code, base::ErrorCode::not_found);
}

TEST_F(CatalogTest, ACriticalCheckOfTheNodeTakesAllOut) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web")));
  auto disk = ttl_check(30s, "disk");
  disk.name = "disk";
  const auto before = catalog.index_of("web");
  ASSERT_TRUE(catalog.register_check(disk, ""));
  EXPECT_GT(catalog.index_of("web"), before);
  EXPECT_THAT(passing("web"), IsEmpty());
  ASSERT_TRUE(catalog.deregister_check("disk"));
  EXPECT_THAT(passing("web"), ElementsAre("w1"));
}

TEST_F(CatalogTest, AnIndexMovesWithItsOwnServiceOnly) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s)})));
  ASSERT_TRUE(catalog.register_service(service("d1", "db")));
  const auto web = catalog.index_of("web");
  const auto db = catalog.index_of("db");
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, ""));
  EXPECT_GT(catalog.index_of("web"), web);
  EXPECT_EQ(catalog.index_of("db"), db);
  const auto again = catalog.index_of("web");
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, "another output"));
  EXPECT_EQ(catalog.index_of("web"), again);
  EXPECT_EQ(output_of("service:w1"), "another output");
}

TEST_F(CatalogTest, TheIndexOfAServiceThatIsGoneDoesNotGoBack) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web")));
  const auto there = catalog.index_of("web");
  ASSERT_TRUE(catalog.deregister_service("w1"));
  const auto gone = catalog.index_of("web");
  EXPECT_GT(gone, there);
  ASSERT_TRUE(catalog.register_service(service("w1", "web")));
  EXPECT_GT(catalog.index_of("web"), gone);
  EXPECT_GT(catalog.index_of("never"), 0U);
}

TEST_F(CatalogTest, ALaterCatalogBeginsWithAHigherIndex) {
  const Catalog before(clock, {});
  clock.since_start += 1s;
  EXPECT_GT(Catalog(clock, {}).index(), before.index());
}

TEST_F(CatalogTest, TheSupervisorsInstanceFollowsItsWord) {
  catalog.put(instance("web.2", "web"));
  EXPECT_THAT(all("web"), ElementsAre("web.2"));
  EXPECT_THAT(passing("web"), IsEmpty());
  catalog.set_health("web.2", Status::passing, "ready");
  EXPECT_THAT(passing("web"), ElementsAre("web.2"));
  catalog.set_health("web.2", Status::critical, "stopping");
  EXPECT_THAT(passing("web"), IsEmpty());
  catalog.remove("web.2");
  EXPECT_THAT(all("web"), IsEmpty());
  EXPECT_TRUE(catalog.checks().empty());
}

TEST_F(CatalogTest, TheSupervisorsWordExpiresToo) {
  catalog.put(instance("web", "web"));
  catalog.set_health("web", Status::passing, "ready");
  after(29s);
  catalog.set_health("web", Status::passing, "ready");
  after(29s);
  EXPECT_THAT(passing("web"), ElementsAre("web"));
  after(1s);
  EXPECT_THAT(passing("web"), IsEmpty());
}

TEST_F(CatalogTest, AnInstanceThatWasCriticalForAMinuteComesBackWhenItPasses) {
  catalog.put(instance("web", "web"));
  after(60s);
  EXPECT_THAT(all("web"), IsEmpty());
  EXPECT_TRUE(catalog.checks().empty());
  EXPECT_EQ(catalog.next_deadline(), base::Monotonic::max());
  catalog.set_health("web", Status::passing, "ready");
  EXPECT_THAT(passing("web"), ElementsAre("web"));
}

TEST_F(CatalogTest, AProcessSharesTheSupervisorsEntry) {
  catalog.put(instance("web", "web"));
  catalog.set_health("web", Status::passing, "ready");
  auto own = service("web", "other-name", {ttl_check(30s)});
  own.port = 0;
  own.tags = {"v2"};
  own.meta = {{"zone", "a"}};
  ASSERT_TRUE(catalog.register_service(own));
  ASSERT_THAT(all("web"), ElementsAre("web")) << "the name is the supervisor's";
  const auto& entry = *catalog.find("web");
  EXPECT_EQ(entry.definition.port, 9000);
  EXPECT_THAT(entry.definition.tags, ElementsAre("v2"));
  EXPECT_EQ(entry.definition.meta, (std::map<std::string, std::string>{{"port_grpc", "9001"}, {"zone", "a"}}));
  EXPECT_THAT(passing("web"), IsEmpty()) << "both must be content";
  ASSERT_TRUE(catalog.update_check("service:web", Status::passing, ""));
  EXPECT_THAT(passing("web"), ElementsAre("web"));
  catalog.set_health("web", Status::critical, "");
  EXPECT_THAT(passing("web"), IsEmpty());
}

TEST_F(CatalogTest, AProcessThatLeftStaysAwayUntilItsNextStart) {
  catalog.put(instance("web", "web"));
  ASSERT_TRUE(catalog.deregister_service("web"));
  catalog.set_health("web", Status::passing, "ready");
  EXPECT_THAT(all("web"), IsEmpty());
  EXPECT_EQ(catalog.deregister_service("web").error().code, base::ErrorCode::not_found);
  catalog.put(instance("web", "web"));
  EXPECT_THAT(all("web"), ElementsAre("web"));
}

TEST_F(CatalogTest, NobodyElseTouchesTheSupervisorsChecks) {
  catalog.put(instance("web", "web"));
  EXPECT_EQ(catalog.deregister_check("msctl:web").error().code, base::ErrorCode::permission);
  EXPECT_EQ(catalog.update_check("msctl:web", Status::passing, "").error().code, base::ErrorCode::conflict);
  EXPECT_EQ(catalog.register_service(service("x", "x", {ttl_check(30s, "msctl:web")})).error().code,
            base::ErrorCode::permission);
  EXPECT_EQ(catalog.find("x"), nullptr) << "all or nothing";
}

TEST_F(CatalogTest, HoldsSoManyAndNoMore) {
  for (std::size_t i = 0; i < max_instances; ++i) {
    ASSERT_TRUE(catalog.register_service(service("i" + std::to_string(i), "web")));
  }
  EXPECT_EQ(catalog.register_service(service("one-more", "web")).error().code, base::ErrorCode::too_large);
  EXPECT_TRUE(catalog.register_service(service("i7", "web")));
  std::vector<CheckDefinition> many(max_checks_of_one, ttl_check(1s));
  EXPECT_EQ(catalog.register_service(service("i7", "web", many)).error().code, base::ErrorCode::too_large);
}

TEST_F(CatalogTest, CutsLongOutputs) {
  ASSERT_TRUE(catalog.register_service(service("w1", "web", {ttl_check(30s)})));
  ASSERT_TRUE(catalog.update_check("service:w1", Status::passing, std::string(5000, 'x')));
  EXPECT_THAT(output_of("service:w1"), HasSubstr("x ... (captured 4096 of 5000 bytes)"));
}

}  // namespace
}  // namespace registry
