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

constexpr const char* pact_v4 = R"({"interactions": [{"description": "a user", "type": "Synchronous/HTTP",
  "response": {"status": 200, "body": {"content": {"id": "1"}}}}]})";
constexpr const char* pact_v2 = R"({"interactions": [{"description": "a user", "response": {"body": {"id": "1"}}}]})";

constexpr const char* pact_message = R"({"interactions": [{"description": "a user", "type": "Asynchronous/Messages",
  "contents": {"content": {"id": "1"}, "contentType": "application/json", "encoded": false}}]})";
constexpr const char* pact_call = R"({"interactions": [{"description": "a user", "type": "Synchronous/Messages",
  "transport": "grpc", "response": [{"contents": {"content": "CAE=", "encoded": "base64"}}]}]})";
constexpr const char* pact_text = R"({"interactions": [{"description": "a user", "response": {"body": "hello"}}]})";

class Contracts : public ::testing::Test {
 protected:
  void SetUp() override {
    world.add_shop();
    std::string name = (fs::temp_directory_path() / "contracts-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    world.folder = world.spec.root = name;
    world.spec.services["gateway"].home = name;
    world.verbs = {"contract-test"};
    write(pact_v4);
    world.on_run = [this](const Ask& ask) -> base::Result<program::Output> {
      const bool is_copy = ask.argv.back().ends_with("broken.json");
      if (is_copy) sent = read(ask.argv.back());
      return is_copy ? of_copy : of_all;
    };
  }
  void TearDown() override { fs::remove_all(world.spec.root); }

  void write(const std::string& text) const {
    fs::create_directories(world.spec.root / "contracts" / "pacts");
    std::ofstream(world.spec.root / "contracts" / "pacts" / "g-u.json") << text;
  }
  static Json read(const fs::path& path) {
    std::ifstream in(path);
    return base::parse_json(std::string(std::istreambuf_iterator<char>(in), {})).value();
  }
  static program::Output result(int code, const std::string& what, const std::string& why) {
    const Json one{{"consumer", "gateway"}, {"provider", "user-service"},           {"interaction", "a user"},
                   {"result", what},        {"source", "contracts/pacts/g-u.json"}, {"why", why}};
    return {code, base::dump_json({{"contracts", base::Json::array({one})}}), ""};
  }
  Finding look() {
    const auto finding = contracts::look(world);
    return finding ? finding.value() : failed(finding.error().message);
  }

  testing::FakeWorld world;
  program::Output of_all = result(0, "ok", "");
  program::Output of_copy = result(5, "mismatch", "$.msctl_verify is missing");
  Json sent;
};

TEST_F(Contracts, PassesWhenKeptAndTheBrokenOneIsFound) {
  for (const char* pact : {pact_v4, pact_v2, pact_message}) {
    write(pact);
    const auto finding = look();
    EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
    EXPECT_NE(base::dump_json(sent).find("msctl_verify"), std::string::npos);
  }
}

TEST_F(Contracts, ACallOverGrpcIsAskedToFail) {
  write(pact_call);
  EXPECT_NE(look().evidence.find("DATA_LOSS is not named"), std::string::npos);
  EXPECT_EQ(sent["interactions"][0]["response"][0]["metadata"]["grpc-status"], "DATA_LOSS");
  of_copy = result(5, "mismatch", "the status is OK, expected DATA_LOSS");
  const auto finding = look();
  EXPECT_EQ(finding.status, Status::passed) << finding.evidence;
  EXPECT_NE(finding.evidence.find("asked to fail with DATA_LOSS"), std::string::npos) << finding.evidence;
}

TEST_F(Contracts, FailsWhenNoneCanBeBroken) {
  write(pact_text);
  EXPECT_NE(look().evidence.find("none could be broken on purpose"), std::string::npos);
}

TEST_F(Contracts, FailsWhenTheBrokenOneIsNotFound) {
  of_copy = result(0, "ok", "");
  EXPECT_NE(look().evidence.find("was not found broken"), std::string::npos);
  of_copy = result(5, "mismatch", "something else");
  EXPECT_NE(look().evidence.find("msctl_verify is not named"), std::string::npos);
}

TEST_F(Contracts, FailsWhenOneIsNotKept) {
  of_all = result(5, "mismatch", "$.name differs");
  EXPECT_EQ(look().evidence, "a contract is not kept: gateway -> user-service, a user: $.name differs");
  of_all = {1, "", "msctl: a provider could not be asked\nmore"};
  EXPECT_EQ(look().evidence, "msctl contract-test ended with 1: msctl: a provider could not be asked");
}

TEST_F(Contracts, NeverPassesWithNone) {
  of_all = {0, R"({"contracts": []})", ""};
  EXPECT_EQ(look().status, Status::failed);
  fs::remove_all(world.spec.root / "contracts");
  EXPECT_EQ(look().status, Status::absent);
  world.verbs.clear();
  EXPECT_EQ(look().status, Status::absent);
}

}  // namespace
}  // namespace verify
