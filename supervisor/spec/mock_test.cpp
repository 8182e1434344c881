#include "supervisor/spec/mock.hpp"

#include <gmock/gmock.h>

#include "supervisor/spec/load_options.hpp"
#include "supervisor/spec/temp_tree.hpp"

namespace spec {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

class MockTest : public ::testing::Test {
 protected:
  base::Result<Cluster> load(std::vector<std::string> mocks) {
    tree_.write(
        "services/users/service.yaml",
        "{name: users, command: [u, --fast], ports: {http: 8081, grpc: 9081}, sockets: [http], database: sqlite,\n"
        " calls: {far: {}}, routes: [{prefix: /api/users, to: /v1/users}], env: {A: b}, build: {command: [make]},\n"
        " probes: {ready: {exec: [check]}}}");
    options_.files = {tree_.write("msctl.yaml",
                                  "services:\n  users: {path: services/users}\n"
                                  "  far: {external: {url: \"tcp://x:1\"}}\n  job: {command: [j]}\n")};
    options_.mocks = std::move(mocks);
    return load_cluster(options_);
  }
  TempTree tree_;
  LoadOptions options_;
};

TEST_F(MockTest, KeepsWhatOthersSeeAndNothingThatTheServiceNeeds) {
  const auto loaded = load({"users"});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Service& stub = loaded.value().services.at("users");
  EXPECT_TRUE(stub.is_mock);
  const auto folder = (tree_.root() / "services/users/contracts/pacts").string();
  EXPECT_EQ(stub.command[1] + " " + stub.command[2], "__stub users");
  EXPECT_THAT(stub.command, Contains(folder));
  EXPECT_EQ(stub.ports.at("grpc"), 9081);
  EXPECT_THAT(stub.sockets, ElementsAre("http"));
  EXPECT_EQ(stub.routes.size(), 1U);
  EXPECT_THAT(stub.registration.meta, Contains(Pair("mock", "true")));
  EXPECT_TRUE(stub.depends_on.empty());
  EXPECT_TRUE(stub.database.empty());
  EXPECT_FALSE(stub.build);
  ASSERT_TRUE(stub.ready);
  EXPECT_EQ(stub.ready->kind, ProbeKind::http);
  EXPECT_FALSE(loaded.value().services.at("job").is_mock);
}

TEST_F(MockTest, RefusesWhatCannotBeOne) {
  EXPECT_EQ(load({"nobody"}).error().message, "--mock: no service is named \"nobody\"");
  EXPECT_EQ(load({"far"}).error().message, "--mock far: it is external, msctl runs nothing for it");
}

TEST_F(MockTest, GoesToTheSupervisorAndBack) {
  ASSERT_TRUE(load({"users"}));
  EXPECT_THAT(load_options(to_json(options_)).value().mocks, ElementsAre("users"));
}

}  // namespace
}  // namespace spec
