#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/verify/fake_world.hpp"
#include "cli/verify/patterns/patterns.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr const char* v1 = R"({"$id": "urn:msctl:event:order.placed:1", "type": "object",
  "properties": {"total": {"type": "integer"}, "order_id": {"type": "string"}}})";
constexpr const char* name_of_v1 = "services/order/events/order.placed.v1.schema.json";
constexpr const char* name_of_v2 = "services/order/events/order.placed.v2.schema.json";

// A workspace with one schema, and a `schema check` that answers as a test says once there is a second version.
class Schemas : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "schemas-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    world.folder = fs::path(name) / "scratch";
    world.spec.root = fs::path(name) / "root";
    world.spec.services["order-service"].home = world.spec.root / "services" / "order";
    fs::create_directories(world.spec.root / "services" / "order" / "events");
    std::ofstream(world.spec.root / name_of_v1) << v1;
    std::ofstream(world.spec.root / "msctl.yaml") << "version: 1\n";
    world.options.files = {world.spec.root / "msctl.yaml"};
    world.verbs = {"schema"};
    world.on_run = [this](const Ask& ask) -> base::Result<program::Output> { return answer(ask); };
  }
  void TearDown() override { fs::remove_all(world.spec.root.parent_path()); }

  program::Output answer(const Ask& ask) {
    if (ask.argv.at(2) == "list") return {0, base::dump_json(Json::array({listed})), ""};
    std::ifstream in(ask.folder / name_of_v2);
    if (!in) return first;
    made = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {})).value();
    return second;
  }
  static program::Output findings(int code, const std::string& rule, const std::string& field) {
    const Json one{{"event", "order.placed"}, {"rule", rule}, {"field", field}, {"message", "m"}};
    return {code, base::dump_json({{"events", Json::array({"order.placed"})}, {"findings", Json::array({one})}}), ""};
  }
  Finding look() {
    const auto finding = schemas::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  testing::FakeWorld world;
  Json listed{{"event", "order.placed"}, {"versions", Json::array({Json{{"version", 1}, {"file", name_of_v1}}})}};
  program::Output first{0, R"({"events": ["order.placed"], "findings": []})", ""};
  program::Output second = findings(5, "TYPE_CHANGED", "order_id");
  Json made;
};

TEST_F(Schemas, PassesWhenTheBrokenOneIsRefused) {
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_NE(finding.evidence.find("TYPE_CHANGED at order_id"), std::string::npos) << finding.evidence;
  EXPECT_EQ(made["$id"], "urn:msctl:event:order.placed:2");
  EXPECT_EQ(made["properties"]["order_id"]["type"], "integer");
  EXPECT_FALSE(fs::exists(world.spec.root / name_of_v2)) << "the workspace is only read";
}

TEST_F(Schemas, FailsWhenItIsNotRefusedOrNotNamed) {
  second = first;
  EXPECT_NE(look().evidence.find("was not refused"), std::string::npos);
  fs::remove_all(world.folder);
  second = findings(5, "SCHEMA_VALID", "");
  EXPECT_NE(look().evidence.find("order_id is not named"), std::string::npos);
}

TEST_F(Schemas, FailsWhenWhatThereIsDoesNotPass) {
  first = findings(5, "TYPE_CHANGED", "total");
  EXPECT_EQ(look().evidence, "schema check refuses what there is: order.placed: TYPE_CHANGED at total (m)");
}

TEST_F(Schemas, BreaksNothingOutsideOfItsCopy) {
  for (const auto& outside : {world.spec.root / name_of_v1, fs::path("../root") / name_of_v1}) {
    fs::remove_all(world.folder);
    listed["versions"][0]["file"] = outside.string();
    const auto finding = look();
    EXPECT_EQ(finding.status, Status::skipped) << finding.evidence;
    EXPECT_FALSE(fs::exists(world.spec.root / name_of_v2)) << outside;
  }
}

TEST_F(Schemas, IsAbsentWithoutSchemas) {
  listed["versions"] = Json::array();
  EXPECT_EQ(look().status, Status::absent);
  world.verbs.clear();
  EXPECT_EQ(look().status, Status::absent);
}

}  // namespace
}  // namespace verify
