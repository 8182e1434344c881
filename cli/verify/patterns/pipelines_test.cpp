#include <gmock/gmock.h>
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
using ::testing::HasSubstr;

constexpr const char* proto = "services/billing/proto/billing.proto";

// billing publishes invoice.created, and auditor hears of it. What `affected` says of a change of billing's proto is a
// test's; after that, rendering fails.
class Pipelines : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pipelines-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    world.folder = fs::path(name) / "scratch";
    world.spec.root = fs::path(name) / "root";
    add("billing").publishes = {"invoice.created"};
    add("auditor").consumes = {"invoice.created"};
    write(proto, "syntax = \"proto3\";\n");
    world.on_run = [this](const Ask& ask) -> base::Result<program::Output> { return answer(ask); };
  }
  void TearDown() override { fs::remove_all(world.spec.root.parent_path()); }

  spec::Service& add(const std::string& name) {
    auto& service = world.spec.services[name];
    service.name = name;
    service.home = world.spec.root / "services" / name;
    service.build.emplace();
    service.build->inputs = {"services/" + name + "/**"};
    return service;
  }
  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((world.spec.root / path).parent_path());
    std::ofstream(world.spec.root / path) << text;
  }
  program::Output answer(const Ask& ask) const {
    if (ask.argv.front() == "git") return {0, "", ""};
    if (ask.argv.at(1) != "affected") return {2, "", "no more\n"};
    Json names = Json::array();
    if (fs::exists(ask.folder / proto)) names = of_proto;
    for (const auto& [name, service] : world.spec.services) {
      if (fs::exists(ask.folder / "services" / name / "main.cpp")) names.push_back(name);
    }
    return {0, base::dump_json(names), ""};
  }
  std::string look() {
    fs::remove_all(world.folder);
    const auto finding = pipelines::look(world);
    return finding ? finding.value().evidence : finding.error().message;
  }

  testing::FakeWorld world;
  Json of_proto = Json::array({"billing"});
};

constexpr const char* well = "msctl deploy --target ci: no more";

TEST_F(Pipelines, WhoHearsOfAnEventByItsSchemaNeedNotBeBuiltFromTheProto) {
  EXPECT_EQ(look(), well);
  of_proto = {"auditor", "billing"};
  EXPECT_EQ(look(), well) << "it may name it among its inputs";
}

TEST_F(Pipelines, WhoIncludesItMustBe) {
  write("services/auditor/adapters/in/events.cpp", "#include \"services/billing/proto/billing.pb.h\"\n");
  EXPECT_THAT(look(), HasSubstr("affects billing, and should affect auditor and billing"));
  of_proto = {"auditor", "billing"};
  EXPECT_EQ(look(), well);
}

TEST_F(Pipelines, WhoCallsItMustBeAndNobodyElse) {
  add("cart").calls = {{"billing"}};
  EXPECT_THAT(look(), HasSubstr("affects billing, and should affect billing and cart"));
  of_proto = {"billing", "cart"};
  EXPECT_EQ(look(), well);
  add("other");
  of_proto = {"billing", "cart", "other"};
  EXPECT_THAT(look(), HasSubstr("should affect billing and cart"));
  of_proto = Json::array();
  EXPECT_THAT(look(), HasSubstr("affects no service"));
}

}  // namespace
}  // namespace verify
